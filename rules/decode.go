package rules

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// Decodable is a type that reads itself from a node, for shapes that a struct
// cannot say, such as "a word or a list of words". DecodeNode MUST report what
// it does not understand through d.
type Decodable interface{ DecodeNode(d *Decoder, n *Node) }

// Decoder fills Go values from nodes and collects every mistake on the way.
type Decoder struct {
	Mistakes Mistakes

	known   map[reflect.Type]keys // of the structs met so far
	broken  map[Pos]bool          // structs with a mistake inside
	frees   bool                  // items of lists are let go once they are read: both forms of many at once would be much
	skipped int                   // nodes that were not read, for a mistake stands in their place
}

// keys are the keys of a struct: where each is stored, and their names in order.
type keys struct {
	field map[string]int // "" is the field Pos
	names []string
}

// DecodeYAML reads text into v, a pointer to a struct whose `yaml` tags name
// its keys. Unknown keys, wrong kinds and repeated keys are mistakes, each with
// its place. A field named Pos of type Pos receives the place of its struct.
func DecodeYAML(file string, text []byte, v any) Mistakes {
	n, ms := ParseYAML(file, text)
	if n == nil {
		return ms
	}
	d := Decoder{Mistakes: ms}
	d.Into(n, v)
	return d.Mistakes
}

// Into decodes n into the value that v points to.
func (d *Decoder) Into(n *Node, v any) { d.value(n, reflect.ValueOf(v).Elem()) }

func (d *Decoder) want(n *Node, k NodeKind) bool {
	if n.Kind == k && (k != Scalar || n.Tag != "!!null") {
		return true
	}
	found := n.Kind.String()
	if n.Kind == Scalar && n.Tag == "!!null" {
		found = "nothing"
	}
	hint := ""
	switch {
	case k == Sequence && n.Kind == Mapping:
		hint = `begin each entry with "- "`
	case k == Scalar && n.Kind != Scalar:
		hint = "a text that begins with { or [ stands in quotes"
	}
	d.Mistakes.AddHint(n.Pos, hint, "want %v, found %s", k, found)
	return false
}

// wantSome refuses a list or mapping that is written out and empty.
func (d *Decoder) wantSome(n *Node) {
	if n.Kind != Scalar && len(n.Items) == 0 && !n.unread {
		d.Mistakes.AddHint(n.Pos, "say which, or leave the key out", "%v without anything in it", n.Kind)
	}
}

func (d *Decoder) value(n *Node, v reflect.Value) {
	if n.unread || d.Mistakes.enough() {
		d.skipped++
		return
	}
	if c, ok := v.Addr().Interface().(Decodable); ok {
		c.DecodeNode(d, n)
		return
	}
	if v.Type() == reflect.TypeFor[time.Time]() { // a struct that is written as one word
		if d.want(n, Scalar) {
			d.scalar(n, v)
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem())
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Slice:
		d.list(n, v)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Interface:
		d.untyped(n, v)
	default:
		if d.want(n, Scalar) {
			d.scalar(n, v)
		}
	}
}

func (d *Decoder) list(n *Node, v reflect.Value) {
	if !d.want(n, Sequence) {
		return
	}
	out := reflect.MakeSlice(v.Type(), 0, len(n.Items))
	next := reflect.New(v.Type().Elem()).Elem()
	for i, item := range n.Items {
		if d.Mistakes.enough() {
			break
		}
		next.SetZero()
		if d.value(item, next); !item.unread { // else an entry that nobody wrote, with no place
			out = reflect.Append(out, next)
		}
		if d.frees {
			n.Items[i] = nil
		}
	}
	v.Set(out)
}

func (d *Decoder) mapping(n *Node, v reflect.Value) {
	if !d.want(n, Mapping) {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i+1 < len(n.Items); i += 2 {
		elem := reflect.New(v.Type().Elem()).Elem()
		d.value(n.Items[i+1], elem)
		v.SetMapIndex(reflect.ValueOf(n.Items[i].Value), elem)
	}
}

func (d *Decoder) structure(n *Node, v reflect.Value) {
	if !d.want(n, Mapping) {
		return
	}
	said, skipped := len(d.Mistakes), d.skipped
	defer func() {
		if len(d.Mistakes) > said || d.skipped > skipped {
			d.breaks(n.Pos)
		}
	}()
	known := d.keysOf(v.Type())
	if i, ok := known.field[""]; ok {
		v.Field(i).Set(reflect.ValueOf(n.Pos))
	}
	for i := 0; i+1 < len(n.Items); i += 2 {
		key := n.Items[i]
		at, ok := known.field[key.Value]
		switch {
		case ok && key.Value != "":
			d.value(n.Items[i+1], v.Field(at))
		case comesLater(v, key.Value):
			d.Mistakes.Add(key.Pos, "%q is not supported yet", key.Value)
		default:
			hint := DidYouMean(key.Value, known.names)
			if foreign := foreignKey(v.Type(), key.Value); foreign != "" {
				hint = foreign
			}
			if hint == "" {
				hint = "known here: " + strings.Join(known.names, ", ")
			}
			d.Mistakes.AddHint(key.Pos, hint, "unknown key %q", key.Value)
		}
	}
}

// breaks remembers that what begins at a place was not read as it was meant.
func (d *Decoder) breaks(at Pos) {
	if d.broken == nil {
		d.broken = make(map[Pos]bool)
	}
	d.broken[at] = true
}

func (d *Decoder) keysOf(t reflect.Type) keys {
	if k, ok := d.known[t]; ok {
		return k
	}
	k := keys{field: make(map[string]int, t.NumField())}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "Pos" && f.Type == reflect.TypeFor[Pos]() {
			k.field[""] = i
		} else if key := f.Tag.Get("yaml"); key != "" {
			k.field[key] = i
			k.names = append(k.names, key)
		}
	}
	slices.Sort(k.names)
	if d.known == nil {
		d.known = make(map[reflect.Type]keys)
	}
	d.known[t] = k
	return k
}
