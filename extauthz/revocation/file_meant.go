package revocation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

// A file of entries cannot say what its names meant when they were written. The
// state directory remembers what they meant when a server first saw the entry.

const (
	meantName     = "revocations.meant.json"
	maxMeantBytes = 64 << 20
)

// remember gives each entry what its name meant when it was first seen here, and
// keeps what is new where this process serves. An entry that left the file is
// forgotten: put back, it means what its name means then.
func (f *File) remember(n Names) {
	f.taking.Lock()
	defer f.taking.Unlock()
	written, entries := *f.written.Load(), slices.Clone(f.Entries())
	now := make(map[string]string, len(entries))
	for i := range entries {
		key := written[i].key(&entries[i].By)
		if entries[i].Meant = f.meant[key]; entries[i].Meant == "" {
			entries[i].Meant = n.Meaning(&entries[i].By)
		}
		if entries[i].Meant != "" {
			now[key] = entries[i].Meant
		}
	}
	f.entries.Store(&entries)
	if n.IssuersMean == nil || maps.Equal(now, f.meant) {
		return
	}
	f.meant = now
	if f.o.StateDir == "" || !f.o.Serves {
		return
	}
	if err := writeMeant(f.o.StateDir, now); err != nil {
		f.o.Log.Error("meaning of revocations not kept", slog.Any("error", err))
	}
}

// Mistaken returns a mistake for each entry that stops nobody, or goes by a name
// that means another now. That is for who checks a file beside the rules; a server
// goes on, for either of the two may be reloaded first.
func (f *File) Mistaken(n Names) rules.Mistakes {
	n = n.frozen()
	f.remember(n)
	var ms rules.Mistakes
	entries := f.Entries()
	for i, x := range *f.written.Load() {
		at := x.By.Issuer.Pos
		if x.By.Identity.V != "" {
			at = x.By.Identity.Pos
		}
		switch l := n.listed(&entries[i]); {
		case l.StopsNobody != "":
			ms.Add(at, "%s in the rules: the entry stops nobody", l.StopsNobody)
		case l.NameMoved != "":
			ms.AddHint(at, "name what is meant; where that is what the name is now, give the entry another id, and it is a new one",
				"the name moved: %s", l.NameMoved)
		}
	}
	return ms
}

// key knows an entry again: what it is about and what it is called, but not where
// it stands or why.
func (x *entryText) key(by *By) string {
	text, _ := json.Marshal(struct { //nolint:errchkjson // texts and times
		By By
		ID string
	}{*by, x.ID.V})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func readMeant(dir string) (meant map[string]string, err error) {
	if dir == "" {
		return nil, nil
	}
	path := filepath.Join(dir, meantName)
	text, err := regular.ReadFile(path, maxMeantBytes)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &meant)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; remove it where the names of issuers and identities mean what they always meant", path, err)
	}
	return meant, nil
}

// writeMeant puts a new file in the place of the old, whole or not at all.
func writeMeant(dir string, meant map[string]string) error {
	text, err := json.Marshal(meant)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return err
	}
	return regular.Replace(filepath.Join(dir, meantName), text, 0o600)
}
