package rules

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkDecide varies what must not matter.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 1_000, 100_000} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			set := manySet(b, n)
			req, c, targets := ledger(b, set)
			b.ReportAllocs()
			for b.Loop() {
				set.Decide(req, c, targets)
			}
		})
	}
}

// byTurns runs functions by turns, so that a busy machine slows all alike, and returns
// the median time of each, in nanoseconds a call.
func byTurns(b *testing.B, turns ...func()) []float64 {
	const calls = 200 // a turn
	took := make([][]float64, len(turns))
	for b.Loop() {
		for i, turn := range turns {
			began := time.Now()
			for range calls {
				turn()
			}
			took[i] = append(took[i], float64(time.Since(began).Nanoseconds())/calls)
		}
	}
	out := make([]float64, len(turns))
	for i := range took {
		slices.Sort(took[i])
		out[i] = took[i][len(took[i])/2]
	}
	return out
}

// BenchmarkDecideByTurns takes the sizes by turns: the ratio to 10 rules is to be 1.3 at
// most.
func BenchmarkDecideByTurns(b *testing.B) {
	sizes := []int{10, 1_000, 100_000}
	var turns []func()
	for _, n := range sizes {
		set := manySet(b, n)
		req, c, targets := ledger(b, set)
		turns = append(turns, func() { set.Decide(req, c, targets) })
	}
	took := byTurns(b, turns...)
	for i, n := range sizes {
		b.ReportMetric(took[i], fmt.Sprintf("ns-at-%d", n))
		b.ReportMetric(took[i]/took[0], fmt.Sprintf("ratio-at-%d", n))
	}
}

// BenchmarkClosureBesideCEL takes the two ways in which a condition runs by turns: CEL
// is to cost 5 times as much or more.
func BenchmarkClosureBesideCEL(b *testing.B) {
	set, sc := world(b)
	in := parseInput(b, `{ "caller": { "identity": "customers", "subject": "ada" }, "targets": [{ "action": "read", "object": "account/8",
		"attributes": { "tenant": "eu", "frozen": false, "owner": "ada", "owners": ["bob", "ada"], "balance": 7 } }] }`)
	f := &facts{schema: set.schema, req: in.request(b), caller: in.Caller.caller(b, set), target: &in.targets(b, set)[0]}
	for name, text := range map[string]string{
		"one":        `object.tenant == "eu"`,
		"two":        `object.tenant == "eu" && !object.frozen`,
		"own":        `object.owner == caller.subject`,
		"in":         `caller.subject in object.owners`,
		"five":       `object.tenant == "eu" && !object.frozen && object.owner == caller.subject && object.balance != 8 && has(object.owners)`,
		"last of or": `object.tenant == "de" || object.tenant == "fr" || object.tenant == "eu"`,
	} {
		b.Run(name, func(b *testing.B) {
			var turns []func()
			for _, slow := range []bool{false, true} {
				x, err := newExpressions()
				if err != nil {
					b.Fatal(err)
				}
				x.slow = slow
				c, problems := x.compile(sc, text)
				if len(problems) > 0 || c.closure == slow || c.test(f) != yes {
					b.Fatal(problems, c)
				}
				turns = append(turns, func() {
					f.spent = 0
					c.test(f)
				})
			}
			took := byTurns(b, turns...)
			b.ReportMetric(took[0], "closure-ns")
			b.ReportMetric(took[1], "cel-ns")
			b.ReportMetric(took[1]/took[0], "times")
		})
	}
}
