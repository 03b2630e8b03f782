package suite

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Report is what the tests gave, in the order of the files.
type Report struct {
	Policy    string    `json:"policy"` // hash of the version under test
	Results   []Result  `json:"results"`
	Warnings  []Warning `json:"warnings"`
	Coverage  Coverage  `json:"coverage"`
	Unchecked []string  `json:"unchecked"` // what only a configuration could check
	Updates   []Update  `json:"-"`         // files that would hold what came instead

	Mutation *Mutation `json:"mutation,omitempty"` // nil where no mutants were tried
}

// Result is one test or one matrix. It passed when it has no faults.
type Result struct {
	Name   string
	Pos    rules.Pos
	Took   time.Duration
	Faults []string // got … before want …

	got    []*rules.Outcome // one, or one for each action in each cell
	matrix *matrix          // nil for a test
	marks  []byte           // of the matrix, in the order of got
}

// add takes the outcome of a test, or of one action in a cell of a matrix.
func (r *Report) add(t *testCase, o *rules.Outcome, took time.Duration) {
	faults := t.compare(o)
	if t.cell == nil {
		r.Results = append(r.Results, Result{Name: t.decl.Name.V, Pos: t.decl.Pos, Took: took, Faults: faults, got: []*rules.Outcome{o}})
		return
	}
	last := len(r.Results) - 1
	if last < 0 || r.Results[last].matrix != t.cell.matrix {
		r.Results = append(r.Results, Result{Name: t.decl.Name.V, Pos: t.decl.Pos, matrix: t.cell.matrix})
		last++
	}
	x := &r.Results[last]
	x.Took += took
	x.Faults, x.got, x.marks = append(x.Faults, faults...), append(x.got, o), append(x.marks, t.cell.mark(o))
}

// drawn puts the lines in which pictures differ before what explains their cells.
func (r *Report) drawn() {
	for i := range r.Results {
		x := &r.Results[i]
		if x.matrix == nil {
			continue
		}
		if lines := differences(x.matrix.want, x.matrix.draw(x.marks)); len(lines) > 0 {
			if len(x.Faults) > maxCells {
				more := len(x.Faults) - maxCells
				x.Faults = append(x.Faults[:maxCells], fmt.Sprintf("and %d more", more))
			}
			x.Faults = slices.Concat([]string{"the picture is another one; --update writes what came"}, lines, x.Faults)
		}
	}
}

// maxCells is how many cells of a matrix are explained.
const maxCells = 8

// Warning is no fault, but worth a look.
type Warning struct {
	Pos  string    `json:"pos"`
	Text string    `json:"text"`
	At   rules.Pos `json:"-"` // the same as Pos
}

// Failed counts the tests that did not pass.
func (r *Report) Failed() (n int) {
	for i := range r.Results {
		if len(r.Results[i].Faults) > 0 {
			n++
		}
	}
	return n
}

// WriteText writes what failed, the warnings and, when asked for, what no test reached.
func (r *Report) WriteText(w io.Writer, coverage bool) error {
	p := printer{w: w}
	for i := range r.Results {
		t := &r.Results[i]
		if len(t.Faults) == 0 {
			continue
		}
		p.printf("FAIL %v: %s\n", t.Pos, t.Name)
		for _, f := range t.Faults {
			p.printf("       %s\n", f)
		}
	}
	for _, warning := range r.Warnings {
		p.printf("warning %s: %s\n", warning.Pos, warning.Text)
	}
	for _, u := range r.Unchecked {
		p.printf("unchecked: %s\n", u)
	}
	if coverage {
		p.part("rules", r.Coverage.Rules)
		p.part("routes", r.Coverage.Routes)
		p.part("tiers", r.Coverage.Tiers)
		p.part("conditions", r.Coverage.Conditions)
	}
	if r.Mutation != nil {
		r.Mutation.write(&p)
	}
	verdict := "ok"
	if r.Failed() > 0 {
		verdict = "FAIL"
	}
	p.printf("%s: %d tests, %d failed\n", verdict, len(r.Results), r.Failed())
	return p.err
}

// printer keeps the first error, so that a report reads as its lines.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) part(name string, part Part) {
	if part.All == 0 {
		return
	}
	p.printf("%s reached: %d of %d\n", name, part.Reached, part.All)
	for _, thing := range part.Missing {
		p.printf("  not reached  %s  %s\n", thing.Pos, thing.Name)
	}
}

// MarshalJSON implements json.Marshaler.
func (t Result) MarshalJSON() ([]byte, error) {
	var got any
	if t.matrix != nil {
		got = t.matrix.draw(t.marks)
	} else {
		o := t.got[0]
		got = struct {
			Effect string       `json:"effect"`
			Reason rules.Reason `json:"reason"`
			Status int          `json:"status"`
			Rules  []string     `json:"rules,omitempty"`
		}{o.Effect.String(), o.Reason, o.Status(), decidedBy(o)}
	}
	return json.Marshal(struct {
		Name   string   `json:"name"`
		Pos    string   `json:"pos"`
		Passed bool     `json:"passed"`
		Faults []string `json:"faults,omitempty"`
		Got    any      `json:"got"`
		Micros int64    `json:"us"`
	}{t.Name, t.Pos.String(), len(t.Faults) == 0, t.Faults, got, t.Took.Microseconds()})
}

// WriteJSON writes the whole report.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the results in the XML that CI servers read.
func (r *Report) WriteJUnit(w io.Writer) error {
	s := junitSuite{Name: "tiergate", Tests: len(r.Results), Failures: r.Failed()}
	for i := range r.Results {
		t := &r.Results[i]
		c := junitCase{
			Name: t.Name, Class: t.Pos.File, File: t.Pos.File, Line: t.Pos.Line,
			Time: fmt.Sprintf("%.6f", t.Took.Seconds()),
		}
		if len(t.Faults) > 0 {
			c.Failure = &junitFailure{t.Faults[0], strings.Join(t.Faults, "\n")}
		}
		s.Cases = append(s.Cases, c)
	}
	s.mutants(r.Mutation)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(s); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// mutants adds a case for each mutant that a test could notice.
func (s *junitSuite) mutants(m *Mutation) {
	if m == nil {
		return
	}
	for i := range m.Mutants {
		x := &m.Mutants[i]
		if x.Fate != Killed && x.Fate != Survived {
			continue
		}
		c := junitCase{Name: x.Operator + ": " + x.What, Class: x.Pos.File, File: x.Pos.File, Line: x.Pos.Line, Time: "0"}
		if x.Fate == Survived {
			c.Failure = &junitFailure{"no test notices this change of the rules", x.Operator + ": " + x.What}
			s.Failures++
		}
		s.Tests++
		s.Cases = append(s.Cases, c)
	}
}
