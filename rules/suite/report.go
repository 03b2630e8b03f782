package suite

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
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
}

// Result is one test. It passed when it has no faults.
type Result struct {
	Name   string
	Pos    rules.Pos
	Took   time.Duration
	Faults []string // got … before want …

	got *rules.Outcome
}

// Warning is no fault, but worth a look.
type Warning struct {
	Pos  string `json:"pos"`
	Text string `json:"text"`
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
	p.printf("%s reached: %d of %d\n", name, part.Reached, part.All)
	for _, thing := range part.Missing {
		p.printf("  not reached  %s  %s\n", thing.Pos, thing.Name)
	}
}

// MarshalJSON implements json.Marshaler.
func (t Result) MarshalJSON() ([]byte, error) {
	got := struct {
		Effect string       `json:"effect"`
		Reason rules.Reason `json:"reason"`
		Status int          `json:"status"`
		Rules  []string     `json:"rules,omitempty"`
	}{t.got.Effect.String(), t.got.Reason, t.got.Status(), decidedBy(t.got)}
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
