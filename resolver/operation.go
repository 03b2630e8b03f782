package resolver

import (
	"time"

	"github.com/tiergate/tiergate/resolver/rpc"
	"github.com/tiergate/tiergate/rules"
)

// Operation is one compiled map line of one host.
type Operation struct {
	Pos      rules.Pos
	Host     string
	Method   string // ANY for every method; GET stands for HEAD too
	Template string // without query captures
	Line     string // the whole line, in its canonical spelling
	Open     bool
	Because  string // of an open line
	Owner    string
	Purpose  string // of requests whose token names none; "" for none
	Max      int    // most targets of one request

	EncodedSlash  bool // %2F in a capture is a part of its value
	NeedsBody     bool // a capture, or the type's properties or writable, read the body
	Touches       []Touch
	CallerDerived []Derived
	Shadow        []rules.Shadow // of the host
	Protocol      string         // RPC, GRAPHQL or MCP; "" for a method and a path
	Stream        time.Duration  // for how long one decision may let messages pass that nobody reads; 0: not at all
	Query         []string       // captured query parameters
	Headers       []string       // captured headers

	segments []segment
	captures []pathCapture
	number   int          // of the line in its version
	narrower []*Operation // lines that match a part of its requests, or do without case, in order of their numbers
	height   int          // above the narrowest of them: 0 where there is none
	met      *Operation   // while compiling: the last line that was compared with it
	targets  []target
	bodies   bodyKinds // content types of a body that is read
	carries  bool      // requests may have a body that nothing reads, whatever their method
	lists    []string  // captured query parameters that may come more than once
	asking   []asking  // where requests say which properties they want
	written  *writing  // nil where the first target's members of the body are of no interest
	members  []string  // names that belong in the body: see bodyNames
	exact    bool      // the upstream reads integers of 64 bits exactly
	call     *callSpec // of a protocol's line
	paths    []callPath
	endpoint *endpoint   // of the operation that stands for all calls to it
	rpc      *rpc.Method // of an RPC line whose method the descriptors declare
}

// Touch is an action that an operation takes on a type.
type Touch struct {
	Action, Type string
	Collection   bool
	Unbounded    bool    // a collection that nothing bounds
	New          bool    // an object that gets its id from the upstream
	Upsert       bool    // one of the two actions of create|update
	Optional     bool    // no target where its capture is absent
	FixedID      string  // of a line that names its object itself
	Bounds       []Bound // of a collection or a new object
}

// Bound is what the request fixes of the objects in a collection, or of a new
// one: an attribute, or "parent" for their parent.
type Bound struct {
	Attribute string
	Optional  bool   // fixes nothing where its capture is absent
	Fixed     string // the line's own word, "" where the request chooses
}

// Derived is a target whose object is named by the caller's own token. The
// upstream learns that value only if each rule that allows it hands it on.
type Derived struct {
	Pos          rules.Pos
	Action, Type string
	Expr         string // caller.claims.x
}

// Members says whether requests name members of a touch's object: those that they
// write, and those that they ask for.
func (op *Operation) Members(touch int) (writes, asks bool) {
	first := touch == 0 || touch == 1 && op.Touches[0].Upsert
	return first && op.written != nil, first && len(op.asking) > 0
}

// String is the operation as explain shows it.
func (op *Operation) String() string { return op.Host + ": " + op.Line }

// target is a compiled targetSpec.
type target struct {
	action     string // of an upsert, update until it is settled
	upsert     bool
	typ        *rules.Type
	id         *source
	parentType *rules.Type
	parent     *source
	bounds     []boundSlot
	body       []memberSlot // that conditions may read, in the order of their names
	collection bool
}

// boundSlot is an attribute that the request fixes.
type boundSlot struct {
	slot int
	attr string
	kind rules.Kind
	from source
}

// source is a compiled expr.
type source struct {
	kind     exprKind
	path     *pathCapture
	name     string // of the parameter, header or claim; or the fixed word
	steps    []step
	split    bool
	each     bool // of a query parameter: it may come more than once
	brackets bool // and is sent with [] behind its name
	form     bool // of the body: a field of a form
	member   bool // of the body: for conditions to read
	optional bool
	parts    []*source
	text     string // as written, for messages
}
