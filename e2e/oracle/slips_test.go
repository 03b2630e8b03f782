package oracle

import (
	"path/filepath"
	"testing"
)

// Each slip has a place in the files of some seed, and changes them.
func TestEverySlipHasAPlace(t *testing.T) {
	found := map[string]bool{}
	for seed := range uint64(20) {
		w := Generate(seed)
		files := w.CatalogFilesAt(0)
		for name, text := range w.RulesFiles(noon) {
			files[name] = text
		}
		files["tiergate.yaml"] = w.ConfigFile(wiring{})
		files[revocationsFile] = w.RevokedFile(0, noon, nil)
		for _, s := range slips {
			for name, text := range files {
				if fits, err := filepath.Match(s.file, name); err != nil || !fits {
					continue
				}
				if changed, ok := s.on(text); ok && changed != text {
					found[s.name] = true
				}
			}
		}
	}
	for _, s := range slips {
		if !found[s.name] {
			t.Errorf("no seed has a place for %s", s.name)
		}
	}
}
