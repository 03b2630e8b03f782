package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/catalog/catalogtest"
	"github.com/tiergate/tiergate/rules"
)

const two = "id,tier,owner\na,,ada\nb,restricted,bob\n"

func TestC1FileThatIsNotThereAtBootIsReadWhenItComes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.db")
	s := from(t, path, nil)
	catalogtest.WantUnavailable(t, s, "not loaded yet")
	if generation, _ := s.Version(); generation != 0 || s.Err() == nil {
		t.Errorf("generation %d, error %v", generation, s.Err())
	}
	build(t, path, "rows.csv", two)
	s.look()
	if r := catalogtest.Get(t, s, "b", "none"); !r[0].Found || r[0].Tier != "restricted" || r[1].Found || s.Err() != nil || s.Len() != 2 {
		t.Errorf("%+v, %v", r, s.Err())
	}
}

// What takes the place of a good file and is none leaves the good one serving.
func TestC1BadFilesLeaveTheLastGoodOne(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rows.db")
	build(t, path, "rows.csv", two)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var told []error
	s := from(t, path, func(o *Options) { o.Loaded = func(err error) { told = append(told, err) } })
	other := append([]byte(nil), good...)
	copy(other[68:], "\x00\x00\x00\x01")
	newer := append([]byte(nil), good...)
	copy(newer[60:], "\x00\x00\x00\x09")
	headless := append(append([]byte(nil), good[:100]...), make([]byte, len(good)-100)...)
	for _, c := range []struct {
		row, want string
		text      []byte
	}{
		{"text", "no SQLite file", []byte(two)},
		{"empty", "no SQLite file", nil},
		{"cut short", "is not whole", good[:len(good)-pageSize]},
		{"cut in a page", "is not whole", good[:len(good)-1]},
		{"longer", "is not whole", append(append([]byte(nil), good...), 0)},
		{"of another program", "not built by tiergate", other},
		{"of another schema", "schema version 9, want 1", newer},
		{"nothing behind the header", "", headless},
	} {
		write(t, path+".new", string(c.text))
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
		s.look()
		if err := s.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.row, err, c.want)
		}
		if r := catalogtest.Get(t, s, "a"); !r[0].Found || r[0].Generation != 1 {
			t.Errorf("%s: %+v", c.row, r)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.look()
	if err := s.Err(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	catalogtest.Get(t, s, "a")
	build(t, path, "rows.csv", "id,tier,owner\na,restricted,ada\n")
	s.look()
	if r := catalogtest.Get(t, s, "a", "b"); r[0].Tier != "restricted" || r[0].Generation != 2 || r[1].Found {
		t.Errorf("the next good file: %+v", r)
	}
	if n := len(told); n == 0 || told[n-1] != nil || told[0] != nil {
		t.Errorf("told %v", told)
	}
}

// Twin of the file that is renamed: the file in force itself is written to, and
// what is read of it now is neither version.
func TestFileThatIsOverwrittenInPlaceServesNoMore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.db")
	build(t, path, "rows.csv", two)
	s := from(t, path, nil)
	catalogtest.Get(t, s, "a")
	write(t, path, "no database")
	s.look()
	catalogtest.WantUnavailable(t, s, "not loaded yet")
	build(t, path, "rows.csv", two)
	s.look()
	if r := catalogtest.Get(t, s, "a"); r[0].Generation < 2 {
		t.Errorf("generation %d comes again", r[0].Generation)
	}
}

func TestSameRowsAgainKeepTheGeneration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.db")
	build(t, path, "rows.csv", two)
	now := &clock{now: time.Now()}
	s := from(t, path, func(o *Options) { o.Now, o.MaxAge = now.time, time.Hour })
	now.add(2 * time.Hour)
	if _, err := s.Lookup(t.Context(), catalogtest.Keys("a")); !errors.Is(err, catalog.ErrStale) {
		t.Errorf("past max_age: %v", err)
	}
	if _, until := s.Version(); !until.Before(now.time()) {
		t.Errorf("fresh until %v at %v", until, now.time())
	}
	build(t, path, "rows.csv", two)
	if err := os.Chtimes(path, time.Time{}, now.time()); err != nil {
		t.Fatal(err)
	}
	s.look()
	if r := catalogtest.Get(t, s, "a"); r[0].Generation != 1 {
		t.Errorf("generation %d for the same rows", r[0].Generation)
	}
	if age, loaded := s.Age(); age != 0 || !loaded {
		t.Errorf("age %v, %v", age, loaded)
	}
}

// A date in the future counts as the moment it was first seen.
func TestDateInTheFutureDoesNotStretchMaxAge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.db")
	build(t, path, "rows.csv", two)
	now := &clock{now: time.Now()}
	if err := os.Chtimes(path, time.Time{}, now.time().Add(100*time.Hour)); err != nil {
		t.Fatal(err)
	}
	s := from(t, path, func(o *Options) { o.Now, o.MaxAge = now.time, time.Hour })
	for range 4 {
		catalogtest.Get(t, s, "a")
		now.add(19 * time.Minute)
		s.look()
	}
	if _, err := s.Lookup(t.Context(), catalogtest.Keys("a")); !errors.Is(err, catalog.ErrStale) {
		t.Errorf("after 76 minutes: %v", err)
	}
}

func TestC3ColumnsDoNotGetLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.db")
	build(t, path, "rows.csv", "id,tier,owner,note\na,,ada,x\n")
	s := from(t, path, nil)
	s.Keep(map[string][]string{"account": {"owner"}})
	for _, c := range []struct{ row, text, want string }{
		{"the tier", "id,owner,note\na,ada,x\n", `"tier"`},
		{"an attribute", "id,tier,note\na,,x\n", `"owner"`},
		{"what nobody reads", "id,tier,owner\na,,ada\n", ""},
	} {
		build(t, path, "rows.csv", c.text)
		s.look()
		var ms rules.Mistakes
		if err := s.Err(); (err == nil) != (c.want == "") || err != nil && (!errors.As(err, &ms) || !strings.Contains(ms[0].Text, c.want)) {
			t.Errorf("%s: %v", c.row, err)
		}
		catalogtest.Get(t, s, "a")
	}
	build(t, path, "rows.csv", "id,tier\na,\n")
	s.look()
	if s.Err() == nil {
		t.Fatal("a file without owner was taken")
	}
	s.Keep(map[string][]string{"account": {}})
	s.look()
	if err := s.Err(); err != nil {
		t.Errorf("once nobody reads it: %v", err)
	}
}

func TestC3RowsThatWereChangedAreNotRead(t *testing.T) {
	for _, change := range []string{
		"UPDATE rows_0 SET tier = '' WHERE id = x'62'",
		"UPDATE rows_0 SET c0 = 'eve' WHERE id = x'62'",
		"UPDATE rows_0 SET bad = 'x' WHERE id = x'62'",
		"UPDATE rows_0 SET sum = NULL WHERE id = x'62'",
		"UPDATE rows_0 SET c0 = 1.5 WHERE id = x'62'",
	} {
		path := filepath.Join(t.TempDir(), "rows.db")
		build(t, path, "rows.csv", two)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(change); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		s := from(t, path, nil)
		catalogtest.Get(t, s, "a")
		if rows, err := s.Lookup(t.Context(), catalogtest.Keys("b")); !errors.Is(err, catalog.ErrUnavailable) {
			t.Errorf("%s: %+v, %v", change, rows, err)
		}
		for row, err := range s.Rows(t.Context(), "account") {
			if row.Key.ID == "b" && err == nil {
				t.Errorf("%s: listed %+v", change, row)
			}
		}
	}
}

// Whatever bytes of the file are other ones than were written: a row is the one
// that was imported, or is not read, or is not found; nothing panics.
func TestDamagedFileNeverAnswersAnotherRow(t *testing.T) {
	var text strings.Builder
	text.WriteString("id,tier,owner\n")
	want := map[string]string{}
	for i := range 300 {
		id, owner := fmt.Sprintf("id-%03d", i), fmt.Sprintf("owner-%d", i*7919)
		want[id] = owner
		fmt.Fprintf(&text, "%s,%s,%s\n", id, []string{"", "restricted"}[i%2], owner)
	}
	path := filepath.Join(t.TempDir(), "rows.db")
	build(t, path, "rows.csv", text.String())
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 60 {
		bad := append([]byte(nil), good...)
		for range 1 + rnd.IntN(8) {
			bad[100+rnd.IntN(len(bad)-100)] ^= byte(1 << rnd.IntN(8))
		}
		write(t, path, string(bad))
		s, err := Open(Options{Path: path, Connections: 1})
		if err != nil {
			t.Fatal(err)
		}
		for id, owner := range want {
			rows, err := s.Lookup(t.Context(), catalogtest.Keys(id))
			switch {
			case err != nil && !errors.Is(err, catalog.ErrUnavailable):
				t.Fatalf("%v", err)
			case err != nil:
				refused++
			case rows[0].Found && (rows[0].Columns["owner"] != catalog.Text(owner) || (rows[0].Tier != "") != (id[5]%2 == 1)):
				t.Fatalf("%s answers %+v, want owner %s", id, rows[0], owner)
			}
		}
		s.Close()
	}
	if refused == 0 {
		t.Error("nothing was refused: the damage does not reach the rows")
	}
}

func TestC2LookupsWaitForAConnectionNoLongerThanTheirContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.db")
	build(t, path, "rows.csv", two)
	s := from(t, path, func(o *Options) { o.Connections = 1 })
	busy, err := s.force.Load().acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Lookup(ctx, catalogtest.Keys("a")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no connection is free: %v", err)
	}
	s.force.Load().sessions <- busy
	catalogtest.Get(t, s, "a")
}

// Rows of one Lookup are of one version while files are swapped, and none is an error.
func TestSwapsUnderLoadMixNoVersions(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rows.db")
	var versions []string
	for _, v := range []string{"x", "y"} {
		build(t, filepath.Join(dir, v), "rows.csv", "id,owner\na,"+v+"\nb,"+v+"\n")
		text, err := os.ReadFile(filepath.Join(dir, v))
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, string(text))
	}
	write(t, path, versions[0])
	s := from(t, path, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			rows, err := s.Lookup(context.WithoutCancel(ctx), catalogtest.Keys("a", "b"))
			if err != nil || rows[0].Columns["owner"] != rows[1].Columns["owner"] || rows[0].Generation != rows[1].Generation {
				done <- fmt.Errorf("%+v: %w", rows, err)
				return
			}
		}
		done <- nil
	}()
	for i := range 40 {
		write(t, path+".new", versions[i%2])
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
		s.look()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

func TestRunReadsTheNextFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.db")
	build(t, path, "rows.csv", two)
	loaded := make(chan error, 10)
	s := from(t, path, func(o *Options) { o.Loaded = func(err error) { loaded <- err } })
	<-loaded
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	build(t, path, "rows.csv", "id,tier,owner\na,,eve\n")
	for err := <-loaded; err != nil; err = <-loaded {
		if !strings.Contains(err.Error(), "changed while it was opened") { // the first look may meet the renaming
			t.Fatal(err)
		}
	}
	if r := catalogtest.Get(t, s, "a"); r[0].Columns["owner"] != catalog.Text("eve") {
		t.Errorf("%+v", r)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestClosedSourceAnswersNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.db")
	build(t, path, "rows.csv", two)
	s := from(t, path, nil)
	s.Close()
	s.look()
	catalogtest.WantUnavailable(t, s, "not loaded yet")
	s.Close()
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{{}, {Path: "x", Connections: 65}, {Path: "x", Connections: -1}, {Path: "x", MaxAge: -1}, {Path: "x", Memory: -1}, {Path: "x", Poll: -1}} {
		if _, err := Open(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	path := filepath.Join(t.TempDir(), "odd ?mode=rwc&x#%41.db") // nothing in a name is a setting
	build(t, path, "rows.csv", two)
	catalogtest.Get(t, from(t, path, nil), "a")
}

// Values come back as they went in, and rows as a file in memory has them.
func TestValues(t *testing.T) {
	text := `{"type":"account","id":"a","tier":null,"parent":null,"n":7,"f":1.5,"big":1e400,"yes":true,"no":false,"s":"7","list":["x",2,1.5,null,true],"gone":null,"empty":"","none":[]}
{"type":"account","id":"b","tier":"internal","parent":"p"}
{"type":"other","id":"a","only":"here"}
`
	path := filepath.Join(t.TempDir(), "rows.db")
	build(t, path, "rows.jsonl", text)
	file, err := catalog.OpenFile(catalog.FileOptions{Path: write(t, filepath.Join(t.TempDir(), "rows.jsonl"), text)})
	if err != nil {
		t.Fatal(err)
	}
	s := from(t, path, nil)
	for _, key := range []catalog.Key{{Type: "account", ID: "a"}, {Type: "account", ID: "b"}, {Type: "other", ID: "a"}, {Type: "none", ID: "a"}} {
		want, err := file.Lookup(t.Context(), []catalog.Key{key})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Lookup(t.Context(), []catalog.Key{key})
		if err != nil {
			t.Fatal(err)
		}
		want[0].Pos = rules.Pos{} // places are not kept
		less := func(a, b string) bool { return a < b }
		if diff := cmp.Diff(want, got, cmpopts.SortSlices(less)); diff != "" {
			t.Errorf("%v (-file +sqlite):\n%s", key, diff)
		}
	}
}

// A row that is not there is absent, and so is one of a type that the file has not;
// the next file has it.
func TestC4MissingRowsAreAbsentUntilTheyAreThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.db")
	build(t, path, "rows.csv", two)
	s := from(t, path, nil)
	ask := func(key catalog.Key) catalog.Row {
		t.Helper()
		rows, err := s.Lookup(t.Context(), []catalog.Key{key})
		if err != nil {
			t.Fatal(err)
		}
		return rows[0]
	}
	for _, key := range []catalog.Key{{Type: "account", ID: "c"}, {Type: "account", ID: "A"}, {Type: "account"}, {Type: "Account", ID: "a"}, {Type: "card", ID: "a"}} {
		if r := ask(key); r.Found || r.Bad != "" || r.Generation != 1 {
			t.Errorf("%v: %+v", key, r)
		}
	}
	build(t, path, "rows.csv", two+"c,,eve\n")
	s.look()
	if r := ask(catalog.Key{Type: "account", ID: "c"}); !r.Found || r.Generation != 2 {
		t.Errorf("created: %+v", r)
	}
}
