package catalog

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/rules"
)

func texts(ms rules.Mistakes) []string {
	var out []string
	for _, m := range ms {
		out = append(out, fmt.Sprintf("%d: %s", m.Pos.Line, m.Text))
	}
	return out
}

// card is a second type over the same source.
func card() *rules.Type {
	return &rules.Type{Name: "card", Catalog: "bank", Tier: 1, MaxRowTier: 2, RowTiers: true, Parent: "account",
		Attributes: []rules.Attribute{{Name: "tenant", Kind: rules.String}}}
}

func TestSurvey(t *testing.T) {
	const header = "id,tenant,owners,frozen,limit,codes"
	for _, c := range []struct {
		name, file, text string
		types            []*rules.Type
		bad, odd         []string
	}{
		{name: "all is well", file: "a.csv", text: header + ",tier\na,eu,x;y,true,3,1;2,restricted\nb,,,,,,\n"},
		{name: "all is well", file: "a.jsonl", text: `{"id":"a","tenant":"eu","owners":["x"],"frozen":true,"limit":3,"codes":[1]}`},
		{name: "no rows", file: "a.yaml", text: "[]\n"},
		{
			name: "bad rows", file: "a.csv",
			text: header + ",tier\na,eu,x,yes,,,\nb,eu,,,,,top\nc,eu,,,x,,\nd,e\xffu,,,,,\ne,,,,,,\nf,,,,,,\ne,,,,,,\ng,,a;;b,,,,\n",
			bad: []string{
				`2: account: attribute "frozen" is not of kind bool`,
				"3: account: the tier is none of the declared ones",
				`4: account: attribute "limit" is not of kind int`,
				"5: the row is not UTF-8",
				"6: two rows have this id, the other in line 8",
				`9: account: attribute "owners" is not of kind [string]`,
			},
		},
		{
			name: "bad rows", file: "a.jsonl",
			text: "{\"id\":\"a\",\"tenant\":7,\"owners\":null,\"frozen\":null,\"limit\":null,\"codes\":null}\n{\"id\":\"b\",\"tier\":true}\n{\"id\":\"c\",\"codes\":[1,\"x\"]}\n",
			bad: []string{
				`1: account: attribute "tenant" is not of kind string`,
				"2: the tier is not a name",
				`3: account: attribute "codes" is not of kind [int]`,
			},
		},
		{
			name: "columns", file: "a.csv", text: "id,note,tenant,owners,frozen,limit,remark\na,,,,,,x\nb,,,,yes,,\na,,,,,,\n",
			bad: []string{`1: type account declares the attribute "codes", and there is no such column`, "2: two rows have this id, the other in line 4"},
			odd: []string{
				`1: column "note" is declared by no type that reads the file, and ignored`,
				`1: column "remark" is declared by no type that reads the file, and ignored`,
			},
		},
		{
			name: "members", file: "a.yaml", text: "- { id: a, tenant: eu, owners: [x], frozen: true }\n- { id: b, limit: 1, note: x }\n",
			odd: []string{
				`1: type account declares the attribute "codes", and no row has it`,
				`2: column "note" is declared by no type that reads the file, and ignored`,
			},
		},
		{
			name: "several types", file: "a.jsonl", types: []*rules.Type{card()},
			text: "{\"id\":\"a\",\"type\":\"card\",\"tenant\":\"eu\"}\n{\"id\":\"b\",\"type\":\"crad\"}\n{\"id\":\"c\",\"type\":\"crad\"}\n",
			bad:  []string{`1: type card gives max_row_tier, and no row has the column "tier"`},
			odd: []string{
				"1: no row is of type account",
				`1: type card has a parent, and no row has the column "parent"`,
				`2: rows of type "crad", which no type with this catalog reads`,
			},
		},
		{
			name: "one row, two readers", file: "a.csv", types: []*rules.Type{card()},
			text: header + ",tier,parent\na,,,,,,restricted,c\nb,,,yes,,,restricted,c\n",
			bad: []string{
				"2: card: tier restricted is above the type's max_row_tier confidential",
				`3: account: attribute "frozen" is not of kind bool`,
			},
		},
	} {
		t.Run(filepath.Ext(c.file)[1:]+" "+c.name, func(t *testing.T) {
			s := openSheet(t, c.file, c.text, nil)
			if s.Err() != nil {
				t.Fatal(s.Err())
			}
			d := open(t, s.File, nil)
			got := d.Bind(bank(append(c.types, d.typ)...)).Survey("bank")
			if diff := cmp.Diff(c.bad, texts(got.Bad)); diff != "" {
				t.Errorf("bad (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.odd, texts(got.Odd)); diff != "" {
				t.Errorf("odd (-want +got):\n%s", diff)
			}
			for _, m := range append(got.Bad, got.Odd...) {
				if m.Pos.File != s.path {
					t.Errorf("%v is about another file", m)
				}
			}
		})
	}
}

func TestSurveyCountsWhatItDoesNotShow(t *testing.T) {
	var text strings.Builder
	text.WriteString("id,tenant,owners,frozen,limit,codes\n")
	for n := range 1000 {
		fmt.Fprintf(&text, "x%d,,,yes,,\n", n)
	}
	d := open(t, openSheet(t, "a.csv", text.String(), nil).File, nil)
	got := texts(d.view.Survey("bank").Bad)
	if len(got) != mostFindings+1 || got[mostFindings] != "22: and so on: 980 more in this file" {
		t.Errorf("%q", got)
	}
}

func TestSurveyHasNothingToSayWithoutAFile(t *testing.T) {
	d := open(t, NewMemory(row("a", map[string]any{"frozen": "yes"})), nil)
	for _, source := range []string{"bank", "nowhere"} {
		if got := d.view.Survey(source); got.Bad != nil || got.Odd != nil {
			t.Errorf("%s: %+v", source, got)
		}
	}
	gone := open(t, openSheet(t, "a.csv", "", nil).File, nil)
	if got := gone.view.Survey("bank"); got.Bad != nil || got.Odd != nil {
		t.Errorf("a file that is not there: %+v", got)
	}
}

// What a survey calls bad is what a request is refused for, row by row, and nothing else is.
func TestSurveyAgreesWithTheServer(t *testing.T) {
	const text = "{\"id\":\"1\"}\n{\"id\":\"2\",\"frozen\":\"x\"}\n{\"id\":\"3\",\"tier\":\"top\"}\n{\"id\":\"4\",\"tier\":\"restricted\"}\n{\"id\":\"5\",\"limit\":1.5}\n"
	d := open(t, openSheet(t, "a.jsonl", text, nil).File, nil)
	bad := map[string]bool{}
	for _, m := range d.view.Survey("bank").Bad {
		bad[fmt.Sprint(m.Pos.Line)] = true
	}
	for _, id := range []string{"1", "2", "3", "4", "5"} {
		if _, err := d.view.Fill(t.Context(), d.targets(id), nil); (err != nil) != bad[id] {
			t.Errorf("row %s: Fill says %v, the survey says bad: %v", id, err, bad[id])
		}
	}
}

// A row is warned of whose id is none of its types', for no request can name it.
func TestSurveyMissesIDs(t *testing.T) {
	const text = "id,tenant,owners,frozen,limit,codes\nAC1,,,,,\nac2,,,,,\nK-3,,,,,\n"
	d := open(t, openSheet(t, "a.csv", text, nil).File, nil)
	d.typ.ID = regexp.MustCompile(`^[A-Z]{2}[0-9]+$`)
	other := card()
	other.ID, other.Parent, other.RowTiers = regexp.MustCompile(`^K-[0-9]+$`), "", false
	if got := texts(d.Bind(bank(d.typ, other)).Survey("bank").Odd); !slices.Equal(got, []string{"3: account: the id does not match the type's `id`: no request can ask for it"}) {
		t.Errorf("%q", got)
	}
	other.ID = nil // twin: any id is one of its
	if got := d.Bind(bank(d.typ, other)).Survey("bank").Odd; len(got) > 0 {
		t.Errorf("%v", got)
	}
}

// Attributes that ids give are judged by the ids of the rows.
func TestSurveyReadsAttributesOfIDs(t *testing.T) {
	src, ms := rules.Parse(fstest.MapFS{"a.yaml": {Data: []byte(`
tiers: [ { name: internal } ]
objects: [ { type: job, tier: internal, catalog: bank, attributes: { tenant: string }, id: "(?P<tenant>[a-z]+)-[0-9]+" } ]`)}})
	set, more := rules.Compile(src, rules.Env{Catalogs: []string{"bank"}})
	if err := append(ms, more...).Err(); err != nil {
		t.Fatal(err)
	}
	d := open(t, openSheet(t, "a.csv", "id,tenant\nacme-1,acme\nacme-2,eve\n", nil).File, nil)
	if got := texts(d.Bind(set.Schema()).Survey("bank").Bad); len(got) != 1 || !strings.HasPrefix(got[0], "3: job: ") {
		t.Errorf("%q", got)
	}
}
