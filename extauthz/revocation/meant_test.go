package revocation

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

func mean(pairs ...string) func() map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func() map[string]string { return m }
}

func named2(issuers, identities func() map[string]string) Names {
	has := func(all func() map[string]string) func(string) bool {
		return func(name string) bool { _, ok := all()[name]; return ok }
	}
	return Names{Issuers: has(issuers), Identities: has(identities), IssuersMean: issuers, IdentitiesMean: identities}
}

func subjectOf(issuer, sub string) *rules.Caller {
	return &rules.Caller{Verified: &rules.Verified{Issuer: issuer, Subject: sub}}
}

func identified(name string) *rules.Caller {
	return &rules.Caller{Identity: &rules.Identity{Name: name}}
}

// M5: a name that is given to another takes no revocation with it: whom an entry
// meant stays stopped under any name, and everybody is told. The twin of each row
// has the name as it was.
func TestM5ANameThatIsReusedMovesNoRevocation(t *testing.T) {
	before := named2(mean("corp", "https://a", "other", "https://b"), mean("svc", "issuer https://a client web"))
	for _, c := range []struct {
		name       string
		by         By
		after      Names
		stops      []*rules.Caller
		passes     []*rules.Caller
		vain, want string
	}{
		{"as it was", By{Issuer: "corp", Subject: "ada"}, before, []*rules.Caller{subjectOf("corp", "ada")}, []*rules.Caller{subjectOf("other", "ada"), subjectOf("corp", "bob")}, "", ""},
		{"swapped", By{Issuer: "corp", Subject: "ada"}, named2(mean("corp-old", "https://a", "corp", "https://b"), mean()),
			[]*rules.Caller{subjectOf("corp-old", "ada"), subjectOf("corp", "ada")}, []*rules.Caller{subjectOf("corp-old", "bob")},
			`issuer "corp" is https://b now and was https://a: the entry stops both, the second as "corp-old"`, "revocations go by names that moved"},
		{"whole issuer swapped", By{Issuer: "corp", All: true}, named2(mean("corp-old", "https://a", "corp", "https://b", "third", "https://c"), mean()),
			[]*rules.Caller{subjectOf("corp-old", "ada")}, []*rules.Caller{subjectOf("third", "ada")}, `the second as "corp-old"`, "revocations go by names that moved"},
		{"renamed", By{Issuer: "corp", Subject: "ada"}, named2(mean("corp2", "https://a", "other", "https://b"), mean()),
			[]*rules.Caller{subjectOf("corp2", "ada")}, []*rules.Caller{subjectOf("other", "ada")}, `no issuer "corp" any more; what it was (https://a) is "corp2" now`, "revocations go by names that moved"},
		{"another URL", By{Issuer: "corp", Subject: "ada"}, named2(mean("corp", "https://z"), mean()),
			[]*rules.Caller{subjectOf("corp", "ada")}, nil, `and what it was is not there`, "revocations go by names that moved"},
		{"gone", By{Issuer: "corp", Subject: "ada"}, named2(mean("other", "https://b"), mean()),
			nil, []*rules.Caller{subjectOf("other", "ada")}, `no issuer "corp"`, "revocations stop nobody"},
		{"identity reused", By{Identity: "svc"}, named2(before.IssuersMean, mean("svc", "peer spiffe://x", "svc-old", "issuer https://a client web", "third", "peer y")),
			[]*rules.Caller{identified("svc"), identified("svc-old")}, []*rules.Caller{identified("third")}, `the second as "svc-old"`, "revocations go by names that moved"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			l := New(journal(t, dir), nil, clock)
			l.Compare(before, slog.New(slog.DiscardHandler))
			e := made("e1", c.by)
			e.Meant = before.Meaning(&e.By)
			if _, err := l.Add(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			if err := l.store.Close(); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			l = New(journal(t, dir), nil, clock) // the meaning survives a restart
			l.Compare(c.after, slog.New(slog.NewJSONHandler(&log, nil)))
			for _, who := range c.stops {
				if _, revoked := l.Revoked(who); !revoked {
					t.Errorf("%+v %+v passes", who.Verified, who.Identity)
				}
			}
			for _, who := range c.passes {
				if entry, revoked := l.Revoked(who); revoked {
					t.Errorf("%+v %+v is stopped by %s", who.Verified, who.Identity, entry)
				}
			}
			if c.want == "" && log.Len() > 0 || !strings.Contains(log.String(), c.want) {
				t.Errorf("the log is %s, want %s", log.String(), c.want)
			}
			vain := l.Vain()
			if c.vain == "" && len(vain) > 0 || c.vain != "" && (len(vain) != 1 || l.Stats().Vain != 1 || !strings.Contains(vain[0].Mistake(), c.vain)) {
				t.Errorf("mistaken: %+v, want %s", vain, c.vain)
			}
		})
	}
}

// M5: an entry of before names had meanings goes by its name alone, as it did.
func TestM5AnEntryWithoutMeaningGoesByItsName(t *testing.T) {
	l := New(stored1(t, made("e1", By{Issuer: "corp", Subject: "ada"})), nil, clock)
	l.Compare(named2(mean("corp-old", "https://a", "corp", "https://b"), mean()), nil)
	if _, revoked := l.Revoked(subjectOf("corp-old", "ada")); revoked {
		t.Error("nobody knows what the name meant")
	}
	if _, revoked := l.Revoked(subjectOf("corp", "ada")); !revoked || len(l.Vain()) > 0 {
		t.Error("the name is not what it goes by")
	}
}

// M5: what the names in a file meant is remembered in the state directory, by who
// serves; who only checks reads it and writes nothing.
func TestM5AFilesNamesKeepTheirMeaning(t *testing.T) {
	path := revoked(t, `revocations: [ { by: { issuer: corp, subject: ada }, because: test } ]`)
	dir := t.TempDir()
	before, after := named2(mean("corp", "https://a"), mean()), named2(mean("corp-old", "https://a", "corp", "https://b"), mean())
	start := func(serves bool, n Names) *List {
		t.Helper()
		f, err := OpenFile(FileOptions{Path: path, StateDir: dir, Serves: serves, Log: slog.New(slog.DiscardHandler), Now: clock})
		if err != nil {
			t.Fatal(err)
		}
		l := New(nil, f, clock)
		l.Compare(n, nil)
		return l
	}
	start(false, after) // writes nothing
	if l := start(true, before); len(l.Vain()) > 0 {
		t.Errorf("%+v", l.Vain())
	}
	for _, serves := range []bool{false, true, true} {
		l := start(serves, after)
		if v := l.Vain(); len(v) != 1 || !strings.Contains(v[0].NameMoved, `the second as "corp-old"`) {
			t.Errorf("%+v", v)
		}
		if _, revoked := l.Revoked(subjectOf("corp-old", "ada")); !revoked {
			t.Error("the old issuer's ada passes")
		}
	}
	l := start(true, after)
	if err := l.file.take([]byte("revocations: []")); err != nil {
		t.Fatal(err)
	}
	l.reload()
	if l = start(true, after); len(l.Vain()) > 0 { // it left the file and came back: it means what its name means now
		t.Errorf("%+v", l.Vain())
	}
}
