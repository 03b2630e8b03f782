package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzLoad puts any text beside base.yaml. Whatever it is, loading it ends
// without a panic, a second load says the same, mistakes leave no rules, and a
// set that loaded denies the zero caller unless a rule names { kind: anonymous }.
func FuzzLoad(f *testing.F) {
	for _, folder := range []string{"decide", "mistakes"} {
		paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				f.Fatal(err)
			}
			for _, file := range ar.Files {
				if strings.HasPrefix(file.Name, "rules/") {
					f.Add(string(file.Data))
				}
			}
		}
	}
	base, err := os.ReadFile("testdata/base.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			return
		}
		m := fstest.MapFS{"base.yaml": {Data: base}, "fuzz.yaml": {Data: []byte(text)}}
		src, ms := Parse(m)
		set, more := Compile(src, testEnv())
		again, msAgain := Parse(m)
		setAgain, moreAgain := Compile(again, testEnv())
		if ms.Error() != msAgain.Error() || more.Error() != moreAgain.Error() {
			t.Fatalf("two loads differ:\n%v\n%v\n---\n%v\n%v", ms, more, msAgain, moreAgain)
		}
		for i := range src.Files {
			if src.Files[i].Hash != again.Files[i].Hash {
				t.Fatal("two loads of the same bytes have two hashes")
			}
		}
		for _, mistake := range append(ms, more...) {
			if mistake.Pos.File == "fuzz.yaml" && mistake.Text == "" {
				t.Fatalf("a mistake without a text at %v", mistake.Pos)
			}
		}
		if len(ms)+len(more) > 0 && len(set.Rules()) > 0 {
			t.Fatal("a set with mistakes has rules")
		}
		for _, target := range someTargets(set) {
			d := set.Decide(&Request{Now: testNow}, nil, []Target{target})
			e := setAgain.Decide(&Request{Now: testNow}, nil, []Target{target})
			if d.Effect != e.Effect || d.Reason != e.Reason {
				t.Fatalf("two loads decide %v %v and %v %v", d.Effect, d.Reason, e.Effect, e.Reason)
			}
			if d.Effect == Allow && !namesAnonymous(set) {
				t.Fatalf("the zero caller may %s %s by %s", target.Action, target.Object.Type.Name, d.Targets[0].Rule)
			}
		}
	})
}

func someTargets(set *Set) []Target {
	var out []Target
	for _, name := range []string{"account", "customer", "note", "file"} {
		typ := set.Schema().Types[name]
		if typ == nil {
			continue
		}
		for _, action := range []string{"read", "list", "create", "update", "delete"} {
			out = append(out, Target{Action: action, Object: Object{Type: typ, ID: "1", State: Stored, RowTier: NoTier}},
				Target{Action: action, Object: Object{Type: typ}, Collection: true, Unbounded: true})
		}
	}
	return out
}

func namesAnonymous(set *Set) bool {
	for _, r := range set.Rules() {
		if r.Effect == Allow && !r.Shadow && strings.Contains(strings.Join(r.Selectors, " "), "kind: anonymous") {
			return true
		}
	}
	return false
}
