package spec

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// The round trip: every template of a specification, filled with random ids, comes
// back as the line that was proposed for it and the ids that were filled in.
func TestRoundTripOfSamples(t *testing.T) {
	for _, path := range samples(t, "openapi") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			doc := mustRead(t, "openapi", path)
			_, trips, lost := roundTrips(doc, 5)
			for _, l := range lost {
				t.Error(l)
			}
			if trips < 5*len(doc.Operations)*9/10 {
				t.Errorf("%d trips for %d operations", trips, len(doc.Operations))
			}
		})
	}
}

// The same for real specifications, which `make specs` fetches into a folder.
func TestRoundTripOfRealSpecifications(t *testing.T) {
	dir := os.Getenv("TIERGATE_SPECS")
	if fetched := "../../.cache/specs"; dir == "" && os.Getenv("TIERGATE_FULL") != "" {
		if _, err := os.Stat(fetched); err == nil {
			dir = fetched
		}
	}
	if dir == "" {
		t.Skip("make specs fetches them and sets TIERGATE_SPECS")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no *.json in %s: %v", dir, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			doc := mustRead(t, "openapi", path)
			lines, trips, lost := roundTrips(doc, 20)
			for _, l := range lost {
				t.Errorf("exception: %s", l)
			}
			p := doc.Propose(Options{})
			t.Logf("%d operations, %d lines, %d types, %d round trips, %d exceptions", len(doc.Operations), lines, len(p.Types), trips, len(lost))
			score(t, path, p)
		})
	}
}

// roundTrips proposes for the document's host and for every other one that serves
// a part of it. What none of the proposals maps is lost, too.
func roundTrips(doc *Document, rounds int) (lines, trips int, lost []string) {
	hosts := []string{""}
	for i := range doc.Operations {
		if h := doc.Operations[i].Host; h != "" && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	left := map[string]int{}
	for _, host := range hosts {
		p := doc.Propose(Options{Host: host})
		n, bad := roundTrip(p, rounds)
		lines, trips, lost = lines+len(p.Lines), trips+n, append(lost, bad...)
		for _, s := range p.Skipped {
			if slices.Contains(doc.unread, s) {
				continue // no operation's
			}
			if left[s.Name]++; left[s.Name] == len(hosts) {
				lost = append(lost, s.Name+": "+s.Why)
			}
		}
	}
	return lines, trips, lost
}

// roundTrip sends rounds requests to each proposed line, and says which did not
// come back.
func roundTrip(p *Proposal, rounds int) (trips int, lost []string) {
	routes, ms := p.Compile()
	if len(ms) > 0 {
		return 0, []string{ms.Error()}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range p.Lines {
		l := &p.Lines[i]
		for range rounds {
			if err := trip(routes, p.Host, l, r); err != nil {
				lost = append(lost, fmt.Sprintf("%s: %v", l.Operation.Name, err))
				break
			}
			trips++
		}
	}
	return trips, lost
}

func trip(routes *resolver.Routes, host string, l *Line, r *rand.Rand) error {
	path, want, err := Fill(l.Operation.Path, func(int) string { return randomID(r) })
	if err != nil {
		return err
	}
	method, tmpl := l.Operation.Method, strings.SplitN(strings.SplitN(l.Text, " ", 3)[1], "?", 2)[0]
	op, got, err := routes.Find(host, method, path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	case op.Template != tmpl:
		return fmt.Errorf("%s came to %s", path, op.Template)
	case fmt.Sprint(got) != fmt.Sprint(want):
		return fmt.Errorf("%s gave %v, want %v", path, got, want)
	}
	return firstTarget(routes, host, method, path, l, want)
}

var (
	inQuery = regexp.MustCompile(`[?&]([\w.~-]+)=\{`)
	inBody  = regexp.MustCompile(`\{body\.(\w+)\[\]\}`)
	firstID = regexp.MustCompile(`-> (?:\S+) [\w.-]+/([^\s,]+)`)
)

// firstTarget holds the first target's id against what was filled in.
func firstTarget(routes *resolver.Routes, host, method, path string, l *Line, captures map[string]string) error {
	var query []string
	for _, m := range inQuery.FindAllStringSubmatch(strings.SplitN(l.Text, " -> ", 2)[0], -1) {
		query = append(query, m[1]+"=t1")
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	body := "{}"
	if m := inBody.FindStringSubmatch(l.Text); m != nil {
		body = `{"` + m[1] + `":["b1"]}`
	}
	raw := rules.RawRequest{
		ID: "1", Now: time.Unix(1, 0), Serves: rules.NewHostSet(host), Host: host, Method: method, Path: path, RawPath: path,
		Headers: []rules.Header{{Name: "x-envoy-auth-partial-body", Value: "false"}},
	}
	if method != "GET" && method != "HEAD" {
		raw.Body, raw.Size = []byte(body), int64(len(body))
		raw.Headers = append(raw.Headers, rules.Header{Name: "content-type", Value: "application/json"})
	}
	req, err := resolver.Canonical(&raw, &resolver.Options{MaxBody: 1 << 16})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	m, err := routes.Match(req)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	targets, err := m.Targets(req, nil)
	if err != nil {
		return fmt.Errorf("%s: targets: %w", path, err)
	}
	want := ""
	if m := firstID.FindStringSubmatch(l.Text); m != nil {
		want = m[1]
		for name, value := range captures {
			want = strings.ReplaceAll(want, "{"+name+"}", value)
		}
		want = inBody.ReplaceAllString(want, "b1")
	}
	if got := targets[0].Object.ID; got != want || targets[0].Object.Type.Name != l.Type {
		return fmt.Errorf("%s named %s/%q, want %s/%q", path, targets[0].Object.Type.Name, got, l.Type, want)
	}
	return nil
}

// randomID is text that may be an id: nothing that a path denies everywhere.
func randomID(r *rand.Rand) string {
	letters := []rune("abcxyzABCXYZ0123456789-_~@+é ")
	var b strings.Builder
	b.WriteString("z")
	for range 5 + r.IntN(10) {
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	return b.String() + "9"
}

func mustRead(t *testing.T, kind, path string) *Document {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]func(string, []byte) (*Document, error){"openapi": ReadOpenAPI, "graphql": ReadGraphQL, "proto": ReadProto, "mcp": ReadMCP}[kind]
	doc, err := read(filepath.Base(path), text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func samples(t *testing.T, kind string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", kind, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, path := range paths {
		if !strings.HasSuffix(path, ".want") {
			out = append(out, path)
		}
	}
	if len(out) == 0 {
		t.Fatalf("no samples in testdata/%s", kind)
	}
	return out
}
