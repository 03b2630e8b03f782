//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A request that has no room for the headers that tiergate adds is refused by
// tiergate, with a reason and a record, before Envoy would answer 500 for it.
func TestNoRoomForOurHeaders(t *testing.T) {
	w := world(t, programs(t, true))
	if err := w.Serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Open(t.Context(), Gateways[2:]...); err != nil {
		t.Fatal(err)
	}
	many := func(c Call, n int) Call {
		for i := range n {
			c = c.header(fmt.Sprintf("x-note-%d: 1", i))
		}
		return c
	}
	long := func(c Call, n int) Call { return c.header("x-note: " + strings.Repeat("v", n)) }
	for _, g := range Gateways[2:] {
		for _, row := range []struct {
			name           string
			pad            func(c Call, n int) Call
			from, to, step int
		}{
			{"headers", many, 80, 100, 1},
			{"bytes", long, 60<<10 - 1200, 60 << 10, 16},
		} {
			t.Run(row.name+"/"+g.String(), func(t *testing.T) {
				answers := map[int]int{}
				for n := row.from; n < row.to; n += row.step {
					c := row.pad(own(), n)
					seen, err := w.Play(t.Context(), g, c)
					if err != nil {
						t.Fatal(err)
					}
					answers[seen.Status]++
					switch {
					case seen.Status == http.StatusOK && seen.Reached && seen.Why == "own-accounts":
						if answers[http.StatusBadRequest] > 0 {
							t.Errorf("%d has room, less has none", n)
						}
					case seen.Status == http.StatusBadRequest && !seen.Reached && seen.Why == "malformed_request":
					case seen.Status == http.StatusRequestHeaderFieldsTooLarge && !seen.Reached && seen.Why == "":
					default:
						t.Errorf("%d: got %d for %q, reached the bank: %t", n, seen.Status, seen.Why, seen.Reached)
					}
				}
				t.Log(answers)
				if answers[http.StatusOK] == 0 || answers[http.StatusBadRequest] == 0 {
					t.Errorf("got %v, want both sides of the border", answers)
				}
			})
		}
	}
}
