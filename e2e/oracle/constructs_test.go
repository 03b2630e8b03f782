package oracle

import (
	"slices"
	"testing"
)

// What is never reached is never compared.
func TestEveryConstructIsReached(t *testing.T) {
	t.Parallel()
	total := NewResult(0)
	for seed := range uint64(12) {
		w, f := Generate(seed), []front{hardened, base}[seed%2]
		for _, r := range Traffic(w, f, 2000) {
			total.Count(Evaluate(w, f, r))
		}
	}
	for seed := range uint64(120) {
		w := GenerateDirect(seed)
		book := new(Book)
		for _, r := range Pairs(w, 50) {
			total.Count(book.Judge(w, r))
		}
	}
	known := slices.Concat(constructs, directConstructs)
	for construct := range total.Constructs {
		if !slices.Contains(known, construct) {
			t.Errorf("%s is reached and not listed", construct)
		}
	}
	for _, construct := range known {
		if total.Constructs[construct] == 0 {
			t.Errorf("no seed reaches %s", construct)
		}
	}
	t.Log(total.Reached())
}
