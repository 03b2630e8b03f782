package rules

// At is a value together with the place where it was written; the zero Pos
// means that it was not.
type At[T any] struct {
	Pos Pos
	V   T
}

// DecodeNode implements Decodable.
func (a *At[T]) DecodeNode(d *Decoder, n *Node) { a.Pos = n.Pos; d.Into(n, &a.V) }

// Entries is a mapping in the order in which it was written. One without
// entries is a mistake: of a key that is given and says nothing, one reader
// thinks that it permits nothing and another that it limits nothing.
type Entries[T any] []Entry[T]

// EntriesOrNone is a mapping that may be empty, for keys where none means none.
type EntriesOrNone[T any] []Entry[T]

// Entry is one key of a mapping and its value.
type Entry[T any] struct {
	Key string
	Pos Pos // of the key
	V   T
}

// DecodeNode implements Decodable.
func (es *Entries[T]) DecodeNode(d *Decoder, n *Node) {
	(*EntriesOrNone[T])(es).DecodeNode(d, n)
	d.wantSome(n)
}

// DecodeNode implements Decodable.
func (es *EntriesOrNone[T]) DecodeNode(d *Decoder, n *Node) {
	if !d.want(n, Mapping) {
		return
	}
	for i := 0; i+1 < len(n.Items); i += 2 {
		e := Entry[T]{Key: n.Items[i].Value, Pos: n.Items[i].Pos}
		d.Into(n.Items[i+1], &e.V)
		*es = append(*es, e)
	}
}

// Strings is one word or a list of words, of which there must be one, for the
// reason that Entries gives.
type Strings []At[string]

// StringsOrNone is Strings that may be empty, for keys where none means none.
type StringsOrNone []At[string]

// DecodeNode implements Decodable.
func (s *Strings) DecodeNode(d *Decoder, n *Node) {
	(*StringsOrNone)(s).DecodeNode(d, n)
	d.wantSome(n)
}

// DecodeNode implements Decodable.
func (s *StringsOrNone) DecodeNode(d *Decoder, n *Node) {
	if n.Kind == Sequence {
		d.Into(n, (*[]At[string])(s))
		return
	}
	var one At[string]
	d.Into(n, &one)
	*s = append(*s, one)
}

// Values returns the words without their places.
func (s StringsOrNone) Values() []string { return Strings(s).Values() }

// Values returns the words without their places.
func (s Strings) Values() []string {
	out := make([]string, len(s))
	for i := range s {
		out[i] = s[i].V
	}
	return out
}
