package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

// recognised is section 3.2 of docs/reference/decisions.md, word by word: the
// identities that are left for a caller.
func recognised(ids []*Identity, subject, client string) []*Identity {
	var exact, classes []*Identity
	for _, id := range ids {
		switch {
		case len(id.Clients) > 0 && !slices.Contains(id.Clients, client):
		case id.Subject == "":
			classes = append(classes, id)
		case id.Subject == subject:
			exact = append(exact, id)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return classes
}

// TestOverlapsAreThoseThatAreDenied compares what is refused and warned of with
// every caller there can be: a set that loads has a caller for each identity, and
// one without a warning has no ambiguous caller.
func TestOverlapsAreThoseThatAreDenied(t *testing.T) {
	subjects, clients := []string{"", "s", "t"}, []string{"a", "b", "c"}
	loaded := 0
	rapid.Check(t, func(t *rapid.T) {
		var ids []*Identity
		text := "tiers: [{ name: public }]\nidentities:\n"
		for i := range rapid.IntRange(1, 5).Draw(t, "identities") {
			id := &Identity{
				Name: fmt.Sprintf("i%d", i), Subject: rapid.SampledFrom(subjects).Draw(t, "subject"),
				Clients: rapid.SliceOfN(rapid.SampledFrom(clients), 0, 3).Draw(t, "clients"),
			}
			ids = append(ids, id)
			match := "issuer: corp"
			if id.Subject != "" {
				match += ", subject: " + id.Subject
			}
			if len(id.Clients) > 0 {
				match += ", client: [" + strings.Join(id.Clients, ", ") + "]"
			}
			text += fmt.Sprintf("  - { name: %s, kind: human, match: { %s } }\n", id.Name, match)
		}
		found, ambiguous := make(map[*Identity]bool), false
		for _, subject := range append(subjects, "nobody") {
			for _, client := range append(clients, "other") {
				left := recognised(ids, subject, client)
				if len(left) == 1 {
					found[left[0]] = true
				}
				ambiguous = ambiguous || len(left) > 1
			}
		}
		src, ms := Parse(fstest.MapFS{"a.yaml": {Data: []byte(text)}})
		set, more := Compile(src, testEnv())
		for _, m := range append(ms, more...) {
			if id := ids[m.Pos.Line-3]; found[id] {
				t.Errorf("%s\nis refused, and %s is recognised:\n%v", text, id.Name, m)
			}
		}
		if len(ms)+len(more) > 0 {
			return
		}
		loaded++
		if len(found) != len(ids) {
			t.Errorf("%s\nloads, and only %d are recognised", text, len(found))
		}
		if ambiguous != (len(set.Warnings()) > 0) {
			t.Errorf("%s\nhas ambiguous callers: %v, and the warnings\n%v", text, ambiguous, set.Warnings())
		}
	})
	if loaded == 0 {
		t.Error("no set loaded")
	}
}
