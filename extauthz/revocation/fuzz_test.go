package revocation

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"
)

// FuzzJournal: whatever bytes stand in the place of a journal, its mark lets
// nothing through that lacks one of its entries.
func FuzzJournal(f *testing.F) {
	j := journal(f, f.TempDir())
	put(f, j, "a", "b", "c")
	if _, err := j.Restore(context.Background(), Undo{ID: "b", Who: "test", Because: "test"}); err != nil {
		f.Fatal(err)
	}
	whole, markText := kept(f, j)
	m := mark{}
	if err := m.read(bytes.NewReader(markText)); err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(append(bytes.Clone(whole), "garbage"...))
	f.Add(bytes.ReplaceAll(whole, []byte("a"), []byte("b")))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := readJournal(bytes.NewReader(text))
		if err != nil {
			return
		}
		accepted := &Journal{o: JournalOptions{Log: slog.New(slog.DiscardHandler)}, mark: &m}
		if accepted.witnessed(c) != nil {
			return
		}
		l := newLayer(nil, Names{})
		for _, s := range c.live {
			l.add(&s.Entry, Names{})
		}
		for _, id := range []string{"a", "c"} {
			if _, revoked := l.revoked(subject(id), noon); !revoked {
				t.Errorf("%s is not revoked any more by\n%s", id, text)
			}
		}
	})
}

// FuzzFile: whatever a file says, either it is refused or every entry in it
// stops a caller.
func FuzzFile(f *testing.F) {
	f.Add("revocations: []\n")
	for _, by := range []string{"issuer: corp, subject: ada, issued_before: 2026-01-01", "issuer: corp, token_id: t", "issuer: corp, session: s", "issuer: corp, client: c", "issuer: corp, key: k", "issuer: corp, all: true", "identity: i"} {
		f.Add(fmt.Sprintf("revocations:\n  - { by: { %s }, because: test }\n  - by: { issuer: corp, subject: bob }\n    because: x\n", by))
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := &File{o: FileOptions{Path: "revoked.yaml", Now: clock}}
		entries, _, err := file.parse([]byte(text))
		if err != nil {
			return
		}
		l := newLayer(entries, Names{})
		for i := range entries {
			e := &entries[i]
			c := ada(nil)
			c.IssuedAt = time.Time{}
			c.Issuer, c.TokenID, c.Session, c.Subject, c.ClientID, c.KeyID = e.By.Issuer, e.By.Token, e.By.Session, e.By.Subject, e.By.Client, e.By.Key
			c.Identity.Name = e.By.Identity
			if _, revoked := l.revoked(c, e.Until.Add(-1)); !revoked {
				t.Errorf("entry %d, %s, stops nobody in\n%s", i, &e.By, text)
			}
		}
	})
}
