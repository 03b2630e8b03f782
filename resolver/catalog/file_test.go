package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/rules"
)

// sheet is a file source in a directory of its own.
type sheet struct {
	*File
	path   string
	clock  *clock
	loaded []string // what Loaded was told
}

func openSheet(t *testing.T, name, text string, change func(*FileOptions)) *sheet {
	t.Helper()
	s := &sheet{path: filepath.Join(t.TempDir(), name), clock: newClock()}
	if text != "" {
		s.write(t, text)
	}
	o := FileOptions{Path: s.path, Now: s.clock.Now, Loaded: func(err error) { s.loaded = append(s.loaded, fmt.Sprint(err)) }}
	if change != nil {
		change(&o)
	}
	var err error
	if s.File, err = OpenFile(o); err != nil {
		t.Fatal(err)
	}
	return s
}

// write replaces the file as a careful writer does, written at the clock's time.
func (s *sheet) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(s.path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(s.path+".new", s.clock.Now(), s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.path+".new", s.path); err != nil {
		t.Fatal(err)
	}
}

func (s *sheet) row(t *testing.T, id string) Row {
	t.Helper()
	rows, err := s.Lookup(t.Context(), []Key{{"account", id}})
	if err != nil {
		t.Fatal(err)
	}
	return rows[0]
}

const goodCSV = "id,tenant\na,eu\n"

func TestR1BadFileKeepsTheLastGood(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for _, c := range []struct{ name, file, text, want string }{
		{"0 bytes", "a.csv", "", "a.csv:1:1: the file is empty"},
		{"no id column", "a.csv", "key,tenant\na,eu\n", "a.csv:1:1: no column is named id"},
		{"almost id", "a.csv", "ID,tenant\na,eu\n", `a.csv:1:1: column "ID" is almost "id"`},
		{"a space before tier", "a.csv", "id, tier,tenant\na,restricted,eu\n", `a.csv:1:1: column " tier" is almost "tier"`},
		{"tier in capitals", "a.csv", "id,Tier,tenant\na,restricted,eu\n", `a.csv:1:1: column "Tier" is almost "tier"`},
		{"a no-break space after parent", "a.csv", "id,parent\u00a0\na,c\n", `a.csv:1:1: column "parent\u00a0" is almost "parent"`},
		{"an invisible mark before type", "a.csv", "id,\ufefftype\na,account\n", `a.csv:1:1: column "\ufefftype" is almost "type"`},
		{"two tiers", "a.csv", "id,tier,TIER\na,,restricted\n", `a.csv:1:1: column "TIER" is almost "tier"`},
		{"tier with two letters swapped", "a.csv", "id,teir,tenant\na,restricted,eu\n", `a.csv:1:1: column "teir" is almost "tier", and there is no "tier"`},
		{"tiers", "a.csv", "id,Tiers\na,restricted\n", `a.csv:1:1: column "Tiers" is almost "tier"`},
		{"parent without its end", "a.csv", "id,paren\na,c\n", `a.csv:1:1: column "paren" is almost "parent"`},
		{"another letter in type", "a.csv", "id,tipe\na,account\n", `a.csv:1:1: column "tipe" is almost "type"`},
		{"only a header", "a.csv", "id,tenant\n", "a.csv:1:1: no rows"},
		{"column twice", "a.csv", "id,tenant,tenant\na,eu,us\n", `a.csv:1:1: two columns are named "tenant"`},
		{"id column twice", "a.csv", "id,id\na,b\n", `a.csv:1:1: two columns are named "id"`},
		{"column without name", "a.csv", "id,\na,eu\n", "a.csv:1:1: column 2 has no readable name"},
		{"cut in a row", "a.csv", "id,tenant\na,eu\nb", "a.csv:3:1: not valid CSV: wrong number of fields"},
		{"cut in a quote", "a.csv", "id,tenant\na,\"eu", "a.csv:2:6: not valid CSV"},
		{"bare quote", "a.csv", "id,tenant\na,e\"u\n", "a.csv:2:4: not valid CSV"},
		{"empty id", "a.csv", "id,tenant\n,eu\n", "a.csv:2:1: the id is empty"},
		{"L5 space behind an id", "a.csv", "id,tenant\na,eu\nbob ,eu\n", "a.csv:3:1: the id has a space at an end"},
		{"L5 space before an id", "a.jsonl", `{"id":" bob"}`, "a.jsonl:1:1: the id has a space at an end"},
		{"L5 wide space behind an id", "a.yaml", `- { id: "bob\u2003" }`, "a.yaml:1:3: the id has a space at an end"},
		{"L5 tab behind an id", "a.csv", "id,tenant\nbob\t,eu\n", "a.csv:2:1: the id has a space at an end"},
		{"L5 tab in an id", "a.yaml", `- { id: "b\tob" }`, "a.yaml:1:3: the id has a character that does not print"},
		{"L5 line end in an id", "a.csv", "id,tenant\n\"b\nob\",eu\n", "a.csv:2:1: the id has a character that does not print"},
		{"L5 nothing wide in an id", "a.jsonl", `{"id":"b\u200bob"}`, "a.jsonl:1:1: the id has a character that does not print"},
		{"empty type", "a.csv", "id,type\na,\n", "a.csv:2:1: the type is empty"},
		{"too large", "a.csv", goodCSV + "b," + long + "\n", "2018 bytes, at most 1000 are read"},
		{"0 bytes", "a.jsonl", "", "a.jsonl:1:1: the file is empty"},
		{"one newline", "a.jsonl", "\n", "a.jsonl:1:1: no rows"},
		{"only blank lines", "a.jsonl", " \n\r\n\t\n", "a.jsonl:1:1: no rows"},
		{"almost tier", "a.jsonl", "{\"id\":\"a\"}\n{\"id\":\"b\",\"Tier\":\"restricted\"}", `a.jsonl:2:1: column "Tier" is almost "tier"`},
		{"almost parent, and null", "a.jsonl", `{"id":"a","parent ":null}`, `a.jsonl:1:1: column "parent " is almost "parent"`},
		{"a slip in tier", "a.jsonl", "{\"id\":\"a\"}\n{\"id\":\"b\",\"teir\":\"restricted\"}", `a.jsonl:2:1: column "teir" is almost "tier"`},
		{
			"a slip in the rows of one type", "a.jsonl", "{\"id\":\"a\",\"type\":\"x\",\"tier\":\"\"}\n{\"id\":\"b\",\"type\":\"y\",\"teir\":\"\"}",
			`a.jsonl:2:1: column "teir" is almost "tier"`,
		},
		{"cut in a line", "a.jsonl", "{\"id\":\"a\"}\n{\"id\":\"b\"", "a.jsonl:2:1: not a strict JSON object"},
		{"member twice", "a.jsonl", `{"id":"a","id":"b"}`, `a.jsonl:1:1: not a strict JSON object: "id" is given twice`},
		{"two objects in a line", "a.jsonl", `{"id":"a"} {"id":"b"}`, "a.jsonl:1:1: not a strict JSON object: something follows the object"},
		{"a list", "a.jsonl", `["a"]`, "a.jsonl:1:1: not a strict JSON object"},
		{"nested", "a.jsonl", `{"id":"a","owner":{"name":"x"}}`, `a.jsonl:1:1: not a strict JSON object: "owner"`},
		{"list in a list", "a.jsonl", `{"id":"a","owner":[["x"]]}`, `a.jsonl:1:1: not a strict JSON object: "owner"`},
		{"no id", "a.jsonl", `{"tenant":"eu"}`, "a.jsonl:1:1: no id"},
		{"id of another kind", "a.jsonl", `{"id":true}`, "a.jsonl:1:1: no id"},
		{"fraction as id", "a.jsonl", `{"id":1.5}`, "a.jsonl:1:1: no id"},
		{"types for some", "a.jsonl", "{\"id\":\"a\",\"type\":\"account\"}\n{\"id\":\"b\"}", "a.jsonl:2:1: either every row names its type or none does"},
		{"empty type", "a.jsonl", `{"id":"a","type":""}`, "a.jsonl:1:1: the type is empty"},
		{"0 bytes", "a.yaml", "", "a.yaml:1:1: the file is empty"},
		{"a mapping", "a.yaml", "a: { tenant: eu }\n", "a.yaml:1:1: want a list of rows, found a mapping"},
		{"a list of words", "a.yaml", "- a\n", "a.yaml:1:3: want a row as a mapping, found a value"},
		{"key twice", "a.yaml", "- { id: a, id: b }\n", `a.yaml:1:12: "id" is already given at`},
		{"second document", "a.yaml", "- { id: a }\n---\n- { id: b }\n", "a second document"},
		{"tab", "a.yaml", "- id: a\n\ttenant: eu\n", "not valid YAML"},
		{"alias", "a.yaml", "- &x { id: a }\n- *x\n", "a.yaml:1:3: anchors and aliases are not allowed"},
		{"nested", "a.yaml", "- { id: a, owner: { name: x } }\n", "a.yaml:1:3: want a value or a list of values in owner"},
		{"not UTF-8", "a.yaml", "- { id: \"a\xff\" }\n", "a.yaml:1:1: the file is not UTF-8"},
		{"no id", "a.yaml", "- { tenant: eu }\n", "a.yaml:1:3: no id"},
		{"almost tier", "a.yaml", "- { id: a, TIER: restricted }\n", `a.yaml:1:3: column "TIER" is almost "tier"`},
		{"almost type", "a.yaml", "- { id: a, \" type\": account }\n", `a.yaml:1:3: column " type" is almost "type"`},
		{"a slip in parent", "a.yaml", "- { id: a }\n- { id: b, parnet: c }\n", `a.yaml:2:1: column "parnet" is almost "parent"`},
		{"null id", "a.yaml", "- { id: null }\n", "a.yaml:1:3: no id"},
	} {
		t.Run(filepath.Ext(c.file)[1:]+" "+c.name, func(t *testing.T) {
			good := map[string]string{"a.csv": goodCSV, "a.jsonl": "{\"id\":\"a\",\"tenant\":\"eu\"}\n", "a.yaml": "- { id: a, tenant: eu }\n"}[c.file]
			var log bytes.Buffer
			s := openSheet(t, c.file, good, func(o *FileOptions) { o.MaxSize, o.Log = 1000, slog.New(slog.NewTextHandler(&log, nil)) })
			s.clock.advance(time.Minute)
			s.write(t, c.text)
			for range 3 { // the same fault again is no news
				s.reload()
			}
			if r := s.row(t, "a"); !r.Found || r.Generation != 1 {
				t.Errorf("row a = %+v, want that of the last good file", r)
			}
			if len(s.loaded) != 2 || s.loaded[0] != "<nil>" || !strings.Contains(s.loaded[1], c.want) {
				t.Fatalf("Loaded was told %q, want one fault with %q", s.loaded, c.want)
			}
			if s.Err() == nil || strings.Count(log.String(), "level=ERROR") != 1 {
				t.Errorf("Err() = %v, log:\n%s", s.Err(), &log)
			}
			s.clock.advance(time.Minute)
			s.write(t, good)
			s.reload()
			if s.Err() != nil || s.loaded[len(s.loaded)-1] != "<nil>" {
				t.Errorf("after the repair: Err() = %v, Loaded was told %q", s.Err(), s.loaded)
			}
		})
	}
}

// What only looks like a built-in column is a column like any other, where the
// built-in one is there, too.
func TestColumnsThatAreNotBuiltIn(t *testing.T) {
	for file, text := range map[string]string{
		"a.csv":   "id,tiers,parent_id,subtype,ti er,tier2,tier\na,restricted,restricted,restricted,restricted,restricted,\n",
		"a.jsonl": `{"id":"a","tiers":"restricted","parent_id":"c","subtype":"x","ti er":"restricted","tier2":"restricted","tier":null}`,
	} {
		if r := openSheet(t, file, text, nil).row(t, "a"); r.Bad != "" || r.Tier != "" || r.Parent != "" || len(r.Columns) != 5 {
			t.Errorf("%s: %+v, want five columns", file, r)
		}
	}
}

func TestMemoryRefusesAnAlmostBuiltInColumn(t *testing.T) {
	for name, bad := range map[string]bool{"Tier": true, "\tparent": true, "tenant": false} {
		rows, err := NewMemory(row("a", map[string]any{name: "restricted"})).Lookup(t.Context(), []Key{{"account", "a"}})
		if err != nil || (rows[0].Bad != "") != bad {
			t.Errorf("%q: %+v, %v, want a bad row: %v", name, rows, err, bad)
		}
	}
}

// An empty list is how a file says that there is nothing: nobody cuts a file to that.
func TestAnEmptyListIsACatalogWithoutRows(t *testing.T) {
	s := openSheet(t, "a.yaml", "[]\n", nil)
	if r := s.row(t, "a"); s.Err() != nil || r.Found {
		t.Errorf("Err() = %v, row %+v, want no row and no fault", s.Err(), r)
	}
}

func TestC3BadRowsLeaveTheOthersAlone(t *testing.T) {
	for _, c := range []struct{ name, file, text string }{
		{"one id twice", "a.csv", "id,tenant\nbad,eu\nfine,eu\nbad,eu\n"},
		{"one id thrice", "a.csv", "id,tenant\nbad,eu\nfine,eu\nbad,eu\nbad,us\n"},
		{"not UTF-8", "a.csv", "id,tenant\nbad,e\xffu\nfine,eu\n"},
		{"one id twice", "a.jsonl", "{\"id\":\"bad\"}\n{\"id\":\"fine\"}\n{\"id\":\"bad\"}\n"},
		{"number and text", "a.jsonl", "{\"id\":7}\n{\"id\":\"fine\"}\n{\"id\":\"7\"}\n"},
		{"not UTF-8", "a.jsonl", "{\"id\":\"bad\",\"tenant\":\"e\xffu\"}\n{\"id\":\"fine\"}\n"},
		{"parent of another kind", "a.jsonl", "{\"id\":\"bad\",\"parent\":[\"x\"]}\n{\"id\":\"fine\"}\n"},
		{"tier of another kind", "a.jsonl", "{\"id\":\"bad\",\"tier\":true}\n{\"id\":\"fine\"}\n"},
		{"one id twice", "a.yaml", "- { id: bad }\n- { id: fine }\n- { id: bad }\n"},
	} {
		t.Run(c.file+" "+c.name, func(t *testing.T) {
			s := openSheet(t, c.file, c.text, nil)
			bad := "bad"
			if c.name == "number and text" {
				bad = "7"
			}
			if r := s.row(t, bad); !r.Found || r.Bad == "" || strings.Contains(r.Bad, "bad") || r.Pos.Line != 1 && c.file != "a.csv" {
				t.Errorf("row = %+v, want a bad one with its place and without its values", r)
			}
			if r := s.row(t, "fine"); !r.Found || r.Bad != "" {
				t.Errorf("row fine = %+v", r)
			}
		})
	}
}

func TestWhatTheFormatsMean(t *testing.T) {
	want := []Row{
		{Key: Key{"account", "007"}, Tier: "internal", Parent: "12", Columns: map[string]any{"frozen": true, "limit": int64(5), "owners": []any{"a", "b"}}},
		{Key: Key{"account", "8"}, NoTier: true, Columns: map[string]any{"frozen": nil}},
	}
	for file, text := range map[string]string{
		"a.csv":   "\xEF\xBB\xBFid,tier,parent,frozen,limit,owners\r\n007,internal,12,true,5,a;b\r\n8,,,,,\r\n",
		"a.jsonl": "\xEF\xBB\xBF{\"id\":\"007\",\"tier\":\"internal\",\"parent\":12,\"frozen\":true,\"limit\":5,\"owners\":[\"a\",\"b\"]}\r\n\r\n{\"id\":8,\"tier\":null,\"frozen\":null}",
		"a.yaml":  "# rows\n- { id: 007, tier: internal, parent: 12, frozen: true, limit: 5, owners: [a, b] }\n- id: 8\n  tier:\n  frozen: ~\n",
	} {
		s := openSheet(t, file, text, nil)
		for _, w := range want {
			got := s.row(t, w.Key.ID)
			w.Found, w.Generation, w.Pos = true, 1, got.Pos
			if file == "a.csv" {
				w.Whole = true
				w.Columns = map[string]any{"frozen": Text("true"), "limit": Text("5"), "owners": Text("a;b")}
				if w.NoTier {
					w.Columns = map[string]any{"frozen": nil, "limit": nil, "owners": nil}
				}
			} else if w.NoTier {
				w.Columns = map[string]any{"frozen": nil, "limit": nil, "owners": nil} // other rows have them
				w.Null = []string{"frozen"}
			}
			if diff := cmp.Diff(w, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		}
	}
}

func TestYAMLTakesOnlyPlainSpellings(t *testing.T) {
	s := openSheet(t, "a.yaml", "- { id: a, yes: True, hex: 0x10, on: on, day: 2026-01-02, big: 99999999999999999999 }\n", nil)
	want := map[string]any{"yes": "True", "hex": 0.0, "on": "on", "day": "2026-01-02", "big": 1e20}
	if diff := cmp.Diff(want, s.row(t, "a").Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s\nwhat is not plain must not pass as a bool or an int", diff)
	}
}

func TestOneSourceServesSeveralTypes(t *testing.T) {
	src := openSheet(t, "a.csv", "id,type,tenant\n1,account,eu\n1,card,us\n", nil)
	rows, err := src.Lookup(t.Context(), []Key{{"card", "1"}, {"account", "1"}, {"file", "1"}})
	if err != nil || rows[0].Columns["tenant"] != Text("us") || rows[1].Columns["tenant"] != Text("eu") || rows[2].Found {
		t.Errorf("%+v, %v", rows, err)
	}
	for r := range src.Rows(t.Context(), "card") {
		if r.Columns["tenant"] != Text("us") {
			t.Errorf("cards list %+v", r)
		}
	}
}

func TestMaxAgeCountsFromTheModificationTime(t *testing.T) {
	const text = "id,tenant,owners,frozen,limit,codes\na,eu,,,,\n"
	s := openSheet(t, "a.csv", text, func(o *FileOptions) { o.MaxAge = time.Hour })
	d := open(t, s.File, func(o *Options) { o.Now = s.clock.Now; o.TTL = map[string]time.Duration{"default": 24 * time.Hour} })
	s.clock.advance(time.Hour)
	d.fill(t, "a")
	if age, ok := s.Age(); !ok || age != time.Hour {
		t.Errorf("Age() = %v, %v", age, ok)
	}
	s.clock.advance(1)
	_, err := d.view.Fill(t.Context(), d.targets("a"), nil) // the row is in the cache
	wantFault(t, err, rules.CatalogStale)
	if _, err := s.Lookup(t.Context(), nil); !errors.Is(err, ErrStale) {
		t.Errorf("Lookup: %v, want ErrStale", err)
	}

	s.write(t, text) // the same rows, written anew
	s.reload()
	if _, stats := d.fill(t, "a"); stats.Hits != 1 || stats.Generation != 1 {
		t.Errorf("%+v: want the cache warm, for no row changed", stats)
	}
}

func TestFutureModificationTimeDoesNotStretchMaxAge(t *testing.T) {
	s := openSheet(t, "a.csv", goodCSV, func(o *FileOptions) { o.MaxAge = time.Hour })
	s.clock.advance(-24 * time.Hour)
	s.seen.info = nil
	s.reload()
	s.clock.advance(time.Hour + 1)
	if _, err := s.Lookup(t.Context(), nil); !errors.Is(err, ErrStale) {
		t.Errorf("Lookup: %v, want ErrStale", err)
	}
}

// A file from a clock that runs ahead ages like one that was written when we
// first saw it, and once its clock has moved on it is not read again each time.
func TestAFileFromTheFutureGetsOld(t *testing.T) {
	ahead := func(t *testing.T, s *sheet) {
		t.Helper()
		at := newClock().Now().Add(24 * time.Hour)
		must(t, os.Chtimes(s.path, at, at))
	}
	s := openSheet(t, "a.csv", goodCSV, func(o *FileOptions) { o.MaxAge = time.Hour })
	s.clock.advance(time.Second)
	ahead(t, s)
	for range 60 { // polls of a minute; the first one sees the new date
		s.reload()
		if s.row(t, "a"); s.Err() != nil {
			t.Fatal(s.Err())
		}
		s.clock.advance(time.Minute)
	}
	read := s.seen.at
	s.reload()
	if !s.seen.at.Equal(read) {
		t.Error("the content was read once more, though the file is as it was for an hour")
	}
	s.clock.advance(time.Second)
	if _, err := s.Lookup(t.Context(), nil); !errors.Is(err, ErrStale) {
		t.Errorf("Lookup: %v, want ErrStale", err)
	}

	must(t, os.Remove(s.path)) // away and back is no news either
	s.reload()
	must(t, os.WriteFile(s.path, []byte(goodCSV), 0o600))
	ahead(t, s)
	s.reload()
	if _, err := s.Lookup(t.Context(), nil); !errors.Is(err, ErrStale) {
		t.Errorf("the same file put back: %v, want ErrStale", err)
	}
	s.write(t, goodCSV) // twin: written anew
	s.reload()
	s.row(t, "a")
}

func TestOtherContentWithAFutureDateIsSeen(t *testing.T) {
	s := openSheet(t, "a.csv", goodCSV, nil)
	at := s.clock.Now().Add(time.Hour)
	for _, tenant := range []string{"us", "uk"} {
		must(t, os.WriteFile(s.path, []byte("id,tenant\na,"+tenant+"\n"), 0o600), os.Chtimes(s.path, at, at))
		s.clock.advance(time.Second)
		s.reload()
		if got := s.row(t, "a").Columns["tenant"]; got != Text(tenant) {
			t.Errorf("tenant %v, want %s", got, tenant)
		}
	}
}

func TestC1FileThatIsNotThereYet(t *testing.T) {
	s := openSheet(t, "a.csv", "", nil)
	if s.Err() == nil || len(s.loaded) != 1 {
		t.Fatalf("Err() = %v, Loaded was told %q", s.Err(), s.loaded)
	}
	if _, err := s.Lookup(t.Context(), nil); !errors.Is(err, ErrUnavailable) {
		t.Errorf("Lookup: %v, want ErrUnavailable", err)
	}
	for _, err := range s.Rows(t.Context(), "account") {
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("Rows: %v, want ErrUnavailable", err)
		}
	}
	if _, ok := s.Age(); ok {
		t.Error("a file that was never loaded has an age")
	}
	s.write(t, goodCSV)
	s.reload()
	if s.row(t, "a"); s.Err() != nil {
		t.Errorf("then: %v", s.Err())
	}
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	s.reload()
	if r := s.row(t, "a"); !r.Found || !errors.Is(s.Err(), os.ErrNotExist) {
		t.Errorf("removed: row %+v, Err() = %v, want the last good rows and the fault", r, s.Err())
	}
	s.write(t, goodCSV)
	s.reload()
	if gen, _ := s.Version(); s.Err() != nil || gen != 1 || s.loaded[len(s.loaded)-1] != "<nil>" {
		t.Errorf("back again: %v, generation %d, Loaded was told %q", s.Err(), gen, s.loaded)
	}
}

func TestR2OnlyRegularFiles(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"pipe":      func(p string) error { return syscall.Mkfifo(p, 0o600) },
		"directory": func(p string) error { return os.Mkdir(p, 0o700) },
		"device":    func(p string) error { return os.Symlink("/dev/zero", p) },
	} {
		path := filepath.Join(t.TempDir(), "a.csv")
		if err := make(path); err != nil {
			t.Fatal(err)
		}
		f, err := OpenFile(FileOptions{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if f.Err() == nil || !strings.Contains(f.Err().Error(), "not a regular file") {
			t.Errorf("%s: %v", name, f.Err())
		}
	}
}

func TestOpenFileRefusesBadOptions(t *testing.T) {
	for _, o := range []FileOptions{{}, {Path: "a.txt"}, {Path: "a.CSV"}, {Path: "a.csv", MaxAge: -1}, {Path: "a.csv", MaxSize: -1}, {Path: "a.csv", Poll: -1}} {
		if _, err := OpenFile(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestSameSizeAndTimeButOtherContentIsSeen(t *testing.T) {
	s := openSheet(t, "a.csv", goodCSV, nil)
	if err := os.WriteFile(s.path, []byte("id,tenant\na,us\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(s.path, s.clock.Now(), s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	s.clock.advance(time.Second)
	s.reload()
	if got := s.row(t, "a").Columns["tenant"]; got != Text("us") {
		t.Errorf("tenant %v, want us", got)
	}
}
