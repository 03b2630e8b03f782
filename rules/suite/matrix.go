package suite

import (
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// A matrix is a picture of who may do what: a line for each identity, a column for
// each object, and in each cell the letters of the actions that are allowed.

// matrixDecl is an entry of `matrices:`.
type matrixDecl struct {
	Pos        rules.Pos
	Name       rules.At[string]           `yaml:"name"`
	Identities rules.Entries[callerDecl]  `yaml:"identities"`
	Actions    rules.Entries[requestDecl] `yaml:"actions"` // by their letters
	Objects    rules.Entries[node]        `yaml:"objects"` // the columns: type/id and facts; null where nothing is known
	Facts      node                       `yaml:"facts"`   // of objects that are no columns
	At         rules.At[time.Time]        `yaml:"at"`
	Want       rules.At[string]           `yaml:"want"`
}

// callerDecl is who sends the requests of a line: an identity, or what a test
// says of its caller.
type callerDecl struct{ testDecl }

// DecodeNode implements rules.Decodable.
func (k *callerDecl) DecodeNode(d *rules.Decoder, n *rules.Node) {
	k.Pos = n.Pos
	if n.Kind == rules.Scalar {
		d.Into(n, &k.As)
		return
	}
	var who struct {
		As       asDecl           `yaml:"as"`
		Act      asDecl           `yaml:"act"`
		Claims   node             `yaml:"claims"`
		Peer     rules.At[string] `yaml:"peer"`
		Bound    rules.At[string] `yaml:"bound"`
		Source   rules.At[string] `yaml:"source"`
		Headers  node             `yaml:"headers"`
		Subjects node             `yaml:"subjects"`
	}
	d.Into(n, &who)
	k.As, k.Act, k.Claims, k.Peer, k.Bound = who.As, who.Act, who.Claims, who.Peer, who.Bound
	k.Source, k.Headers, k.Subjects = who.Source, who.Headers, who.Subjects
}

// requestDecl is what is sent for an action, with {id} where the object's goes.
type requestDecl struct{ testDecl }

// DecodeNode implements rules.Decodable.
func (r *requestDecl) DecodeNode(d *rules.Decoder, n *rules.Node) {
	r.Pos = n.Pos
	if n.Kind == rules.Scalar {
		d.Into(n, &r.Send)
		return
	}
	var request struct {
		Send    rules.At[string] `yaml:"send"`
		Headers node             `yaml:"headers"`
		Body    node             `yaml:"body"`
	}
	d.Into(n, &request)
	r.Send, r.Headers, r.Body = request.Send, request.Headers, request.Body
}

// matrix is one that can be run: the cells are tests.
type matrix struct {
	decl    *matrixDecl
	letters string
	columns []string
	rows    []string
	want    []string // the picture, line by line
}

// cell is a test's place in a matrix.
type cell struct {
	matrix           *matrix
	row, column, act int
}

// Marks of a cell beside the letters of what is allowed.
const (
	denied  = '.' // by the rules
	strayed = '?' // before the rules were asked about an object
)

// matrix makes the cells of one, in the order of its lines.
func (c *compiler) matrix(d *matrixDecl) (cells []*testCase) {
	m := &matrix{decl: d, want: pictureLines(d.Want.V)}
	if d.Name.V == "" {
		c.ms.Add(d.Pos, "the matrix has no name")
	}
	if len(d.Identities) == 0 || len(d.Actions) == 0 || len(d.Objects) == 0 {
		c.ms.Add(d.Pos, "a matrix has identities, actions and objects")
		return nil
	}
	for _, a := range d.Actions {
		if len(a.Key) != 1 || a.Key[0] <= ' ' || a.Key[0] > '~' || a.Key[0] == denied || a.Key[0] == strayed {
			c.ms.AddHint(a.Pos, "such as r: GET https://host/path/{id}", "an action is one letter in the picture, found %q", a.Key)
			return nil
		}
		m.letters += a.Key
	}
	facts := node{&rules.Node{Pos: d.Pos, Kind: rules.Mapping}}
	for _, o := range d.Objects {
		_, id, _ := strings.Cut(o.Key, "/")
		if id == "" || strings.ContainsAny(id, " \t") || slices.Contains(m.columns, id) {
			c.ms.AddHint(o.Pos, "type/id, each id once and without spaces", "%q makes no column", o.Key)
			return nil
		}
		m.columns = append(m.columns, id)
		if o.V.Node != nil && !isNull(o.V.Node) {
			facts.Items = append(facts.Items, &rules.Node{Pos: o.Pos, Tag: "!!str", Value: o.Key}, o.V.Node)
		}
	}
	if d.Facts.Node != nil {
		facts = facts.plus(d.Facts)
	}
	known := make(map[string][]catalog.Row)
	for _, p := range facts.pairs(&c.ms, "objects") {
		c.object(known, p)
	}
	for row, who := range d.Identities {
		if strings.ContainsAny(who.Key, " \t\n") {
			c.ms.AddHint(who.Pos, "write a hyphen", "the name of a line has no spaces, found %q", who.Key)
			return nil
		}
		m.rows = append(m.rows, who.Key)
		for column, id := range m.columns {
			for act := range d.Actions {
				t := c.build(d.request(row, act, id), known)
				t.cell = &cell{m, row, column, act}
				cells = append(cells, t)
			}
		}
	}
	return cells
}

// request is what the test of a cell sends.
func (d *matrixDecl) request(row, act int, id string) *testDecl {
	whole := d.Identities[row].V.with(&d.Actions[act].V.testDecl)
	whole.Pos, whole.Name, whole.At = d.Pos, d.Name, d.At
	whole.Send.V = strings.ReplaceAll(whole.Send.V, "{id}", id)
	whole.Headers, whole.Body = whole.Headers.naming(id), whole.Body.naming(id)
	return &whole
}

// naming is the node with an id for each {id} in a value.
func (k node) naming(id string) node {
	if k.Node == nil {
		return k
	}
	out := *k.Node
	out.Value = strings.ReplaceAll(out.Value, "{id}", id)
	out.Items = make([]*rules.Node, len(k.Items))
	for i, item := range k.Items {
		out.Items[i] = node{item}.naming(id).Node
	}
	return node{&out}
}

// mark is what stands in the cell for an outcome.
func (k *cell) mark(o *rules.Outcome) byte {
	switch {
	case o.Effect == rules.Allow:
		return k.matrix.letters[k.act]
	case len(o.Targets) == 0 || slices.Contains(strays, o.Reason):
		return strayed
	}
	return denied
}

// strays are denials of a target that no rule was asked about, or could answer.
var strays = []rules.Reason{
	rules.UnknownObject, rules.CatalogBadRow, rules.RuleError, rules.MutationConflict, rules.Internal,
}

// wanted is what the picture has in the cell, or 0 where it has none.
func (k *cell) wanted() byte {
	m := k.matrix
	if k.row+1 >= len(m.want) {
		return 0
	}
	head, line := strings.Fields(m.want[0]), strings.Fields(m.want[k.row+1])
	if !slices.Equal(head, append([]string{m.letters}, m.columns...)) || len(line) != len(head) || line[0] != m.rows[k.row] {
		return 0
	}
	if marks := line[k.column+1]; len(marks) == len(m.letters) {
		return marks[k.act]
	}
	return 0
}

// draw is the picture of marks: by line, then column, then action.
func (m *matrix) draw(marks []byte) []string {
	table := [][]string{append([]string{m.letters}, m.columns...)}
	n := len(m.letters)
	for _, name := range m.rows {
		line := []string{name}
		for range m.columns {
			line = append(line, string(marks[:n]))
			marks = marks[n:]
		}
		table = append(table, line)
	}
	widths := make([]int, len(table[0]))
	for _, line := range table {
		for i, word := range line {
			widths[i] = max(widths[i], len([]rune(word)))
		}
	}
	var out []string
	for _, line := range table {
		var b strings.Builder
		for i, word := range line {
			b.WriteString(word + strings.Repeat(" ", widths[i]-len([]rune(word))+2))
		}
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}

// pictureLines are the lines of a picture, without what cannot be seen.
func pictureLines(text string) (out []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}
