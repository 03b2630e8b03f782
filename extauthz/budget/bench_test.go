package budget

import (
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// BenchmarkCharge: what one allow costs that a limited rule pays for. How much is
// counted already must not matter.
func BenchmarkCharge(b *testing.B) {
	for _, counted := range []int{10, 1_000, 100_000} {
		for _, kept := range []bool{false, true} {
			where := "memory"
			if kept {
				where = "journal"
			}
			b.Run(where+"/"+strconv.Itoa(counted), func(b *testing.B) {
				l := New()
				if kept {
					l = opened(b, b.TempDir(), io.Discard)
				}
				limit := objects("r", int64(counted))
				ids := make([]string, counted)
				for i := range ids {
					ids[i] = strconv.Itoa(i)
					charge(b, l, start, option(limit, ids[i]))
				}
				o := option(limit, "")
				claims := []rules.Claim{claim(o)}
				now, i := start, 0
				b.ReportAllocs()
				for b.Loop() {
					now = now.Add(time.Microsecond)
					o.Charges[0].ID = ids[i%counted]
					i++
					if short, err := l.Charge(now, claims); short >= 0 || err != nil {
						b.Fatal(short, err)
					}
				}
			})
		}
	}
}
