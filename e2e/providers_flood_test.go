//go:build e2e

package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e/idp"
)

// flood sends n tokens with key ids of their own beside a known one, and counts
// the reasons. A check waits for keys as long as its deadline lets it, so the
// senders are many and the deadline is short.
func (f *faulty) flood(t *testing.T, p *idp.Provider, known string, n int) map[string]int {
	t.Helper()
	rest := known[strings.IndexByte(known, '.'):]
	var next atomic.Int64
	var senders sync.WaitGroup
	var mu sync.Mutex
	ids := []string{}
	for range 128 {
		senders.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(n) {
					return
				}
				header := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"ES256","kid":"random-%d-%d"}`, p.Fetches(), i))
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				answer, err := f.asked.Check(ctx, "", publicRequest(header+rest))
				cancel()
				if err != nil || answer.Allowed {
					t.Errorf("a key id that nobody has: %+v, %v", answer, err)
					return
				}
				mu.Lock()
				ids = append(ids, answer.Decision)
				mu.Unlock()
			}
		})
	}
	slowest := time.Duration(0)
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		began := time.Now()
		answer, err := f.asked.Check(t.Context(), "", publicRequest(known))
		if slowest = max(slowest, time.Since(began)); err != nil || !answer.Allowed {
			t.Errorf("a known token in the flood: %+v, %v", answer, err)
		}
	}
	senders.Wait()
	t.Logf("the slowest answer to a known token: %v", slowest)
	if slowest > 2*time.Second {
		t.Errorf("a known token waited %v", slowest)
	}
	reasons := map[string]int{}
	eventually(t, 30*time.Second, "the records of the flood", func() bool {
		all, err := f.Tiergate.Decisions()
		if err != nil {
			t.Fatal(err)
		}
		clear(reasons)
		for _, id := range ids {
			if d := all[id]; d != nil {
				reasons[d.Reason]++
			} else {
				return false
			}
		}
		return true
	})
	return reasons
}
