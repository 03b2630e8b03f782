package spec

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// scored are what Kubernetes calls an action, and what it is here. connect is any
// of them, for it opens a stream by whatever method: the verb of the path counts.
var scored = map[string][]string{
	"get": {"read"}, "list": {"list"}, "watch": {"read", "list"}, "watchlist": {"list"}, "post": {"create"},
	"put": {"update"}, "patch": {"update"}, "delete": {"delete"}, "deletecollection": {"delete"},
	"connect": {"exec", "attach", "portforward", "proxy"},
}

// score compares guesses with what a specification says of itself in the fields
// x-kubernetes-action and x-kubernetes-group-version-kind, where it has them.
func score(t *testing.T, path string, p *Proposal) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	type said struct {
		Action string `json:"x-kubernetes-action"`
		Kind   struct {
			Kind string `json:"kind"`
		} `json:"x-kubernetes-group-version-kind"`
	}
	all, actions, kinds, both := 0, 0, 0, 0
	missed := map[string]int{}
	for i := range p.Lines {
		l := &p.Lines[i]
		var want said
		if json.Unmarshal(doc.Paths[l.Operation.Path][strings.ToLower(l.Operation.Method)], &want) != nil || want.Action == "" {
			continue
		}
		all++
		squeezed := strings.ToLower(strings.ReplaceAll(l.Type, "_", ""))
		action := slices.Contains(scored[want.Action], l.Action)
		kind := strings.HasSuffix(squeezed, strings.ToLower(want.Kind.Kind))
		if action {
			actions++
		}
		if kind {
			kinds++
		}
		if action && kind {
			both++
		} else {
			missed[want.Action+" "+want.Kind.Kind+" guessed as "+l.Action+" "+l.Type]++
		}
	}
	if all == 0 {
		return
	}
	t.Logf("score: of %d operations action %d (%.1f %%), kind %d (%.1f %%), both %d (%.1f %%)", all,
		actions, 100*float64(actions)/float64(all), kinds, 100*float64(kinds)/float64(all), both, 100*float64(both)/float64(all))
	for _, m := range sortedKeys(missed) {
		t.Logf("missed: %d × %s", missed[m], m)
	}
}

func sortedKeys(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
