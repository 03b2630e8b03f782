package policy

import (
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/rules"
)

// R1, R5: a version that does not load leaves everything as it was.
func TestR1ReloadKeepsTheLastGoodVersion(t *testing.T) {
	text, o := shop, options(t, stated{v: ada()}, order("1", "ada"))
	live, err := NewLive(LiveOptions{Log: slog.New(slog.DiscardHandler), Load: func() (*Policy, *rules.Source, error) {
		return Load(fstest.MapFS{"shop.yaml": {Data: []byte(text)}}, o)
	}})
	if err != nil {
		t.Fatal(err)
	}
	before := live.Current()
	for _, bad := range []string{"", "\t", "rules: [", "# nothing but this\n", "\uFEFF", "\x00", shop + "\trules: []\n", shop + "\nrules: []\n", shop[:len(shop)/2], "a: &a [1]\nb: *a\n", shop + "\nrulez: []\n", shop + "---\n" + shop, strings.Replace(shop, "up_to: internal", "up_to: internl", 1)} {
		text = bad
		if err := live.Reload(); err == nil {
			t.Fatalf("a bad version loaded: %q", bad)
		}
		if live.Current() != before {
			t.Fatal("a bad version replaced the good one")
		}
		if got := live.Check(t.Context(), request("GET /orders/1")); got.Reason != rules.Allowed {
			t.Fatalf("%s after a bad reload, want allowed", got.Reason)
		}
	}
	if st := live.Stats(); st.Failures != 13 || st.Loads != 1 || !strings.Contains(st.LastError, "shop.yaml:") || st.Hash != before.Hash {
		t.Errorf("stats %+v, want 13 failures, 1 load, a place and the old hash", st)
	}
	text = strings.Replace(shop, "[read, update]", "[update]", 1)
	if err := live.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := live.Check(t.Context(), request("GET /orders/1")); got.Reason != rules.NoRule || got.Policy == before.Hash {
		t.Errorf("%s under policy %s, want no_rule under the new one", got.Reason, got.Policy)
	}
}

// A panic while loading is a failed load: the version in force stays.
func TestReloadSurvivesAPanic(t *testing.T) {
	broken, o := false, options(t, stated{v: ada()})
	live, err := NewLive(LiveOptions{Log: slog.New(slog.DiscardHandler), Load: func() (*Policy, *rules.Source, error) {
		if broken {
			panic("a bug in a parser")
		}
		return Load(fstest.MapFS{"shop.yaml": {Data: []byte(shop)}}, o)
	}})
	if err != nil {
		t.Fatal(err)
	}
	before := live.Current()
	broken = true
	if err := live.Reload(); err == nil || !strings.Contains(err.Error(), "a bug in a parser") {
		t.Errorf("Reload: %v, want the panic as an error", err)
	}
	if live.Current() != before || live.Stats().Failures != 1 {
		t.Errorf("stats %+v after a panic, want the version in force and one failure", live.Stats())
	}
}
