package catalog

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/rules"
)

// scanned is what a file holds, row by row.
func scanned(file, text string) (rows []Row, err error) {
	err = Scan(file, strings.NewReader(text), func(r Row) error {
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

func TestScanReadsRowsAsAFileDoes(t *testing.T) {
	for _, c := range []struct{ row, file, text string }{
		{"CSV", "a.csv", "id,tier,parent,owner\nA,internal,p,ada\nB,,,\n"},
		{"CSV with a byte order mark, types and quotes", "a.csv", "\ufefftype,id,name\r\naccount,A,\"x\r\ny\"\r\nfile,B,\"a \"\"q\"\"\"\r\n"},
		{"CSV that is not UTF-8 in a row", "a.csv", "id,owner\nA,\xff\nB,bob\n"},
		{"JSONL", "a.jsonl", `{"id":"A","n":7,"list":["x"],"gone":null}` + "\n\n" + `{"id":7,"tier":"internal","parent":null,"f":1.5,"yes":true}` + "\n"},
		{"JSONL with a tier that is no name", "a.jsonl", `{"id":"A","tier":["x"]}`},
	} {
		rows, err := scanned(c.file, c.text)
		if err != nil {
			t.Errorf("%s: %v", c.row, err)
			continue
		}
		read := readCSV
		if c.file == "a.jsonl" {
			read = readJSONL
		}
		table, ms := read(c.file, []byte(c.text))
		if len(ms) > 0 || len(rows) != len(table.records) {
			t.Fatalf("%s: %v; %d rows, the file has %d", c.row, ms, len(rows), len(table.records))
		}
		for i, got := range rows {
			want := Row{Key: got.Key}
			table.fill(&want, &table.records[i])
			if table.records[i].key != got.Key {
				t.Errorf("%s: row %d is of %q, the file's of %q", c.row, i, got.Key, table.records[i].key)
			}
			for name, v := range want.Columns { // a file gives each row the columns of all
				if _, there := got.Columns[name]; !there && v == nil {
					delete(want.Columns, name)
				}
			}
			want.Untiered, got.Untiered = false, false
			want.Null, got.Null = nil, nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: row %d (-file +scan):\n%s", c.row, i, diff)
			}
		}
	}
}

func TestScanNamesWhatALineNames(t *testing.T) {
	rows, err := scanned("a.csv", "id,parent,owner\nA,,\n")
	if err != nil || !rows[0].Untiered || !rows[0].Whole || !cmp.Equal(rows[0].Null, []string{"parent"}) {
		t.Errorf("CSV: %+v, %v", rows, err)
	}
	rows, err = scanned("a.jsonl", `{"id":"A","parent":null,"owner":null,"tier":null}`)
	if err != nil || !rows[0].NoTier || !cmp.Equal(rows[0].Null, []string{"owner", "parent"}) {
		t.Errorf("JSONL: %+v, %v", rows, err)
	}
}

func TestScanSaysWhereAFileIsBad(t *testing.T) {
	long := strings.Repeat("x", MaxRow+1)
	for _, c := range []struct{ row, file, text, want string }{
		{"another format", "a.yaml", "[]", `file "a.yaml" ends in ".yaml", want .csv or .jsonl`},
		{"empty", "a.csv", "", "a.csv:1:1: the file is empty"},
		{"no rows", "a.csv", "id,owner\n", "a.csv:1:1: no rows"},
		{"no lines", "a.jsonl", "\n", "a.jsonl:1:1: no rows"},
		{"no id", "a.csv", "name\nx\n", "a.csv:1:1: no column is named id"},
		{"an empty id", "a.csv", "id,n\nA,1\n,2\n", "a.csv:3:1: the id is empty"},
		{"a cell too few", "a.csv", "id,n\nA,1\nB\n", "a.csv:3:1: not valid CSV: wrong number of fields"},
		{"a quote that never ends", "a.csv", "id,n\nA,1\nB,\"" + long + long + long, "a.csv:3:1: a row of more than 1048576 bytes"},
		{"a line without end", "a.jsonl", "{\"id\":\"A\"}\n{\"id\":\"" + long + long, "a.jsonl:2:1: a row of more than 1048576 bytes"},
		{"no JSON", "a.jsonl", "{\"id\":\"A\"}\nid", "a.jsonl:2:1: not a strict JSON object"},
		{"a misspelt built-in", "a.jsonl", `{"id":"A","Tier":"x"}`, `a.jsonl:1:1: column "Tier" is almost "tier"`},
	} {
		_, err := scanned(c.file, c.text)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.row, err, c.want)
		}
	}
}

func TestScanStopsWhereItsTakerFails(t *testing.T) {
	for file, text := range map[string]string{"a.csv": "id\nA\nB\nC\n", "a.jsonl": `{"id":"A"}` + "\n" + `{"id":"B"}` + "\n" + `{"id":"C"}`} {
		n := 0
		err := Scan(file, strings.NewReader(text), func(Row) error {
			if n++; n == 2 {
				return errors.New("enough")
			}
			return nil
		})
		var ms rules.Mistakes
		if !errors.As(err, &ms) || n != 2 || ms[0].Text != "enough" || ms[0].Pos.Line < 2 {
			t.Errorf("%s: %v after %d rows", file, err, n)
		}
	}
	if err := Scan("a.csv", io.MultiReader(strings.NewReader("id\nA\n"), broken{}), func(Row) error { return nil }); err == nil {
		t.Error("a file that cannot be read to its end was read")
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }
