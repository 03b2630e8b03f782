package resolver

import (
	"slices"
	"strings"

	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// patchOps are the operations of a JSON patch (RFC 6902 section 4) and the members
// that each has beside op and path.
var patchOps = map[string]string{"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from", "remove": ""}

// patched names what a JSON patch writes, and what it reads on the way: what it
// tests, and where it copies from.
func (r *resolution) patched(targets []rules.Target) error {
	if r.body.Kind != tree.Array {
		return rules.Faultf(rules.BodyMalformed, "a JSON patch is a list")
	}
	var writes, reads paths
	for i := range r.body.Items {
		op, from, path, ok := patchOp(&r.body.Items[i])
		if !ok {
			return rules.Faultf(rules.BodyMalformed, "operation %d is none of a JSON patch", i+1)
		}
		to, source := &writes, &reads
		switch op {
		case "test":
			to = &reads
		case "move":
			source = &writes
		}
		if err := r.op.written.root.pointer(path, to); err != nil {
			return err
		}
		if patchOps[op] != "from" {
			continue
		}
		if err := r.op.written.root.pointer(from, source); err != nil {
			return err
		}
	}
	for i := range targets {
		targets[i].Properties = writes.list
		targets[i].Reads = slices.Concat(targets[i].Reads, reads.list)
	}
	return nil
}

// patchOp reads one operation: exactly the members that it has, for servers
// disagree on what others mean.
func patchOp(v *tree.Value) (op, from, path string, ok bool) {
	text := func(name string) string {
		m, _ := v.Member(name)
		if m == nil || m.Kind != tree.String {
			ok = false
			return ""
		}
		return m.Text
	}
	if ok = v.Kind == tree.Object; !ok {
		return "", "", "", false
	}
	op, path = text("op"), text("path")
	want, known := patchOps[op]
	n := 2
	var value *tree.Value
	if want != "" {
		n++
		value, _ = v.Member(want)
		ok = ok && value != nil
	}
	if want == "from" {
		from = text("from")
	}
	return op, from, path, ok && known && len(v.Names) == n && isPointer(path) && isPointer(from) &&
		!tree.Inherited(tokens(path), value) && !tree.Inherited(tokens(from), nil)
}

// isPointer knows a JSON pointer (RFC 6901 section 3).
func isPointer(s string) bool {
	if s != "" && s[0] != '/' {
		return false
	}
	for i := range len(s) {
		if s[i] == '~' && (i+1 == len(s) || s[i+1] != '0' && s[i+1] != '1') {
			return false
		}
	}
	return true
}

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

// tokens are the names and numbers of a JSON pointer.
func tokens(s string) []string {
	out := strings.Split(strings.TrimPrefix(s, "/"), "/")
	for i := range out {
		out[i] = unescapePointer.Replace(out[i])
	}
	return out
}

// pointer adds the path that a JSON pointer leads to. A number or - is an element
// where one is declared.
func (m *member) pointer(s string, to *paths) error {
	if s == "" {
		to.add(rules.Everything)
		return nil
	}
	for token := range strings.SplitSeq(s[1:], "/") {
		switch {
		case m.path != "" && m.leaf(): // all below is a part of it
			to.add(m.path)
			return nil
		case isElement(token) && m.each != nil:
			m = m.each
		case m.path != "" && (isElement(token) || len(m.names) == 0): // it is of another shape than declared
			to.add(m.path)
			return nil
		default:
			token = unescapePointer.Replace(token)
			next, err := m.find(token)
			if err != nil {
				return err
			}
			if next == nil {
				to.undeclared(m, token)
				return nil
			}
			m = next
		}
	}
	to.add(m.path)
	return nil
}

// isElement knows the tokens that stand for an element of an array.
func isElement(token string) bool {
	return token == "-" || token != "" && strings.Trim(token, "0123456789") == ""
}
