package pairs

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e/oracle"
)

// Denials that are explained, and how many of a rule set at most.
const (
	denials     = 150
	fullDenials = 10_000
	ofOneSet    = 25
)

// ends are what the explanations of denials came to.
type ends struct {
	denials, steps int
	allowed        int            // the request, in the end
	applies        int            // the rule, and what denies is said to be something else
	elsewhere      int            // the target was allowed, and another one is denied
	supplied       map[string]int // by what was lacking
	unsupplied     map[string]int // likewise: no setting meets it
	wrong          []string
}

// TestExplainIsTrue explains random denials, supposes exactly what a rule is said to
// lack, and explains again, until the rule applies or nothing can be supposed that it
// lacks. Each time the rule must have come further, and what is said to come next must come.
func TestExplainIsTrue(t *testing.T) {
	all, want := ends{supplied: map[string]int{}, unsupplied: map[string]int{}}, denials
	if os.Getenv("TIERGATE_FULL") == "1" {
		want = fullDenials
	}
	began, dir, sets := time.Now(), t.TempDir(), 0
	for seed := uint64(0); all.denials < want && len(all.wrong) < shown; seed++ {
		w := oracle.GenerateDirect(seed)
		e, err := load(w, dir)
		if err != nil {
			t.Fatalf("seed %d does not load: %v", seed, err)
		}
		sets++
		all.explain(w, e)
	}
	for _, wrong := range all.wrong {
		t.Error(wrong)
	}
	t.Logf("%d denials of %d rule sets in %v, %d explanations. In the end the request was allowed %d times; the rule applied and what denied was named %d times; another target was denied %d times",
		all.denials, sets, time.Since(began).Round(time.Millisecond), all.steps, all.allowed, all.applies, all.elsewhere)
	t.Logf("supplied: %s", counted(all.supplied))
	t.Logf("not to be supplied: %s", counted(all.unsupplied))
	for _, kind := range []string{"identity", "action", "up_to", "own", "when", "max_token_age", "for"} {
		if all.supplied[kind] == 0 {
			t.Errorf("nothing ever lacked %s: what is tried is lopsided", kind)
		}
	}
}

// explain follows denials of one rule set, asked for by whoever there is.
func (all *ends) explain(w *oracle.World, e *engine) {
	luck := rand.New(rand.NewPCG(w.Seed, 0x6578706c61696e))
	enough := all.denials + ofOneSet
	for _, r := range oracle.Pairs(w, ofOneSet) {
		for _, token := range []int{r.Token, luck.IntN(len(w.Tokens)), luck.IntN(len(w.Tokens))} {
			if token >= 0 && w.Tokens[token].Fault != "" || all.denials == enough {
				continue
			}
			asks := *r
			asks.Token = token
			e.asks = &asks
			all.follow(e, luck.IntN(2)*luck.IntN(8))
		}
	}
}

func (all *ends) bad(e *engine, said []string, format string, args ...any) {
	all.wrong = append(all.wrong, fmt.Sprintf("seed %d, %s\nwhat if %q: %s", e.w.Seed, e.asks, said, fmt.Sprintf(format, args...)))
}

func counted(m map[string]int) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, fmt.Sprintf("%s %d", k, m[k]))
	}
	return strings.Join(out, ", ")
}
