package catalog

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// change writes another version of the file, and reads it.
func (s *sheet) change(t *testing.T, text string) {
	t.Helper()
	s.clock.advance(time.Minute)
	s.write(t, text)
	s.reload()
}

// A version that lost a column is refused, whatever the column is called now:
// without its tier a row would be as little protected as its type allows, and
// without an attribute has() is false of it. In the twin the column is there, but empty.
func TestR1AReloadThatLosesAColumnIsRefused(t *testing.T) {
	for _, c := range []struct{ name, file, good, lost, empty, want string }{
		{
			"a tier that is renamed", "a.csv", "id,owners,tier\na,x,restricted\n", "id,owners,clearance\na,x,restricted\n",
			"id,owners,tier\na,x,\n", `no row has the column "tier" any more`,
		},
		{
			"no tier", "a.csv", "id,tier\na,restricted\n", "id\na\n",
			"id,tier\na,\n", `no row has the column "tier" any more`,
		},
		{
			"no parent", "a.csv", "id,parent\na,c\n", "id\na\n",
			"id,parent\na,\n", `no row has the column "parent" any more`,
		},
		{
			"no type", "a.csv", "id,type\na,account\n", "id\na\n",
			"id,type\na,card\n", `no row has the column "type" any more`,
		},
		{
			"an attribute that is read", "a.csv", "id,tenant\na,eu\n", "id,tenancy\na,eu\n",
			"id,tenant\na,\n", `no row has the column "tenant" any more`,
		},
		{
			"no tier in any row", "a.jsonl", "{\"id\":\"a\",\"tier\":\"restricted\"}\n{\"id\":\"b\"}\n", "{\"id\":\"a\"}\n{\"id\":\"b\"}\n",
			"{\"id\":\"a\"}\n{\"id\":\"b\",\"tier\":null}\n", `no row has the column "tier" any more`,
		},
		{
			"no attribute in any row", "a.jsonl", `{"id":"a","frozen":true}`, `{"id":"a"}`,
			`{"id":"a","frozen":null}`, `no row has the column "frozen" any more`,
		},
		{
			"no tier in rows of one type", "a.jsonl",
			"{\"id\":\"a\",\"type\":\"account\",\"tier\":\"restricted\"}\n{\"id\":\"c\",\"type\":\"card\",\"tier\":\"restricted\"}\n",
			"{\"id\":\"a\",\"type\":\"account\"}\n{\"id\":\"c\",\"type\":\"card\",\"tier\":\"restricted\"}\n",
			"{\"id\":\"a\",\"type\":\"account\",\"tier\":\"\"}\n{\"id\":\"c\",\"type\":\"card\",\"tier\":\"restricted\"}\n",
			`no row of type account has the column "tier" any more`,
		},
		{
			"a tier that goes while types come", "a.yaml", "- { id: a, tier: restricted }\n", "- { id: a, type: account }\n",
			"- { id: a, type: account, tier: }\n", `no row of type account has the column "tier" any more`,
		},
		{
			"no tier in any row", "a.yaml", "- { id: a, tier: restricted }\n", "- { id: a, level: restricted }\n",
			"- { id: a, tier: ~ }\n", `no row has the column "tier" any more`,
		},
	} {
		t.Run(filepath.Ext(c.file)[1:]+" "+c.name, func(t *testing.T) {
			var log bytes.Buffer
			s := openSheet(t, c.file, c.good, func(o *FileOptions) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			open(t, s.File, nil)
			before := s.row(t, "a")
			s.change(t, c.lost)
			for range 3 { // the same fault again is no news
				s.reload()
			}
			if r := s.row(t, "a"); s.Err() == nil || !strings.Contains(s.Err().Error(), c.file+":1:1: "+c.want) || r.Generation != 1 || r.Tier != before.Tier {
				t.Errorf("Err() = %v, row %+v; want %q and the row of before", s.Err(), r, c.want)
			}
			if len(s.loaded) != 2 || strings.Count(log.String(), "level=ERROR") != 1 {
				t.Errorf("Loaded was told %q, log:\n%s", s.loaded, &log)
			}
			s.change(t, c.empty)
			if gen, _ := s.Version(); s.Err() != nil || gen != 2 {
				t.Errorf("with the column, but empty: Err() = %v, generation %d", s.Err(), gen)
			}
			s.change(t, c.lost)
			if s.Err() == nil {
				t.Error("lost after it was empty: accepted")
			}
			again, err := OpenFile(FileOptions{Path: s.path})
			if err != nil || again.Err() != nil {
				t.Errorf("after a restart: %v, %v", err, again.Err())
			}
		})
	}
}

// What nobody reads may go, and what was never there is not lost.
func TestAReloadMayDropWhatNobodyReads(t *testing.T) {
	for name, c := range map[string]struct{ first, then string }{
		"a column that no type declares": {"{\"id\":\"a\",\"remark\":\"x\"}\n", "{\"id\":\"a\"}\n"},
		"a tier in some rows":            {"{\"id\":\"a\",\"tier\":\"internal\"}\n{\"id\":\"b\",\"tier\":\"internal\"}\n", "{\"id\":\"a\"}\n{\"id\":\"b\",\"tier\":\"internal\"}\n"},
		"all rows of a type": {
			"{\"id\":\"a\",\"type\":\"account\",\"tier\":\"internal\"}\n{\"id\":\"a\",\"type\":\"card\"}\n", "{\"id\":\"a\",\"type\":\"card\"}\n",
		},
		"a column of another type": {
			"{\"id\":\"a\",\"type\":\"card\",\"frozen\":true}\n{\"id\":\"a\",\"type\":\"account\",\"frozen\":true}\n",
			"{\"id\":\"a\",\"type\":\"card\"}\n{\"id\":\"a\",\"type\":\"account\",\"frozen\":true}\n",
		},
	} {
		s := openSheet(t, "a.jsonl", c.first, nil)
		open(t, s.File, nil)
		if s.change(t, c.then); s.Err() != nil {
			t.Errorf("%s: %v", name, s.Err())
		}
	}
}

// Rows that are gone for a while take their columns with them, not the memory of them.
func TestColumnsOutliveTheirRows(t *testing.T) {
	for name, c := range map[string]struct{ first, gone, back string }{
		"a file without rows": {"- { id: a, tier: restricted }\n", "[]\n", "- { id: a }\n"},
		"a type without rows": {"- { id: a, type: account, tier: restricted }\n", "- { id: a, type: card }\n", "- { id: a, type: account }\n"},
	} {
		s := openSheet(t, "a.yaml", c.first, nil)
		open(t, s.File, nil)
		if s.change(t, c.gone); s.Err() != nil {
			t.Errorf("%s: %v", name, s.Err())
		}
		if s.change(t, c.back); s.Err() == nil {
			t.Errorf("%s: back without its tier, and accepted", name)
		}
	}
}

// New rules may stop to read what a file lost: then the file is as it should be,
// though it was not written again. Nor does a bad file become news with each version.
func TestAColumnThatIsNoLongerReadIsNotMissed(t *testing.T) {
	s := openSheet(t, "a.csv", "id,tenant,owners,frozen,limit,codes\na,eu,,,,\n", nil)
	d := open(t, s.File, nil)
	s.change(t, "id,owners,frozen,limit,codes\na,,,,\n")
	s.clock.advance(time.Minute)
	if d.Bind(bank(d.typ)); s.Err() == nil {
		t.Fatal("accepted without tenant")
	}
	if s.reload(); len(s.loaded) != 2 || s.Err() == nil {
		t.Errorf("the same version of the rules again: Err() = %v, Loaded was told %q", s.Err(), s.loaded)
	}
	d.typ = account()
	d.typ.Attributes = d.typ.Attributes[1:]
	d.view = d.Bind(bank(d.typ))
	if s.reload(); s.Err() != nil || s.row(t, "a").Generation != 2 {
		t.Errorf("Err() = %v, %+v: want the version without the column that nobody reads", s.Err(), s.row(t, "a"))
	}
}

func TestC3RowsWithoutAPlaceForATierThatTheTypeWants(t *testing.T) {
	const attributes = `"tenant":"eu"`
	for _, c := range []struct {
		name, file, text string
		bad              bool
	}{
		{"no tier", "a.jsonl", "{\"id\":\"a\"," + attributes + "}\n", true},
		{"a tier elsewhere", "a.jsonl", "{\"id\":\"a\"," + attributes + "}\n{\"id\":\"b\",\"tier\":\"restricted\"}\n", false},
		{"a tier in rows of another type", "a.jsonl", "{\"id\":\"a\",\"type\":\"account\"}\n{\"id\":\"b\",\"type\":\"card\",\"tier\":\"restricted\"}\n", true},
		{"no tier", "a.csv", "id,tenant,owners,frozen,limit,codes\na,eu,,,,\n", true},
		{"an empty tier", "a.csv", "id,tenant,owners,frozen,limit,codes,tier\na,eu,,,,,\n", false},
		{"no tier", "a.yaml", "- { id: a }\n", true},
		{"null", "a.yaml", "- { id: a, tier: ~ }\n", false},
	} {
		t.Run(filepath.Ext(c.file)[1:]+" "+c.name, func(t *testing.T) {
			d := open(t, openSheet(t, c.file, c.text, nil).File, nil)
			d.fill(t, "a") // max_row_tier is not given: rows may have tiers, and need not
			d.typ.RowTiers = true
			d.view = d.Bind(bank(d.typ))
			_, err := d.view.Fill(t.Context(), d.targets("a"), nil)
			if !c.bad {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if f := wantFault(t, err, rules.CatalogBadRow); !strings.Contains(f.Detail, `the source has no column "tier"`) {
				t.Errorf("detail %q", f.Detail)
			}
		})
	}
}

func TestAlike(t *testing.T) {
	for _, near := range []string{"teir", "tire", "tir", "ier", "tie", "tiers", "ttier", "tie_r", "tior", "pier", "itier"} {
		if !alike(near, "tier") || !alike("tier", near) {
			t.Errorf("%q is one slip from tier", near)
		}
	}
	for _, far := range []string{"", "t", "reit", "time", "user", "level", "tires_", "rtie", "etir", "clearance"} {
		if alike(far, "tier") || alike("tier", far) {
			t.Errorf("%q is no slip from tier", far)
		}
	}
}

// The memory of types that nobody reads ends with their rows.
func TestUnreadTypesAreForgotten(t *testing.T) {
	s := openSheet(t, "a.csv", "id,type\na,x1\n", nil)
	open(t, s.File, nil)
	for _, typ := range []string{"x2", "x3", "account", "x4"} {
		s.change(t, "id,type\na,"+typ+"\n")
	}
	if len(s.had) != 2 {
		t.Errorf("%d types are remembered, want account and x4: %v", len(s.had), s.had)
	}
}

func TestFileInPlaceIsReadAgainWithoutTheLostColumn(t *testing.T) {
	s := openSheet(t, "a.csv", "id,tier\na,restricted\n", nil)
	s.change(t, "id,level\na,restricted\n") // nobody reads the file yet: a tier is built in
	if s.Err() == nil {
		t.Error("accepted")
	}
	must(t, os.Remove(s.path))
	s.reload()
	s.change(t, "id,level\na,restricted\n")
	if gen, _ := s.Version(); s.Err() == nil || gen != 1 {
		t.Errorf("away and back: Err() = %v, generation %d", s.Err(), gen)
	}
}
