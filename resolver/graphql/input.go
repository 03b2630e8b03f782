package graphql

// shape is the type of a place where a value may stand.
type shape struct {
	required bool   // null is refused
	list     *shape // of each element; nil where the place is no list
	named    *input // where it is no list
}

// input is a type that arguments and variables may have.
type input struct {
	name    string
	kind    inputKind
	values  map[string]bool // of an enum
	members []member        // of an input object, in the schema's order
	oneOf   bool            // exactly one member, and not null
}

type inputKind uint8

const (
	scalarOwn inputKind = iota // of the schema's own: any value
	scalarInt
	scalarFloat
	scalarString
	scalarBool
	scalarID
	enum
	object
)

var builtIn = map[string]inputKind{
	"Int": scalarInt, "Float": scalarFloat, "String": scalarString, "Boolean": scalarBool, "ID": scalarID,
}

// member is a member of an input object, or an argument of a field.
type member struct {
	name     string
	shape    *shape
	fallback *value // what counts when it is not given; nil for nothing
}

func find(ms []member, name string) *member {
	for i := range ms {
		if ms[i].name == name {
			return &ms[i]
		}
	}
	return nil
}

// String is the type as schemas write it.
func (s *shape) String() string {
	mark := ""
	if s.required {
		mark = "!"
	}
	if s.list != nil {
		return "[" + s.list.String() + "]" + mark
	}
	return s.named.name + mark
}
