package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/catalog/catalogtest"
)

func TestConformance(t *testing.T) {
	for name, memory := range map[string]int{"sorted in memory": 0, "sorted on disk": 1} {
		t.Run(name, func(t *testing.T) {
			catalogtest.Run(t, func(t *testing.T, rows ...catalog.Row) catalog.Source {
				dir := t.TempDir()
				in, out := write(t, filepath.Join(dir, "rows.jsonl"), jsonl(t, rows)), filepath.Join(dir, "rows.db")
				if _, err := Import(t.Context(), ImportOptions{Out: out, Files: []string{in}, KeepBad: true, Memory: memory}); err != nil {
					t.Fatal(err)
				}
				return from(t, out, nil)
			})
		})
	}
}
