package pairs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e/oracle"
	"github.com/tiergate/tiergate/extauthz/budget"
)

// Rule sets, and requests of each: a hundredth of what TIERGATE_FULL=1 runs.
const (
	sets     = 200
	fullSets = 20_000
	requests = 50
)

// shown is how many differences are spelled out.
const shown = 10

// TestPairsOfRulesAndRequestsAgree compares the engine with the evaluator. With
// TIERGATE_SEED it does so for that seed alone, and keeps its files.
func TestPairsOfRulesAndRequestsAgree(t *testing.T) {
	seeds := span{0, sets}
	if os.Getenv("TIERGATE_FULL") == "1" {
		seeds.to = fullSets
	}
	if text := os.Getenv("TIERGATE_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("TIERGATE_SEED: %v", err)
		}
		seeds = span{seed, seed + 1}
		keep(t, seed)
	}
	began := time.Now()
	total := run(t, seeds, compareSeed)
	took := time.Since(began)
	if seeds.to-seeds.from == 1 {
		return
	}
	pairs := total.Sent
	t.Logf("%d pairs of %d rule sets in %v, %d a second, %d %% allowed: %s", pairs, seeds.to-seeds.from, took.Round(time.Millisecond),
		int(float64(pairs)/took.Seconds()), 100*total.Allows/max(pairs, 1), total.Histogram())
	checkReasons(t, total)
	if share := 100 * total.Allows / max(pairs, 1); share < 25 || share > 60 {
		t.Errorf("%d %% are allowed, want 25 to 60: what is compared is lopsided", share)
	}
}

// span is a range of seeds, the last not included.
type span struct{ from, to uint64 }

// run has as many workers as there are processors try seeds.
func run(t *testing.T, seeds span, one func(w *oracle.World, e *engine) *oracle.Result) *oracle.Result {
	t.Helper()
	total, next := oracle.NewResult(0), make(chan uint64)
	var lock sync.Mutex
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		dir := t.TempDir()
		all.Go(func() {
			for seed := range next {
				w := oracle.GenerateDirect(seed)
				e, err := load(w, dir)
				if err != nil {
					t.Errorf("seed %d does not load: %v", seed, err)
					continue
				}
				r := one(w, e)
				lock.Lock()
				total.Add(r)
				lock.Unlock()
			}
		})
	}
	for seed := seeds.from; seed < seeds.to && !enough(&lock, total); seed++ {
		next <- seed
	}
	close(next)
	all.Wait()
	for i, d := range total.Differences {
		if i == shown {
			t.Errorf("… and %d more", len(total.Differences)-shown)
			break
		}
		t.Error(d.What)
	}
	return total
}

func enough(lock *sync.Mutex, total *oracle.Result) bool {
	lock.Lock()
	defer lock.Unlock()
	return len(total.Differences) > 5*shown
}

// compareSeed judges the requests of a world twice.
func compareSeed(w *oracle.World, e *engine) *oracle.Result {
	r, book := oracle.NewResult(w.Seed), new(oracle.Book)
	e.ledger = budget.New()
	for n, req := range oracle.Pairs(w, requests) {
		want := book.Judge(w, req)
		r.Count(want)
		if what := differs(e.check(req), &want); what != "" {
			text := fmt.Sprintf("seed %d request %d: %s\n  %s\n", w.Seed, n, what, strings.ReplaceAll(req.String(), "\n", "\n  "))
			if req.Token >= 0 {
				text += fmt.Sprintf("    = %+v\n", *w.Tokens[req.Token])
			}
			text += fmt.Sprintf("  want %+v\n  again: TIERGATE_SEED=%d go test -run TestPairsOf ./e2e/oracle/pairs", want, w.Seed)
			r.Differences = append(r.Differences, oracle.Difference{Number: n, Request: req, Want: want, What: text})
		}
	}
	return r
}

// keep writes the files of a seed where somebody can look at them.
func keep(t *testing.T, seed uint64) {
	t.Helper()
	dir, err := os.MkdirTemp("", fmt.Sprintf("pairs-seed-%d-", seed))
	if err != nil {
		t.Fatal(err)
	}
	w := oracle.GenerateDirect(seed)
	for _, files := range []oracle.Files{w.RulesFiles(noon), w.CatalogFilesAt(0)} {
		for name, text := range files {
			at := filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(at, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("the files of seed %d: %s", seed, dir)
}
