package resolver

import (
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// bank is a schema like the one in examples/bank.
func bank() *rules.Schema {
	id := func(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }
	types := []*rules.Type{
		{
			Name: "account", Parent: "customer", ID: id("[A-Z]{2}[0-9]{6,12}"),
			Attributes: []rules.Attribute{
				{Name: "tenant", Kind: rules.String}, {Name: "owner", Kind: rules.String}, {Name: "frozen", Kind: rules.Bool},
				{Name: "branch", Kind: rules.Int}, {Name: "tags", Kind: rules.StringList},
			},
			Actions:    map[string]rules.Tier{"close": 1},
			Properties: map[string]rules.Tier{"ssn": 1},
			Writable:   map[string]map[string]bool{"update": {"phone": true, "owner": true}},
		},
		{Name: "customer", Attributes: []rules.Attribute{{Name: "tenant", Kind: rules.String}}},
		{Name: "file"},
	}
	s := &rules.Schema{
		Tiers:   []rules.TierInfo{{Name: "internal"}, {Name: "restricted"}},
		Weights: map[string]int{"read": 1, "debit": 4, "credit": 2, "receive": 4},
		Types:   map[string]*rules.Type{},
	}
	for _, t := range types {
		s.Types[t.Name] = t
	}
	return s
}

const testHost = "api.example.com"

// declare writes map lines as if they stood one a line in rules.yaml.
func declare(lines ...string) rules.HostDecl {
	d := rules.HostDecl{Pos: rules.Pos{File: "rules.yaml", Line: 1, Col: 1}}
	d.Host = rules.At[string]{Pos: rules.Pos{File: "rules.yaml", Line: 1, Col: 9}, V: testHost}
	for i, l := range lines {
		d.Map = append(d.Map, rules.LineDecl{Pos: rules.Pos{File: "rules.yaml", Line: i + 2, Col: 3}, Line: l})
	}
	return d
}

// compile compiles lines that must be right.
func compile(t testing.TB, lines ...string) *Routes {
	t.Helper()
	r, ms := Compile([]rules.HostDecl{declare(lines...)}, bank())
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	return r
}

// mistakes compiles lines that must be wrong and returns the report.
func mistakes(lines ...string) string {
	_, ms := Compile([]rules.HostDecl{declare(lines...)}, bank())
	if err := ms.Err(); err != nil {
		return err.Error()
	}
	return ""
}

// raw is a request as the proxy describes it: `METHOD target`, then headers as
// `name: value`. A body follows an empty line and comes whole: as it stands, or
// behind %x as bytes, in hex digits and quoted texts.
func raw(text string) *rules.RawRequest {
	head, body, hasBody := strings.Cut(text, "\n\n")
	first, fields, _ := strings.Cut(head, "\n")
	method, target, _ := strings.Cut(first, " ")
	r := &rules.RawRequest{
		ID: "1", Now: time.Unix(1, 0), Serves: rules.NewHostSet(testHost), Host: testHost,
		Method: method, Path: target, RawPath: target,
	}
	for f := range strings.SplitSeq(fields, "\n") {
		if name, value, ok := strings.Cut(f, ": "); ok {
			r.Headers = append(r.Headers, rules.Header{Name: name, Value: value})
		}
	}
	if hasBody {
		r.Body = []byte(body)
		if notation, ok := strings.CutPrefix(body, "%x "); ok {
			r.Body = fromHex(notation)
		}
		r.Size = int64(len(r.Body))
		r.Headers = append(r.Headers, rules.Header{Name: partialMarker, Value: "false"})
	}
	return r
}

// fromHex reads bytes in hex digits and quoted texts, such as 0a 03 "T-1".
func fromHex(notation string) (out []byte) {
	for i, part := range strings.Split(notation, `"`) {
		if i%2 == 1 {
			out = append(out, part...)
			continue
		}
		b, err := hex.DecodeString(strings.Join(strings.Fields(part), ""))
		if err != nil {
			panic(err) // the case is written wrong
		}
		out = append(out, b...)
	}
	return out
}

var testOptions = &Options{MaxBody: 60 << 10}

// resolve runs a raw request through every step of this package.
func resolve(routes *Routes, r *rules.RawRequest, c *rules.Caller) ([]rules.Target, error) {
	req, err := Canonical(r, testOptions)
	if err != nil {
		return nil, err
	}
	m, err := routes.Match(req)
	if err != nil {
		return nil, err
	}
	return m.Targets(req, c)
}

// reason is that of a fault; "" for none, and the text of any other error.
func reason(err error) rules.Reason {
	if err == nil {
		return ""
	}
	if f, ok := errors.AsType[*rules.Fault](err); ok {
		return f.Reason
	}
	return rules.Reason("not a fault: " + err.Error())
}

// narrowest is the line of a path, without any of the checks that follow.
func narrowest(routes *Routes, method string, segs []string) *Operation {
	s := search{method: method}
	s.forward(&routes.hosts[testHost].root, segs)
	return s.best
}
