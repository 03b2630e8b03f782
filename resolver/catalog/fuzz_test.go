package catalog

import (
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// FuzzFile reads any bytes in every format. A file that is not refused answers
// for exactly the ids that it lists, and alike when it is read twice.
func FuzzFile(f *testing.F) {
	for _, text := range []string{
		goodCSV, "id,type,tier,parent\n1,a,,\n1,b,x,y\n", "id\n\"a\"\"b\"\n", "{\"id\":7,\"owner\":[1,\"x\",null]}\n{\"id\":\"7\"}",
		"- { id: a, owner: [x] }\n- id: 007\n", "\xEF\xBB\xBFid\n\xff\n", "{\"id\":\"\xff\"}",
	} {
		f.Add([]byte(text))
	}
	formats := map[string]func(string, []byte) (*table, rules.Mistakes){"csv": readCSV, "jsonl": readJSONL, "yaml": readYAML}
	f.Fuzz(func(t *testing.T, text []byte) {
		for name, format := range formats {
			first, ms := format("f", text)
			if (first == nil) != (len(ms) > 0) {
				t.Fatalf("%s: table %v with mistakes %v", name, first, ms)
			}
			if first == nil {
				continue
			}
			again, _ := format("f", text)
			for row := range first.rows(t.Context(), "account") {
				key := row.Key
				if key.ID == "" {
					t.Fatalf("%s: a row without id: %+v", name, row)
				}
				for _, from := range []*table{first, again} {
					got, err := from.lookup(t.Context(), []Key{key})
					if err != nil || !got[0].Found || got[0].Bad != row.Bad || got[0].Tier != row.Tier || len(got[0].Columns) != len(row.Columns) {
						t.Fatalf("%s: listed %+v, looked up %+v, %v", name, row, got, err)
					}
				}
			}
		}
	})
}
