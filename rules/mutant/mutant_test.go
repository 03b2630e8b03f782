package mutant

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

var update = flag.Bool("update", false, "rewrite testdata/all.want")

func at() time.Time { return time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC) }

func env() rules.Env { return rules.Env{Partial: true, Now: at()} }

// load reads and compiles the rules in a text.
func load(t *testing.T, text string) Rules {
	t.Helper()
	src := parse(t, text)
	set, ms := rules.Compile(src, env())
	routes, more := resolver.Compile(src.Routes, set.Schema())
	if err := append(ms, more...).Err(); err != nil {
		t.Fatal(err)
	}
	return Rules{Source: src, Set: set, Lines: routes.Operations(), Now: at()}
}

func parse(t *testing.T, text string) *rules.Source {
	t.Helper()
	src, ms := rules.Parse(fstest.MapFS{"rules.yaml": {Data: []byte(text)}})
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	return src
}

func everything(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/all.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func refusal(m *Mutant, r Rules) string {
	src := m.Apply(r.Source)
	_, ms := rules.Compile(src, env())
	if len(ms) == 0 {
		return ""
	}
	return ms[0].Text
}

// Every mutant of a file in which every operator has something to do, in order,
// with why it is idle or does not load.
func TestAll(t *testing.T) {
	r := load(t, everything(t))
	var b strings.Builder
	used := make(map[string]bool)
	for _, m := range All(r) {
		used[m.Operator] = true
		fmt.Fprintf(&b, "%v: %s: %s\n", m.Pos, m.Operator, m.What)
		if m.Idle != "" {
			fmt.Fprintf(&b, "      idle: %s\n", m.Idle)
		}
		if why := refusal(&m, r); why != "" {
			fmt.Fprintf(&b, "      does not load: %s\n", why)
		}
	}
	for _, o := range Operators() {
		if !used[o.Name] {
			t.Errorf("testdata/all.yaml has nothing for %s", o.Name)
		}
	}
	if *update {
		if err := os.WriteFile("testdata/all.want", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/all.want")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("mutants (-want +got):\n%s", diff)
	}
}

// Mutants are compiled side by side, so none may change what all are made of.
func TestApplyLeavesTheSourceAsItIs(t *testing.T) {
	r := load(t, everything(t))
	untouched := parse(t, everything(t))
	for _, m := range All(r) {
		changed := m.Apply(r.Source)
		if !reflect.DeepEqual(r.Source, untouched) {
			t.Fatalf("%s: %s changed the source", m.Operator, m.What)
		}
		if reflect.DeepEqual(changed, untouched) {
			t.Errorf("%s: %s changes nothing", m.Operator, m.What)
		}
	}
}

// What the language gets later is mutated without a word here: a key of a rule, a
// tier's demand or an identity is one that limits, or is listed among those that do not.
func TestKeysOfRulesAreMutatedOrListed(t *testing.T) {
	for _, c := range []struct {
		decl reflect.Type
		but  []string
	}{
		{reflect.TypeFor[rules.RuleDecl](), notLimits},
		{reflect.TypeFor[rules.IdentityDecl](), notFacts},
	} {
		var keys []string
		for f := range c.decl.Fields() {
			keys = append(keys, f.Tag.Get("yaml"))
		}
		for _, key := range c.but {
			first, _, _ := strings.Cut(key, ".")
			if !slices.Contains(keys, first) && !slices.Contains(comesLater, key) {
				t.Errorf("%v has no key %q", c.decl, key)
			}
		}
	}
}

// comesLater are keys that rules and identities are going to have.
var comesLater = []string{"ticket", "status", "text", "task", "needs", "groups"}

func TestLeavesEnterKeysOfKeys(t *testing.T) {
	d := load(t, everything(t)).Source.Rules[0]
	var got []string
	for _, l := range leaves(reflect.ValueOf(d), notLimits) {
		got = append(got, fmt.Sprintf("%v %s=%s", l.pos.Line, l.name, l.says))
		l.drop(&d)
	}
	if want := []string{"45 own=owner", "46 require.max_token_age=10m0s"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(leaves(reflect.ValueOf(d), notLimits)) > 0 {
		t.Error("a dropped key is still there")
	}
}
