package catalog_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/catalog/catalogtest"
)

func TestMemoryIsASource(t *testing.T) {
	catalogtest.Run(t, func(_ *testing.T, rows ...catalog.Row) catalog.Source { return catalog.NewMemory(rows...) })
}

func TestFakeThatTellsIsAWatcher(t *testing.T) {
	catalogtest.RunWatcher(t, func(_ *testing.T, rows ...catalog.Row) catalogtest.Watchable {
		teller := catalog.NewTeller(rows...)
		without := func(key catalog.Key) []catalog.Row {
			return slices.DeleteFunc(slices.Clone(rows), func(r catalog.Row) bool { return r.Key == key })
		}
		return catalogtest.Watchable{
			Source: teller,
			Put: func(_ *testing.T, row catalog.Row) {
				rows = append(without(row.Key), row)
				teller.Set(rows, row.Key)
			},
			Remove: func(_ *testing.T, key catalog.Key) {
				rows = without(key)
				teller.Set(rows, key)
			},
			Cut: func(*testing.T) { teller.Cut() },
		}
	})
}

func TestCSVIsASource(t *testing.T) { catalogtest.Run(t, opener("rows.csv", asCSV)) }

func TestCSVWithTypesIsASource(t *testing.T) { catalogtest.Run(t, opener("rows.csv", asTypedCSV)) }

func TestJSONLIsASource(t *testing.T) { catalogtest.Run(t, opener("rows.jsonl", asJSONL)) }

func TestYAMLIsASource(t *testing.T) { catalogtest.Run(t, opener("rows.yaml", asYAML)) }

func opener(name string, write func(*testing.T, []catalog.Row) []byte) catalogtest.Open {
	return func(t *testing.T, rows ...catalog.Row) catalog.Source {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, write(t, rows), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := catalog.OpenFile(catalog.FileOptions{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		return f
	}
}

func asCSV(t *testing.T, rows []catalog.Row) []byte      { return writeCSV(t, rows, false) }
func asTypedCSV(t *testing.T, rows []catalog.Row) []byte { return writeCSV(t, rows, true) }

func writeCSV(t *testing.T, rows []catalog.Row, typed bool) []byte {
	t.Helper()
	head := []string{"id"}
	if typed {
		head = append(head, "type")
	}
	tiers := rows[0].Tier != ""
	if tiers {
		head = append(head, "tier", "parent")
	}
	for _, name := range []string{"name", "tenant", "owner"} {
		if _, ok := rows[0].Columns[name]; ok {
			head = append(head, name)
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(head)
	for _, r := range rows {
		var cells []string
		for _, name := range head {
			text, _ := r.Columns[name].(string)
			switch name {
			case "id":
				text = r.Key.ID
			case "type":
				text = r.Key.Type
			case "tier":
				text = r.Tier
			case "parent":
				text = r.Parent
			}
			cells = append(cells, text)
		}
		_ = w.Write(cells)
	}
	if w.Flush(); w.Error() != nil {
		t.Fatal(w.Error())
	}
	return b.Bytes()
}

func members(r catalog.Row) map[string]any {
	m := map[string]any{"id": r.Key.ID}
	for k, v := range r.Columns {
		m[k] = v
	}
	if r.Tier != "" {
		m["tier"] = r.Tier
	}
	if r.Parent != "" {
		m["parent"] = r.Parent
	}
	return m
}

func asJSONL(t *testing.T, rows []catalog.Row) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, r := range rows {
		line, err := json.Marshal(members(r))
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// asYAML writes JSON values in a block sequence, which YAML reads alike.
func asYAML(t *testing.T, rows []catalog.Row) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, r := range rows {
		line, err := json.Marshal(members(r))
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("- ")
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Bytes()
}
