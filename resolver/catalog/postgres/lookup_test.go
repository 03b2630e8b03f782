package postgres

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/resolver/catalog"
)

const (
	someUUID = "0b6f3a52-6d0e-4f3c-9a5e-0d9c51a1f7aa"
	citext   = "CREATE EXTENSION IF NOT EXISTS citext SCHEMA public; "
	anyCase  = "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false); "
)

// K1: what a column's type or collation takes for equal is another id all the same.
func TestK1IdsAreComparedByteForByte(t *testing.T) {
	for name, c := range map[string]struct {
		before, column string
		stored         []string
		found, absent  []string
	}{
		"text":             {"", "text", []string{"a7", "é"}, []string{"a7", "é"}, []string{"A7", "e\u0301", "a7 ", "a", "", "a\x00", "\xff"}},
		"varchar":          {"", "varchar(9)", []string{"a7"}, []string{"a7"}, []string{"A7", "a7 ", strings.Repeat("a", 2000)}},
		"other collation":  {"", `text COLLATE "und-x-icu"`, []string{"a7"}, []string{"a7"}, []string{"A7"}},
		"citext":           {citext, "citext", []string{"a7", "B"}, []string{"a7", "B"}, []string{"A7", "b"}},
		"citext twice":     {citext, "citext", []string{"a7", "A7"}, []string{"a7", "A7"}, nil},
		"nondeterministic": {anyCase, "text COLLATE any_case", []string{"a7", "A7", "b"}, []string{"a7", "A7", "b"}, []string{"B"}},
		"bigint":           {"", "bigint", []string{"7", "-1", "9223372036854775807"}, []string{"7", "-1", "9223372036854775807"}, []string{"07", "+7", " 7", "7.0", "1e0", "-0", "9223372036854775808", "x", ""}},
		"integer":          {"", "integer", []string{"7"}, []string{"7"}, []string{"2147483648", "007"}},
		"smallint":         {"", "smallint", []string{"7"}, []string{"7"}, []string{"32768"}},
		"uuid": {"", "uuid", []string{someUUID}, []string{someUUID}, []string{
			strings.ToUpper(someUUID), "{" + someUUID + "}", strings.ReplaceAll(someUUID, "-", ""), " " + someUUID, "0b6f3a52",
		}},
		"bytea":  {"", "bytea", []string{`\x6100`}, []string{"a\x00"}, []string{"a", `\x6100`}},
		"domain": {"CREATE DOMAIN account_id AS text CHECK (value <> 'no'); ", "account_id", []string{"a7"}, []string{"a7"}, []string{"A7", "no"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, c.before+createAccounts(c.column), nil)
			for _, id := range c.stored {
				b.exec(t, "INSERT INTO account (id, name) VALUES ('"+id+"', 'row '||'"+id+"')")
			}
			all := append(append([]string{}, c.absent...), c.found...)
			for i, r := range b.get(t, "account", all...) {
				if want := i >= len(c.absent); r.Found != want || r.Bad != "" {
					t.Errorf("%q: Found %v, Bad %q, want %v", all[i], r.Found, r.Bad, want)
				}
			}
			for _, id := range c.absent { // alone, so that nothing else is asked for
				if r := b.get(t, "account", id)[0]; r.Found {
					t.Errorf("%q alone was found", id)
				}
			}
		})
	}
}

func TestIdTypesThatCannotWorkAreRefusedByName(t *testing.T) {
	for column, want := range map[string]string{"char(4)": "not supported", "numeric": "ids of type numeric are not supported", "date": "ids of type date"} {
		b := open(t, createAccounts(column), nil)
		_, err := b.Lookup(t.Context(), keys("account", "1"))
		if !errors.Is(err, catalog.ErrUnavailable) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", column, err, want)
		}
	}
}

// A type that cannot work takes no other one with it.
func TestTypeThatCannotWorkStandsAlone(t *testing.T) {
	b := open(t, createAccounts("text")+oneAccount+"; CREATE TABLE odd (id numeric)", func(o *Options) {
		o.Pool = 1
		o.Types["odd"] = Type{Table: "odd"}
		o.Types["nameless"] = Type{Query: "SELECT name FROM account WHERE id = ANY($1)"}
	})
	for range 2 {
		for _, typ := range []string{"odd", "nameless"} {
			if _, err := b.Lookup(t.Context(), keys(typ, "1")); !errors.Is(err, catalog.ErrUnavailable) || strings.Contains(err.Error(), "exists") {
				t.Errorf("%s: %v", typ, err)
			}
		}
	}
	if r := b.get(t, "account", "a")[0]; r.Tier != "restricted" {
		t.Errorf("%+v", r)
	}
}

func TestIdsOfSeveralColumns(t *testing.T) {
	b := open(t, "CREATE TABLE repo (owner text, name text, stars bigint); "+
		"INSERT INTO repo VALUES ('ada', 'x', 1), ('bob', 'y', 2), ('ada', 'y', 3), ('a/b', 'c', 4), (NULL, 'n', 5)", func(o *Options) {
		o.Types = map[string]Type{"repo": {Table: "repo", ID: []string{"owner", "name"}, Columns: map[string]string{"stars": "stars"}}}
	})
	ids := []string{"ada/x", "bob/y", "bob/x", "ada", "ada/x/", "a/b/c", "/n", "ada/y"}
	for i, want := range []any{int64(1), int64(2), nil, nil, nil, nil, nil, int64(3)} {
		if r := b.get(t, "repo", ids...)[i]; r.Found != (want != nil) || r.Columns["stars"] != want {
			t.Errorf("%s: %+v, want %v", ids[i], r, want)
		}
	}
	n := 0
	for row, err := range b.Rows(t.Context(), "repo") {
		if n++; err != nil || row.Key.ID == "a/b/c" {
			t.Errorf("listed %+v, %v", row, err)
		}
	}
	if n != 3 {
		t.Errorf("%d rows are listed, want the 3 that a request can name", n)
	}
}

func TestQueriesJoinAndSeveralTypesAreOneSnapshot(t *testing.T) {
	b := open(t, createAccounts("text")+"; CREATE TABLE customer (id int, eu bool); INSERT INTO account (id, parent) VALUES ('a', '7'); INSERT INTO customer VALUES (7, true)", func(o *Options) {
		o.Types["customer"] = Type{
			Query: `SELECT c.eu, c.id, CASE WHEN c.eu THEN 'restricted' END AS tier, count(a) AS accounts
				FROM customer c LEFT JOIN account a ON a.parent = c.id::text WHERE c.id = ANY($1) GROUP BY c.id, c.eu`,
			List: "SELECT id, NULL AS tier, eu, 0::bigint AS accounts FROM customer ORDER BY id",
		}
	})
	wanted := append(keys("account", "a"), keys("customer", "7", "07", "8")...)
	rows, err := b.Lookup(t.Context(), wanted)
	if err != nil {
		t.Fatal(err)
	}
	want := catalog.Row{Key: wanted[1], Found: true, Whole: true, Generation: rows[0].Generation, Tier: "restricted", Columns: map[string]any{"eu": true, "accounts": int64(1)}}
	if diff := cmp.Diff(want, rows[1]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !rows[0].Found || rows[0].Parent != "7" || rows[2].Found || rows[3].Found {
		t.Errorf("rows %+v", rows)
	}
	for row, err := range b.Rows(t.Context(), "customer") {
		if err != nil || row.Columns["eu"] != true || !row.NoTier {
			t.Errorf("listed %+v, %v", row, err)
		}
	}
}

func TestC3RowsThatCannotBeUsed(t *testing.T) {
	b := open(t, createAccounts("text")+`; INSERT INTO account (id, tier, name) VALUES
		('null', NULL, 'x'), ('unknown', '99', 'x'), ('twice', 'internal', 'x'), ('twice', 'internal', 'x'), ('huge', 'internal', repeat('x', 2000000)), ('good', 'internal', 'x')`, nil)
	rows := b.get(t, "account", "null", "unknown", "twice", "huge", "good")
	if r := rows[0]; !r.NoTier || r.Untiered || r.Tier != "" {
		t.Errorf("NULL tier: %+v, want the place for it to be empty", r)
	}
	if rows[1].Tier != "99" || rows[4].Bad != "" {
		t.Errorf("rows %+v and %+v, want the tier as it stands and nothing bad", rows[1], rows[4])
	}
	if !strings.Contains(rows[2].Bad, "several rows") || !strings.Contains(rows[3].Bad, "bytes") {
		t.Errorf("bad: %q and %q", rows[2].Bad, rows[3].Bad)
	}
	for _, r := range rows {
		if strings.Contains(r.Bad, "twice") || len(r.Bad) > 100 {
			t.Errorf("Bad %.200q shows values", r.Bad)
		}
	}
}

func TestC3TextOfAnotherEncodingIsABadRow(t *testing.T) {
	b := open(t, `CREATE TABLE account (id text, name bytea); INSERT INTO account VALUES ('a', '\xff'), ('b', 'x')`, func(o *Options) {
		o.Types = map[string]Type{"account": {Query: `SELECT id, name FROM account WHERE id = ANY($1)`}}
	})
	if r := b.get(t, "account", "a")[0]; r.Bad != "" || r.Columns["name"] != `\xff` {
		t.Errorf("%+v, want bytes as PostgreSQL writes them", r)
	}
	st := &statement{kinds: []kind{textual}, plan: plan{ids: []int{0}, tier: -1, parent: -1, rest: map[int]string{1: "name"}}}
	row, ok := st.row("account", fields("id", "name"), [][]byte{[]byte("a"), {0xff}})
	if !ok || row.Bad != `column "name" is not UTF-8` || row.Columns != nil {
		t.Errorf("%+v, %v", row, ok)
	}
}

func TestC3ColumnRenamedAndPutBack(t *testing.T) {
	b := open(t, createAccounts("text")+"; INSERT INTO account (id, tier) VALUES ('a', 'restricted')", nil)
	if r := b.get(t, "account", "a")[0]; r.Tier != "restricted" {
		t.Fatalf("%+v", r)
	}
	b.exec(t, "ALTER TABLE account RENAME tier TO level")
	if rows, err := b.Lookup(t.Context(), keys("account", "a")); !errors.Is(err, catalog.ErrUnavailable) || !strings.Contains(err.Error(), "tier") {
		t.Errorf("%+v, %v, want an error that names the column", rows, err)
	}
	b.exec(t, "ALTER TABLE account RENAME level TO tier")
	b.exec(t, "ALTER TABLE account ALTER id TYPE varchar(20), ALTER tier TYPE varchar(30), ALTER name TYPE varchar(9)")
	if r := b.get(t, "account", "a")[0]; r.Tier != "restricted" {
		t.Errorf("after the columns changed their types: %+v", r)
	}
}

func TestValuesKeepTheirKind(t *testing.T) {
	b := open(t, `CREATE TYPE mood AS ENUM ('calm', 'cross');
		CREATE TABLE account (id int, s text, i int, b bool, l text[], n int8[], u uuid, m mood, d numeric, w timestamptz, j jsonb, e text[], two text[], hole text[], nothing text);
		INSERT INTO account VALUES (1, 'x', -4, false, '{a,"b,\"c\\",NULL x}', '{1,2}', '`+someUUID+`', 'cross', 12.50, '2027-01-01 00:00+02', '{"a": 1}', '{}', '{{a},{b}}', '{a,NULL}', NULL)`,
		func(o *Options) {
			for _, c := range []string{"two", "hole"} {
				o.Types[c] = Type{Table: "account", Columns: map[string]string{c: c}}
			}
			o.Types["account"] = Type{Query: "SELECT id, s, i, b, l, n, u, m, d, w, j, e, nothing FROM account WHERE id = ANY($1)"}
		})
	want := map[string]any{
		"s": "x", "i": int64(-4), "b": false, "l": []any{"a", `b,"c\`, "NULL x"}, "n": []any{int64(1), int64(2)}, "u": someUUID, "m": "cross",
		"d": "12.50", "w": "2026-12-31 22:00:00+00", "j": `{"a": 1}`, "e": []any{}, "nothing": nil,
	}
	r := b.get(t, "account", "1")[0]
	if diff := cmp.Diff(want, r.Columns); diff != "" || r.Bad != "" || !r.Untiered {
		t.Errorf("%+v (-want +got)\n%s", r, diff)
	}
	for _, typ := range []string{"two", "hole"} {
		if r := b.get(t, typ, "1")[0]; !strings.Contains(r.Bad, "one dimension") {
			t.Errorf("%s: %+v, want a bad row", typ, r)
		}
	}
}

func TestQueriesThatCannotWorkFail(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT id FROM account":                                                                              "0 parameters",
		"SELECT id FROM account WHERE id = ANY($1) AND id <> $2":                                              "2 parameters",
		"SELECT name FROM account WHERE id = ANY($1)":                                                         `0 columns "id"`,
		"SELECT id, tier, tier FROM account WHERE id = ANY($1)":                                               "twice",
		"SELECT id FROM account, generate_series(1,500) WHERE true OR id = ANY($1)":                           "too many rows",
		"SELECT id FROM elsewhere WHERE id = ANY($1)":                                                         "elsewhere",
		"INSERT INTO account SELECT unnest($1::text[]) RETURNING id":                                          "read-only",
		"SELECT id, 1/0 AS x FROM account WHERE id = ANY($1)":                                                 "SQLSTATE 22012",
		"SELECT id, secret::int AS x FROM (SELECT id, 'id-'||id AS secret FROM account WHERE id = ANY($1)) s": "SQLSTATE 22P02",
	} {
		b := open(t, createAccounts("text")+"; INSERT INTO account (id) VALUES ('canary')", func(o *Options) {
			o.Types = map[string]Type{"account": {Query: query}}
		})
		_, err := b.Lookup(t.Context(), keys("account", "canary"))
		if !errors.Is(err, catalog.ErrUnavailable) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v, want %q and no id", query, err, want)
		}
	}
	b := open(t, createAccounts("text"), nil)
	if _, err := b.Lookup(t.Context(), keys("card", "1")); !errors.Is(err, catalog.ErrUnavailable) {
		t.Errorf("a type without a mapping: %v", err)
	}
}

func TestGenerationIsTheSnapshot(t *testing.T) {
	b := open(t, createAccounts("text"), nil)
	first := b.get(t, "account", "a")[0].Generation
	if again := b.get(t, "account", "b")[0].Generation; again != first {
		t.Errorf("generation %d then %d, and nothing was written", first, again)
	}
	b.exec(t, "INSERT INTO account (id) VALUES ('a')")
	if after := b.get(t, "account", "b")[0].Generation; after <= first {
		t.Errorf("generation %d then %d, and something was written", first, after)
	}
}
