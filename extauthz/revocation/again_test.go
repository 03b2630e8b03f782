package revocation

import (
	"encoding/json"
	"strings"
	"testing"
)

// Whoever did not get the answer asks again, and gets it; nothing is recorded
// twice. Each twin differs in one thing, and is another entry of the same id.
func TestControlAnswersTheSameRevocationAgain(t *testing.T) {
	c := control(t, journal(t, t.TempDir()))
	const first = `{"id":"x-1","by":{"issuer":"corp","subject":"ada","issued_before":"2026-11-20T08:00:00Z"},"because":"left","until":"2027-01-01T00:00:00Z"}`
	for name, again := range map[string]string{
		"as it was":         first,
		"in another offset": strings.Replace(first, "2026-11-20T08:00:00Z", "2026-11-20T09:00:00+01:00", 1),
	} {
		c.ask("POST", "/v1/revocations", first)
		w := c.ask("POST", "/v1/revocations", again)
		var a Answer
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != 201 || a.Epoch != 1 || a.Entry == nil || a.Entry.ID != "x-1" || !a.Entry.At.Equal(noon) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	for _, twin := range []struct {
		name, old, new string
		status         int
	}{
		{"another subject", "ada", "bob", 409},
		{"another moment", "08:00:00Z", "08:00:01Z", 409},
		{"another end", "2027-01-01", "2027-01-02", 409},
		{"another reason", "left", "right", 409},
		{"another id", "x-1", "x-2", 201},
	} {
		if w := c.ask("POST", "/v1/revocations", strings.Replace(first, twin.old, twin.new, 1)); w.Code != twin.status {
			t.Errorf("%s: %d %s, want %d", twin.name, w.Code, w.Body, twin.status)
		}
	}
	if entries, epoch := c.List.Entries(); len(entries) != 3 || epoch != 2 { // the file's, x-1 and x-2
		t.Errorf("epoch %d, entries %+v", epoch, entries)
	}
	e := Entry{ID: "x-1", By: By{Issuer: "corp", Subject: "ada"}, Who: "uid 7", Because: "left"}
	if other := e; !e.repeats(&other) {
		t.Error("an entry is not its own repetition")
	} else if other.Who = "uid 8"; e.repeats(&other) {
		t.Error("it does not matter who asks")
	}
}
