package catalog

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// In each of these one row of two has a name that is almost one that is read. In
// the twin that row has the real one, too.
var slipped = []struct{ name, file, slip, twin, want string }{
	{
		"M2 an attribute in capitals", "a.jsonl", "{\"id\":\"a\",\"frozen\":true}\n{\"id\":\"b\",\"Frozen\":true}\n",
		"{\"id\":\"a\",\"frozen\":true}\n{\"id\":\"b\",\"Frozen\":true,\"frozen\":null}\n", `2:1: column "Frozen" is almost "frozen"`,
	},
	{
		"M2 an attribute in no other row", "a.jsonl", "{\"id\":\"a\"}\n{\"id\":\"b\",\"frozne\":true}\n",
		"{\"id\":\"a\"}\n{\"id\":\"b\",\"frozne\":true,\"frozen\":false}\n", `2:1: column "frozne" is almost "frozen"`,
	},
	{
		"M2 a slip that says null", "a.jsonl", "{\"id\":\"a\",\"owners\":[]}\n{\"id\":\"b\",\"owner\":null}\n",
		"{\"id\":\"a\",\"owners\":[]}\n{\"id\":\"b\",\"owner\":null,\"owners\":[]}\n", `2:1: column "owner" is almost "owners"`,
	},
	{
		"M2 a tier", "a.jsonl", "{\"id\":\"a\",\"tier\":\"internal\"}\n{\"id\":\"b\",\"teir\":\"restricted\"}\n",
		"{\"id\":\"a\",\"tier\":\"internal\"}\n{\"id\":\"b\",\"teir\":\"restricted\",\"tier\":null}\n", `2:1: column "teir" is almost "tier"`,
	},
	{
		"M2 a parent", "a.yaml", "- { id: a, parent: c }\n- { id: b, parnet: c }\n",
		"- { id: a, parent: c }\n- { id: b, parnet: c, parent: }\n", `2:3: column "parnet" is almost "parent"`,
	},
	{
		"M2 an attribute", "a.yaml", "- { id: a, limit: 1 }\n- { id: b, LIMIT: 1 }\n",
		"- { id: a, limit: 1 }\n- { id: b, LIMIT: 1, limit: ~ }\n", `2:3: column "LIMIT" is almost "limit"`,
	},
	{
		"M2 an attribute of one type", "a.jsonl", "{\"id\":\"a\",\"type\":\"account\",\"frozen\":true}\n{\"id\":\"b\",\"type\":\"account\",\"frozn\":true}\n",
		"{\"id\":\"a\",\"type\":\"account\",\"frozen\":true}\n{\"id\":\"b\",\"type\":\"card\",\"frozn\":true}\n", `2:1: column "frozn" is almost "frozen"`,
	},
	{
		"M2 a column of all rows", "a.csv", "id,owners,frozen,limit,codes,Tenant\nb,,,,,eu\n",
		"id,owners,frozen,limit,codes,Tenant,tenant\nb,,,,,eu,\n", `1:1: column "Tenant" is almost "tenant"`,
	},
	{
		"L5 a type in capitals", "a.jsonl", "{\"id\":\"a\",\"type\":\"account\"}\n{\"id\":\"b\",\"type\":\"Account\"}\n",
		"{\"id\":\"a\",\"type\":\"account\"}\n{\"id\":\"b\",\"type\":\"account\"}\n", `2:1: type "Account" is almost "account", and nobody reads its rows`,
	},
	{
		"L5 a type in the plural", "a.csv", "id,type,tenant,owners,frozen,limit,codes\na,account,,,,,\nb,accounts,,,,,\n",
		"id,type,tenant,owners,frozen,limit,codes\na,account,,,,,\nb,account,,,,,\n", `3:1: type "accounts" is almost "account"`,
	},
	{
		"L5 a type with a space, of all rows", "a.yaml", "- { id: b, type: \"account \" }\n",
		"- { id: b, type: account }\n", `1:3: type "account " is almost "account"`,
	},
	{
		"L4 wide letters", "a.jsonl", "{\"id\":\"b\",\"ｆｒｏｚｅｎ\":true}\n",
		"{\"id\":\"b\",\"ｆｒｏｚｅｎ\":true,\"frozen\":null}\n", `1:1: column "ｆｒｏｚｅｎ" is almost "frozen"`,
	},
	{
		"L4 Cyrillic letters that look alike", "a.csv", "id,owners,frozen,limit,codes,tеnаnt\nb,,,,,eu\n",
		"id,owners,frozen,limit,codes,tеnаnt,tenant\nb,,,,,eu,\n", `1:1: column "tеnаnt" is almost "tenant"`,
	},
	{
		"L4 letters of two other scripts", "a.jsonl", "{\"id\":\"b\",\"lімiԏ\":3}\n",
		"{\"id\":\"b\",\"lімiԏ\":3,\"limit\":null}\n", `1:1: column "lімiԏ" is almost "limit"`,
	},
}

func TestAMisspeltNameInOneRowIsRefused(t *testing.T) {
	for _, c := range slipped {
		t.Run(filepath.Ext(c.file)[1:]+" "+c.name, func(t *testing.T) {
			t.Run("at first", func(t *testing.T) {
				s := openSheet(t, c.file, c.slip, nil)
				d := open(t, s.File, nil)
				if s.Err() == nil || !strings.Contains(s.Err().Error(), c.file+":"+c.want) {
					t.Errorf("Err() = %v, want %q", s.Err(), c.want)
				}
				_, err := d.view.Fill(t.Context(), d.targets("b"), nil)
				wantFault(t, err, rules.CatalogUnavailable)
				s.reload()
				if gen, _ := s.Version(); gen != 0 || s.loaded[len(s.loaded)-1] == "<nil>" || len(s.loaded) != 2 {
					t.Errorf("generation %d, Loaded was told %q", gen, s.loaded)
				}
				s.change(t, c.twin)
				if _, err := d.view.Fill(t.Context(), d.targets("b"), nil); err != nil || s.Err() != nil {
					t.Errorf("the twin: %v, %v", err, s.Err())
				}
			})
			t.Run("later", func(t *testing.T) {
				s := openSheet(t, c.file, c.twin, nil)
				d := open(t, s.File, nil)
				if s.Err() != nil {
					t.Fatalf("the twin: %v", s.Err())
				}
				s.change(t, c.slip)
				if gen, _ := s.Version(); s.Err() == nil || gen != 1 || !strings.Contains(s.Err().Error(), "is almost") {
					t.Errorf("Err() = %v, generation %d", s.Err(), gen)
				}
				if _, err := d.view.Fill(t.Context(), d.targets("b"), nil); err != nil {
					t.Errorf("the rows of before: %v", err)
				}
			})
		})
	}
}

// Rules that begin to read an attribute find the rows of before: one in which its
// name is misspelt is bad, until the file is put right.
func TestM2ANameThatRulesBeginToReadMakesMisspeltRowsBad(t *testing.T) {
	s := openSheet(t, "a.jsonl", "{\"id\":\"a\",\"level\":3}\n{\"id\":\"b\",\"Level\":3}\n{\"id\":\"c\",\"Level\":3,\"level\":null}\n", nil)
	d := open(t, s.File, nil)
	if _, err := d.view.Fill(t.Context(), d.targets("a", "b", "c"), nil); err != nil {
		t.Fatal(err)
	}
	d.typ = account()
	d.typ.Attributes = append(d.typ.Attributes, rules.Attribute{Name: "level", Kind: rules.Int})
	d.view = d.Bind(bank(d.typ))
	if _, err := d.view.Fill(t.Context(), d.targets("a", "c"), nil); err != nil {
		t.Error(err)
	}
	_, err := d.view.Fill(t.Context(), d.targets("b"), nil)
	if f := wantFault(t, err, rules.CatalogBadRow); !strings.Contains(f.Detail, `column "Level" is almost "level", which the row does not have`) {
		t.Errorf("detail %q", f.Detail)
	}
	bad := texts(d.view.Survey("bank").Bad)
	if want := `2: account: column "Level" is almost "level", which the row does not have`; len(bad) != 1 || bad[0] != want {
		t.Errorf("survey %q, want %q", bad, want)
	}
}

// Other words are no slips, and what is declared is what it says.
func TestNamesThatAreNotMisspelt(t *testing.T) {
	for file, text := range map[string]string{
		"a.jsonl": `{"id":"a","frozen_at":1,"tenants":"x","tenant":"eu","unlimited":true,"ценa":1,"владелец":"x","金額":1,"remark":"x","cod":"x"}`,
		"a.csv":   "id,tenant,owners,frozen,limit,codes,limits,frozen at,статус\na,,,,,,9,x,x\n",
	} {
		s := openSheet(t, file, text, nil)
		d := open(t, s.File, nil)
		if _, err := d.view.Fill(t.Context(), d.targets("a"), nil); err != nil || s.Err() != nil {
			t.Errorf("%s: %v, %v", file, err, s.Err())
		}
	}
}

func TestL4NamesLookAlike(t *testing.T) {
	for _, name := range []string{"ｔｉｅｒ", "TIER", "\u00a0tier", "ti\u3164er", "ti\ufe0fer", "tіеr", "tıer", "𝐭𝐢𝐞𝐫", "ТIER"} {
		if almostBuiltIn(name) == "" {
			t.Errorf("%q is tier for who reads it", name)
		}
	}
	for _, name := range []string{"tíér", "ӏier", "тиеr", "tïers"} {
		if !alike(name, "tier") {
			t.Errorf("%q is almost tier", name)
		}
	}
	for _, name := range []string{"", "цена", "金額", "ти", "größe", "ящик", "user"} {
		if alike(name, "tier") || alike(name, "parent") {
			t.Errorf("%q is neither tier nor parent", name)
		}
	}
	for _, pair := range [][2]string{{"ip", "id"}, {"no", "on"}, {"größe", "große"}} {
		if alike(pair[0], pair[1]) != (pair[0] == "größe") {
			t.Errorf("%q", pair)
		}
	}
}

// A million rows with names that nobody reads cost no comparison each.
func TestNamesAreComparedOnceAndNotPerRow(t *testing.T) {
	var n neighbours
	attributes := account().Attributes
	n.find("remark", attributes)
	if allocs := testing.AllocsPerRun(100, func() { n.find("remark", attributes) }); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
	for i := range 3 * maxNoted {
		n.find(fmt.Sprint(i), nil)
	}
	if len(n.of) > maxNoted {
		t.Errorf("%d names are remembered", len(n.of))
	}
}

func BenchmarkSlips(b *testing.B) {
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "{\"id\":\"x%d\",\"Frozen\":true,\"frozen\":null,\"remark\":\"y\",\"tenant\":\"eu\"}\n", i)
	}
	table, ms := readJSONL("a.jsonl", []byte(text.String()))
	if err := ms.Err(); err != nil {
		b.Fatal(err)
	}
	k := kept{{"", "frozen"}: {}, {"", "tenant"}: {}}
	for b.Loop() {
		if ms := k.slips("a.jsonl", table); len(ms) > 0 {
			b.Fatal(ms)
		}
	}
}
