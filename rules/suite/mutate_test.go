package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules/mutant"
)

const bank = "../../examples/bank/rules"

// The tests of the bank notice every mutant of its rules.
func TestTheBankExampleKillsItsMutants(t *testing.T) {
	r, err := Mutate(t.Context(), os.DirFS(bank), partial(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Mutation.Mutants {
		if x.Fate == Survived {
			t.Errorf("%v: %s: %s", x.Pos, x.Operator, x.What)
		}
	}
	if n := r.Mutation.Count(Killed); n < 150 {
		t.Errorf("%d mutants were killed, want at least 150: some were not made", n)
	}
	t.Logf("%d killed, %d do not load, %d change no answer", r.Mutation.Count(Killed), r.Mutation.Count(Refused), r.Mutation.Count(Idle))
}

// Each line takes one test away, and lets the mutant live that it was for.
func TestAMutantSurvivesWithoutItsTest(t *testing.T) {
	for _, c := range []struct{ file, from, mutant string }{
		{"pictures_test.yaml", "      campaigns: svc-campaigns\n", "campaigns-list-the-audience also to read"},
		{"customers_test.yaml", "      - name: a new account number, which is restricted\n", "account: property iban confidential, not restricted"},
		{"others_test.yaml", "      - { name: a frozen account to close,", "frozen-is-frozen without kind: human in a selector"},
	} {
		fsys := bankFiles(t)
		if got := fate(t, fsys, c.mutant); got != Killed {
			t.Errorf("%s: %s with all tests", c.mutant, got)
		}
		fsys[c.file].Data = []byte(leaveOut(t, string(fsys[c.file].Data), c.from))
		redrawn(t, fsys)
		if got := fate(t, fsys, c.mutant); got != Survived {
			t.Errorf("%s: %s without %q", c.mutant, got, c.from)
		}
	}
}

// redrawn is what --update does: a picture that lacks a line is drawn anew.
func redrawn(t *testing.T, fsys fstest.MapFS) {
	t.Helper()
	r, err := Run(t.Context(), fsys, partial())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range r.Updates {
		fsys[u.File] = &fstest.MapFile{Data: []byte(u.Text)}
	}
}

// fate tries the one mutant that is said so.
func fate(t *testing.T, fsys fstest.MapFS, what string) Fate {
	t.Helper()
	o := partial()
	l, err := load(fsys, &o)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutant.All(mutant.Rules{Source: l.source, Set: l.policy.Set(), Lines: l.policy.Routes().Operations(), Now: o.Now}) {
		if m.What == what {
			got, err := l.try(t.Context(), &m, &o)
			if err != nil {
				t.Fatal(err)
			}
			return got.Fate
		}
	}
	t.Fatalf("no mutant is %q", what)
	return ""
}

func bankFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	entries, err := os.ReadDir(bank)
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for _, e := range entries {
		text, err := os.ReadFile(bank + "/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		fsys[e.Name()] = &fstest.MapFile{Data: text}
	}
	return fsys
}

// leaveOut drops the lines that begin with from and what is indented below them.
func leaveOut(t *testing.T, text, from string) string {
	t.Helper()
	from = strings.TrimRight(from, "\n")
	indent := len(from) - len(strings.TrimLeft(from, " "))
	var out []string
	dropping, dropped := false, 0
	for line := range strings.Lines(text) {
		deeper := len(line)-len(strings.TrimLeft(line, " ")) > indent
		if dropping = strings.HasPrefix(line, from) || dropping && deeper; dropping {
			dropped++
			continue
		}
		out = append(out, line)
	}
	if dropped == 0 {
		t.Fatalf("no line begins with %q", from)
	}
	return strings.Join(out, "")
}

// What is said to change no answer changes none of those that tests ask for.
func TestIdleMutantsAnswerAsTheRulesDo(t *testing.T) {
	o := partial()
	l, err := load(os.DirFS(bank), &o)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, c := range l.cases {
		want = append(want, l.bench.check(t.Context(), l.policy, c).Effect.String())
	}
	idle := 0
	for _, m := range mutant.All(mutant.Rules{Source: l.source, Set: l.policy.Set(), Lines: l.policy.Routes().Operations(), Now: o.Now}) {
		if m.Idle == "" {
			continue
		}
		var b bench
		src := m.Apply(l.source)
		po, err := b.options(src, &o)
		if err != nil {
			t.Fatal(err)
		}
		p, err := policy.Compile(src, po)
		if err != nil {
			continue
		}
		idle++
		for i, c := range l.cases {
			if got := b.check(t.Context(), p, c).Effect.String(); got != want[i] {
				t.Errorf("%v: %s: %s, for %q; got %s for %v, want %s", m.Pos, m.Operator, m.What, m.Idle, got, c, want[i])
				break
			}
		}
	}
	if idle < 10 {
		t.Errorf("%d idle mutants were compared, want at least 10", idle)
	}
}

const oneOwner = `
tests:
  - { name: own, as: customers, claims: { sub: ada }, send: "GET https://api.example.com/accounts/A1", objects: { account/A1: { owner: ada } }, want: { allow: own-accounts } }
`

func mutateTwo(t *testing.T, tests string) (*Report, error) {
	t.Helper()
	fsys := shared(t)
	fsys["two_test.yaml"] = &fstest.MapFile{Data: []byte(tests)}
	return Mutate(t.Context(), fsys, configured(), nil)
}

// However many goroutines try them, mutants come in one order, each with one fate.
func TestMutantsComeInOneOrder(t *testing.T) {
	first, err := mutateTwo(t, oneOwner)
	if err != nil {
		t.Fatal(err)
	}
	again, err := mutateTwo(t, oneOwner)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.Mutation, again.Mutation); diff != "" {
		t.Error(diff)
	}
	if m := first.Mutation; m.Count(Survived) == 0 || m.Count(Killed) == 0 || m.KilledPercent() <= 0 || m.KilledPercent() >= 100 {
		t.Errorf("%d killed and %d survived, %v %%: want some of each", m.Count(Killed), m.Count(Survived), m.KilledPercent())
	}
}

func TestMutantsNeedTestsThatPass(t *testing.T) {
	r, err := mutateTwo(t, twoTests)
	if !errors.Is(err, ErrFailing) || r == nil || r.Failed() != 1 || r.Mutation != nil {
		t.Errorf("%v, report %+v, want ErrFailing and the report", err, r)
	}
}

func TestMutantsEndInTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	fsys := shared(t)
	fsys["two_test.yaml"] = &fstest.MapFile{Data: []byte(oneOwner)}
	_, err := Mutate(ctx, fsys, configured(), func(int, int) { cancel() })
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), " of ") {
		t.Errorf("cancelled after the first: %v", err)
	}
}

func TestReportsOfMutants(t *testing.T) {
	r, err := mutateTwo(t, oneOwner)
	if err != nil {
		t.Fatal(err)
	}
	var text, asJSON, asXML bytes.Buffer
	if err := errors.Join(r.WriteText(&text, false), r.WriteJSON(&asJSON), r.WriteJUnit(&asXML)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"survived rules.yaml:", "drop-rule: acme-accounts is left out", "\nmutants: "} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in:\n%s", want, &text)
		}
	}
	var got struct{ Mutation Mutation }
	if err := json.Unmarshal(asJSON.Bytes(), &got); err != nil || len(got.Mutation.Mutants) != len(r.Mutation.Mutants) || got.Mutation.Mutants[0].At == "" {
		t.Errorf("JSON: %v:\n%s", err, &asJSON)
	}
	var suite junitSuite
	if err := xml.Unmarshal(asXML.Bytes(), &suite); err != nil || suite.Failures != r.Mutation.Count(Survived) || suite.Tests != len(suite.Cases) {
		t.Errorf("JUnit: %v: %d of %d failed, %d cases", err, suite.Failures, suite.Tests, len(suite.Cases))
	}
}
