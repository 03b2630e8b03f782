package sqlite

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/resolver/catalog/catalogtest"
)

// shuffled are rows of CSV in no order.
func shuffled(n int) string {
	var b strings.Builder
	b.WriteString("id,tier,parent,tenant,owner\n")
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		tier := ""
		if i%50 == 0 {
			tier = "restricted"
		}
		fmt.Fprintf(&b, "AC%010d,%s,c%d,eu,user%d\n", i, tier, i/10, i%100_000)
	}
	return b.String()
}

func BenchmarkImport(b *testing.B) {
	const rows = 100_000
	in := write(b, filepath.Join(b.TempDir(), "rows.csv"), shuffled(rows))
	out := filepath.Join(b.TempDir(), "rows.db")
	for b.Loop() {
		if _, err := Import(b.Context(), ImportOptions{Out: out, Files: []string{in}, Type: "account"}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// A row costs the same among few and many, as long as the disk's pages are in memory.
func BenchmarkLookup(b *testing.B) {
	for _, rows := range []int{1000, 100_000} {
		out := filepath.Join(b.TempDir(), "rows.db")
		build(b, out, "rows.csv", shuffled(rows))
		s := from(b, out, nil)
		for _, c := range []struct{ name, id string }{{"stored", "AC%010d"}, {"missing", "XX%010d"}} {
			b.Run(fmt.Sprintf("%s of %d", c.name, rows), func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					if r := catalogtest.Get(b, s, fmt.Sprintf(c.id, i*7919%rows))[0]; r.Found != (c.name == "stored") {
						b.Fatalf("%+v", r)
					}
				}
			})
		}
	}
}
