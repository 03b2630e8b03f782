package revocation

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAFileSaysWhatIsRevoked(t *testing.T) {
	path := revoked(t, `# who left
revocations:
  - { id: laptop-17, by: { issuer: corp, subject: ada, issued_before: 2026-11-20 }, because: laptop stolen, who: bob, at: 2026-11-21T08:00:00Z }
  - by: { issuer: corp, token_id: t1 }
    because: seen in a log
    until: 2027-01-01
  - { by: { issuer: corp, session: s1 }, because: x }
  - { by: { issuer: corp, client: web }, because: x }
  - { by: { issuer: corp, key: k1 }, because: x }
  - { by: { issuer: corp, all: true }, because: x }
  - { by: { identity: svc-billing }, because: x }
`)
	entries := open(t, path).Entries()
	if len(entries) != 7 {
		t.Fatalf("%d entries, want 7: %v", len(entries), entries)
	}
	for i, want := range []Form{BySubject, ByToken, BySession, ByClient, ByKey, ByIssuer, ByIdentity} {
		if got := entries[i].By.Form(); got != want {
			t.Errorf("entry %d is by %v, want %v", i, got, want)
		}
	}
	first, second := entries[0], entries[1]
	if first.ID != "laptop-17" || first.Who != "bob" || first.By.IssuedBefore.Format(time.RFC3339) != "2026-11-20T00:00:00Z" || first.At.Hour() != 8 {
		t.Errorf("the first is %+v", first)
	}
	if second.ID != "revoked.yaml:4:5" || second.Who != "revoked.yaml" || second.At.IsZero() || second.Until.Year() != 2027 {
		t.Errorf("the second is %+v", second)
	}
}

// Each row is a file with one mistake, and where it is said to be.
func TestMistakesInAFileNameTheirPlace(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", ":1:1: the file is empty"},
		{"nothing said", "{}\n", ":1:1: no revocations"},
		{"another key", "revoked: []\n", `:1:1: unknown key "revoked"`},
		{"a misspelt form", "revocations: [ { by: { issuer: corp, subjet: ada }, because: x } ]", `unknown key "subjet" (did you mean "subject"?)`},
		{"no form", "revocations: [ { by: { issuer: corp }, because: x } ]", `:1:16: issuer "corp" alone: say what of it, or all: true`},
		{"only a time", "revocations: [ { by: { issuer: corp, issued_before: 2026-01-01 }, because: x } ]", `issuer "corp" alone`},
		{"nothing revoked", "revocations: [ { because: x } ]", `want exactly one of token_id, session`},
		{"two forms", "revocations: [ { by: { issuer: corp, subject: ada, session: s }, because: x } ]", `want exactly one of`},
		{"a form that says nothing", `revocations: [ { by: { issuer: corp, all: true, subject: "" }, because: x } ]`, `:1:58: a value without anything in it`},
		{"all that is not", "revocations: [ { by: { issuer: corp, all: false }, because: x } ]", `:1:43: all is true, or not there`},
		{"no issuer", "revocations: [ { by: { subject: ada }, because: x } ]", `a subject belongs to an issuer`},
		{"an unknown issuer", "revocations: [ { by: { issuer: crop, subject: ada }, because: x } ]", `:1:32: no issuer "crop" (its name in the configuration, not its URL)`},
		{"an identity of an issuer", "revocations: [ { by: { issuer: corp, identity: a }, because: x } ]", `identity "a" has no issuer beside it`},
		{"a time that is none", "revocations: [ { by: { issuer: corp, subject: a, issued_before: soon }, because: x } ]", `:1:65: want a date`},
		{"a time that would be no bound", "revocations: [ { by: { issuer: corp, subject: a, issued_before: 0001-01-01 }, because: x } ]", `:1:65: a time in the year 1, which is none`},
		{"a time for a token", "revocations: [ { by: { issuer: corp, token_id: a, issued_before: 2026-01-01 }, because: x } ]", `issued_before is for a subject or a whole issuer, not for a token`},
		{"no reason", "revocations: [ { by: { issuer: corp, subject: a } } ]", `say because`},
		{"one id twice", "revocations: [ { id: a, by: { issuer: corp, subject: a }, because: x }, { id: a, by: { issuer: corp, subject: b }, because: x } ]", `:1:79: entry "a" is already defined at`},
		{"a control byte", "revocations: [ { by: { issuer: corp, subject: \"a\\x01\" }, because: x } ]", `subject has byte 0x01`},
		{"L2 an invisible character", "revocations: [ { by: { issuer: corp, subject: \"ada\\u200b\" }, because: x } ]", `:1:16: subject has the character U+200B, which does not show`},
		{"L2 an invisible character in an id", "revocations: [ { id: \"a\\uFEFF\", by: { issuer: corp, subject: ada }, because: x } ]", `id has the character U+FEFF`},
		{"L2 text that runs backwards", "revocations: [ { by: { issuer: corp, subject: ada }, because: \"a\\u202Eb\" } ]", `because has the character U+202E`},
		{"L2 a space that is not ASCII's", "revocations: [ { by: { issuer: corp, client: \"web\\u00A0\" }, because: x } ]", `client has the character U+00A0`},
		{"L2 a space at the end", "revocations: [ { by: { issuer: corp, token_id: 't1 ' }, because: x } ]", `token "t1 " begins or ends with a space`},
		{"L2 a space in front", "revocations: [ { by: { identity: ' svc' }, because: x } ]", `identity " svc" begins or ends with a space`},
		{"L2 a value in another writing", "revocations: [ { by: { issuer: corp, subject: !!binary YWRh }, because: x } ]", `:1:47: the tag !!binary is not supported (write the value as it is)`},
		{"L2 a tag of nobody", "revocations: [ { by: { issuer: corp, subject: !user ada }, because: x } ]", `:1:47: the tag !user is not supported`},
		{"too long", "revocations: [ { by: { issuer: corp, subject: " + strings.Repeat("a", 1025) + " }, because: x } ]", `subject has 1025 bytes, the limit is 1024`},
		{"a time before there was any", "revocations: [ { by: { issuer: corp, subject: a }, because: x, until: 1969-12-31 } ]", `a time in the year 1969`},
		{"a second document", "revocations: []\n---\nrevocations: []\n", `a second document in one file`},
		{"an alias", "revocations: [ &a { by: { issuer: corp, subject: a }, because: x }, *a ]", `anchors and aliases are not allowed`},
		{"not UTF-8", "revocations: [ { by: { issuer: corp, subject: \xff }, because: x } ]", `the file is not UTF-8`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := OpenFile(FileOptions{Path: revoked(t, c.text), Issuers: corpOnly, Log: slog.New(slog.DiscardHandler)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

// L2: the twins of what is refused because nobody sees it: what shows is fine.
func TestL2NamesThatShowAreTaken(t *testing.T) {
	text := `revocations:
  - { by: { issuer: corp, subject: "ada lovelace" }, because: "x  y " }
  - { by: { issuer: corp, subject: Åsa日本 }, because: x }
  - { by: { issuer: corp, subject: !!str 17 }, because: x }
`
	entries := open(t, revoked(t, text)).Entries()
	if len(entries) != 3 || entries[0].By.Subject != "ada lovelace" || entries[2].By.Subject != "17" {
		t.Errorf("%+v", entries)
	}
}

// L2: an entry whose end has come stops nobody: who wrote it learns so.
func TestL2EntriesThatAreOverAreToldOf(t *testing.T) {
	var log bytes.Buffer
	path := revoked(t, `revocations:
  - { by: { issuer: corp, subject: a }, because: x, until: 2026-11-22T12:00:01Z }
  - { by: { issuer: corp, subject: b }, because: x, until: 2026-11-22T12:00:00Z }
  - { by: { issuer: corp, subject: c }, because: x }
`)
	f, err := OpenFile(FileOptions{Path: path, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	if over := f.Over(noon); len(over) != 1 || over[0].Pos.Line != 3 || !strings.Contains(over[0].Text, "2026-11-22T12:00:00Z is over") {
		t.Errorf("%v", over)
	}
	if got := log.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, "entries=1") {
		t.Errorf("the log is %q", got)
	}
}

// R2: what is no file, or too much of one, is not read, and nobody waits for it.
func TestAFileThatIsNoneIsRefused(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		pipe: "a named pipe", dir: "a directory", "/dev/zero": "a device",
		filepath.Join(dir, "missing"):                                 "no such file",
		revoked(t, "revocations: []\n#"+strings.Repeat("x", maxFile)): "too long",
	} {
		if _, err := OpenFile(FileOptions{Path: path, Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	if _, err := os.Stat(pipe); err != nil {
		t.Error(err)
	}
}
