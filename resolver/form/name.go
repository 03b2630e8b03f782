package form

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/resolver/tree"
)

// ErrForm says that a body has no single reading as a form.
var ErrForm = errors.New("not a strict form")

func fail(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrForm, fmt.Sprintf(format, args...))
}

// MaxFields is how many fields a form may have: servers stop reading somewhere.
const MaxFields = 256

// maxBrackets is how deep names lead: Express reads no further, and takes the
// rest for one name.
const maxBrackets = 5

// charset is the field by which some servers choose the charset of all others
// (HTML, section 4.10.22.5).
const charset = "_charset_"

// node is a value under construction. Its kind is Null while nothing is in it.
type node struct {
	tree.Value // of a string or a file

	names []string // of an object
	nodes []*node  // of an object or an array
	how   string   // an array is written
}

// How the elements of an array are named, for servers disagree on a mixture. It is the
// Text of the array that is read.
const (
	Repeated = ""    // ids=1&ids=2
	Appended = "[]"  // ids[]=1&ids[]=2
	Numbered = "[0]" // ids[0]=1&ids[1]=2
)

// fields collects the fields of one form.
type fields struct {
	root  node
	count int
}

// add takes one field, the n-th. Errors never quote it: bodies stay out of logs.
func (f *fields) add(name string, value tree.Value) error {
	if f.count++; f.count > MaxFields {
		return fail("more than %d fields", MaxFields)
	}
	if alike.Name(name, charset) {
		return fail("field %d changes the charset", f.count)
	}
	steps, ok := divide(name)
	if !ok {
		return fail("the name of field %d", f.count)
	}
	if tree.Inherited(strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(".[]", r) }), nil) {
		return fail("the name of field %d changes what objects inherit", f.count)
	}
	f.root.Kind = tree.Object
	if !f.root.put(steps, value) {
		return fail("field %d is another kind of value than one before it, or out of order", f.count)
	}
	return nil
}

// divide cuts name[a][b][] into its steps, the last of which alone may be empty.
func divide(name string) ([]string, bool) {
	if strings.IndexFunc(name, unicode.IsControl) >= 0 {
		return nil, false
	}
	base, rest, more := strings.Cut(name, "[")
	if base == "" || strings.Contains(base, "]") {
		return nil, false
	}
	steps := []string{base}
	for more {
		var key string
		if key, rest, more = strings.Cut(rest, "]"); !more || strings.Contains(key, "[") || key == "" && rest != "" {
			return nil, false
		}
		steps = append(steps, key)
		if rest, more = strings.CutPrefix(rest, "["); !more && rest != "" {
			return nil, false
		}
	}
	return steps, len(steps) <= 1+maxBrackets
}

// put places a value, and reports whether there is one place for it.
func (n *node) put(steps []string, value tree.Value) bool {
	step, last := steps[0], len(steps) == 1
	if n.Kind == tree.Object {
		if i := slices.Index(n.names, step); i >= 0 {
			if last {
				return n.nodes[i].repeat(value)
			}
			return n.nodes[i].enter(steps[1:], value)
		}
		n.names = append(n.names, step)
	}
	next := new(node)
	n.nodes = append(n.nodes, next)
	if last {
		next.Value = value
		return true
	}
	return next.enter(steps[1:], value)
}

// enter goes into a value by the step that its first field made it an object or
// an array for.
func (n *node) enter(steps []string, value tree.Value) bool {
	kind, how, at := tree.Object, Repeated, -1
	switch i, err := strconv.Atoi(steps[0]); {
	case steps[0] == "":
		kind, how = tree.Array, Appended
	case err == nil && strconv.Itoa(i) == steps[0] && i >= 0:
		kind, how, at = tree.Array, Numbered, i
	}
	if n.fresh() {
		n.Kind, n.how = kind, how
	}
	if n.Kind != kind || n.how != how {
		return false
	}
	if at >= 0 && at == len(n.nodes)-1 && len(steps) > 1 {
		return n.nodes[at].enter(steps[1:], value)
	}
	return (at < 0 || at == len(n.nodes)) && n.put(steps, value)
}

// fresh reports whether nothing was put in yet.
func (n *node) fresh() bool { return n.Kind == tree.Null && !n.File }

// repeat adds a value to one of the same name, which makes a list of both.
func (n *node) repeat(value tree.Value) bool {
	switch {
	case n.Kind == tree.Object || n.Kind == tree.Array && n.how != Repeated:
		return false
	case n.Kind != tree.Array:
		*n = node{Value: tree.Value{Kind: tree.Array}, nodes: []*node{{Value: n.Value}}}
	}
	n.nodes = append(n.nodes, &node{Value: value})
	return true
}

// value is the finished value.
func (n *node) value() tree.Value {
	out := tree.Value{Kind: n.Kind, File: n.File, Text: n.Text, Names: n.names}
	if n.Kind == tree.Array {
		out.Text = n.how
	}
	for _, child := range n.nodes {
		out.Items = append(out.Items, child.value())
	}
	return out
}
