package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const ok = `{"v":1,"seq":1,"id":"a","time":"2027-01-01T00:00:00Z","later":"unknown members are read over"}`

func TestReadGoesOnBehindALineThatIsNoRecord(t *testing.T) {
	for name, c := range map[string]struct{ log, want string }{
		"whole":                 {ok + "\n" + ok + "\n", "a a"},
		"no newline at the end": {ok + "\n" + ok, "a a"},
		"torn":                  {ok + "\n" + ok[:30], "a"},
		"damaged in the middle": {ok + "\n" + ok[:30] + "\n" + ok + "\n", "a !line 2 a"},
		"another version":       {strings.Replace(ok, `"v":1`, `"v":2`, 1) + "\n" + ok + "\n", "!line 1 a"},
		"blank lines":           {"\n\n" + ok + "\n\n", "a"},
		"empty":                 {"", ""},
		"too long":              {strings.Repeat("x", maxLine+1), "!line 1"},
		"too long before one":   {strings.Repeat("x", maxLine+1) + "\n" + ok + "\n", "!line 1 a"},
		"the end in order":      {ok + "\n" + `{"v":1,"seq":1,"why":"closed","time":"2027-01-01T00:00:00Z"}` + "\n" + ok + "\n", "a a"},
		"a wrong input":         {`{"v":1,"inputs":[{"name":"n","value":{"a":1}}]}` + "\n", "!line 1"},
		"a mixed input":         {`{"v":1,"inputs":[{"name":"n","value":[1,"a"]}]}` + "\n", "!line 1"},
		"a fractional input":    {`{"v":1,"inputs":[{"name":"n","value":1.5}]}` + "\n", "!line 1"},
	} {
		var got []string
		for r, err := range Read(strings.NewReader(c.log)) {
			if err != nil {
				got = append(got, "!"+strings.SplitN(err.Error(), ":", 2)[0])
				continue
			}
			got = append(got, r.ID)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %q, want %q", name, s, c.want)
		}
	}
}

func TestReadStopsWhenTheReaderHasEnough(t *testing.T) {
	for range Read(strings.NewReader(ok + "\n" + ok + "\n")) {
		break
	}
}

func TestFind(t *testing.T) {
	r := full()
	log := "damaged\n" + ok + "\n" + string(line(&r)) + ok[:20]
	got, err := Find(strings.NewReader(log), "01hx")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, id := range []string{"nobody", ""} {
		if _, err := Find(strings.NewReader(log), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("Find(%q) = %v, want ErrNotFound", id, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(ok + "\n" + ok[:9]))
	f.Fuzz(func(t *testing.T, log []byte) {
		lines := strings.Count(string(log), "\n") + 1
		n := 0
		for r, err := range Read(strings.NewReader(string(log))) {
			if n++; err == nil && r.V != Version {
				t.Errorf("a record of version %d was yielded", r.V)
			}
		}
		if n > lines {
			t.Errorf("%d records from %d lines", n, lines)
		}
	})
}

func TestKeyIsMadeOnceAndKeptSecret(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	a, err := LoadKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := LoadKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a.Hash("ada") != b.Hash("ada") || a.Hash("ada") == a.Hash("bob") || len(a.Hash("ada")) != 32 {
		t.Errorf("hashes %q, %q, %q", a.Hash("ada"), b.Hash("ada"), a.Hash("bob"))
	}
	if a.Hash("1") == a.Hash(int64(1)) || a.Hash([]string{"a,b"}) == a.Hash([]string{"a", "b"}) {
		t.Error("values of different kinds share a hash")
	}
	if c, err := LoadKey(""); err != nil || c.Hash("ada") == a.Hash("ada") {
		t.Errorf("a key without a directory: %v", err)
	}
	if s := fmt.Sprintf("%v %+v %#v %s %x", a, a, a, a, a); strings.Count(s, "[audit key]") != 5 {
		t.Errorf("printed as %s", s)
	}
	path := filepath.Join(dir, "audit.key")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files are left in the state directory", len(entries))
	}

	os.Chmod(path, 0o644)
	if _, err := LoadKey(dir); err == nil || !strings.Contains(err.Error(), "others can read it") {
		t.Errorf("a key that others can read: %v", err)
	}
	os.Chmod(path, 0o600)
	os.WriteFile(path, []byte("short"), 0o600)
	if _, err := LoadKey(dir); err == nil || !strings.Contains(err.Error(), "has 5 bytes") {
		t.Errorf("a short key: %v", err)
	}
}
