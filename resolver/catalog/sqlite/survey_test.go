package sqlite

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

const surveyed = `
tiers: [ { name: public }, { name: internal }, { name: restricted } ]
unclassified: restricted
objects:
  - { type: account, id: "[A-Z]{2}[0-9]+", tier: public, max_row_tier: internal, catalog: bank, attributes: { level: int } }
  - { type: card, catalog: bank, max_row_tier: restricted, attributes: { owner: string } }
`

func TestSurvey(t *testing.T) {
	src, ms := rules.Parse(fstest.MapFS{"a.yaml": {Data: []byte(surveyed)}})
	set, more := rules.Compile(src, rules.Env{Catalogs: []string{"bank"}})
	if err := append(ms, more...).Err(); err != nil {
		t.Fatal(err)
	}
	many := strings.Builder{}
	many.WriteString("type,id,tier,level,owner\ncard,c,public,,\n")
	for i := range 2000 {
		fmt.Fprintf(&many, "account,AC%04d,%s,1,\n", i, map[bool]string{true: "internal", false: "restricted"}[i < 1990])
	}
	many.WriteString("account,BB1,internal,one,\n") // behind those that are read
	for _, c := range []struct {
		name, file, text string
		bad, odd         []string
	}{
		{name: "all is well", file: "a.csv", text: "type,id,tier,level,owner\naccount,AC1,internal,3,\ncard,c,restricted,,ada\n"},
		{name: "no tier at all, in JSONL", file: "a.jsonl", text: `{"type":"account","id":"AC1","tier":null,"level":3}` + "\n" + `{"type":"card","id":"c","tier":"public","owner":"x"}`},
		{
			name: "tiers of all rows", file: "a.csv",
			text: "type,id,tier,level,owner\naccount,AC1,internal,,\naccount,AC2,secret,,\naccount,AC3,secret,,\naccount,AC4,restricted,,\ncard,c,,,\ncard,d,public,,\n",
			bad: []string{
				"account: 1 row: tier restricted is above the type's max_row_tier internal", "account: 2 rows: the tier is none of the declared ones",
				"card: 1 row: the tier is empty, and the type has none of its own",
			},
		},
		{
			name: "columns and types", file: "a.csv", text: "type,id,tier,level,rank\naccount,AC1,internal,3,\nuser,u,,,\n",
			odd: []string{`column "rank" is declared by no type that reads the file, and ignored`, "no row is of type card", `rows of type "user", which no type with this catalog reads`},
		},
		{
			name: "the first rows", file: "a.csv", text: "type,id,tier,level,owner\naccount,AC1,internal,one,\naccount,ac1,internal,1,\ncard,c,public,,\n",
			bad: []string{`account, row 1 by id: attribute "level" is not of kind int`},
			odd: []string{"account, row 2 by id: the id does not match the type's `id`: no request can ask for it"},
		},
		{
			name: "of many rows only the counts", file: "a.csv", text: many.String(),
			bad: []string{"account: 10 rows: tier restricted is above the type's max_row_tier internal"},
		},
		{
			name: "bad rows that were kept", file: "a.csv", text: "type,id,tier,level,owner\naccount,AC1,internal,1,\naccount,AC1,internal,2,\ncard,c,public,,\n",
			odd: []string{"account: 1 row that cannot be used, kept as such"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			out := filepath.Join(dir, "rows.db")
			if _, err := Import(t.Context(), ImportOptions{Out: out, Files: []string{write(t, filepath.Join(dir, c.file), c.text)}, KeepBad: true}); err != nil {
				t.Fatal(err)
			}
			all, err := catalog.New(catalog.Options{Sources: map[string]catalog.Source{"bank": from(t, out, nil)}})
			if err != nil {
				t.Fatal(err)
			}
			got := all.Bind(set.Schema()).Survey("bank")
			if diff := cmp.Diff(c.bad, texts(t, out, got.Bad)); diff != "" {
				t.Errorf("bad (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.odd, texts(t, out, got.Odd)); diff != "" {
				t.Errorf("odd (-want +got):\n%s", diff)
			}
		})
	}
}

// texts are what mistakes about a file say.
func texts(t *testing.T, file string, ms rules.Mistakes) (out []string) {
	t.Helper()
	for _, m := range ms {
		if m.Pos.File != file {
			t.Errorf("%q is about %s", m.Text, m.Pos.File)
		}
		out = append(out, m.Text)
	}
	slices.Sort(out)
	return out
}

func TestFileThatCannotBeUsedIsNotSurveyed(t *testing.T) {
	all, err := catalog.New(catalog.Options{Sources: map[string]catalog.Source{"bank": from(t, filepath.Join(t.TempDir(), "none.db"), nil)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := all.Bind(&rules.Schema{Tiers: []rules.TierInfo{{Name: "public"}}}).Survey("bank"); len(got.Bad)+len(got.Odd) > 0 {
		t.Errorf("%+v", got)
	}
}
