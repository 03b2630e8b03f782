package identity

import (
	"fmt"
	"math/big"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// A24: a proof is good once, whatever its signature looks like; the ids of one
// client spend nobody else's.
func TestReplays(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	h, s := holder(), stranger()
	token := ecKey().mint(nil, boundTo(object{"jkt": h.jkt()}))
	foreign := ecKey().mint(nil, boundTo(object{"jkt": s.jkt()}))
	proof := h.prove(token, nil, object{"jti": "once"})
	again := h.prove(token, nil, object{"jti": "once"}) // another signature, the same id
	try := func(req *rules.Request, token string) rules.Reason {
		t.Helper()
		_, err := v.Verify(t.Context(), req)
		return reasonOf(t, err, token)
	}
	for _, row := range []struct {
		name string
		req  *rules.Request
		want rules.Reason
	}{
		{"twin: for the first time", proving(token, proof), ""},
		{"jti replay", proving(token, proof), rules.TokenReplayed},
		{"jti replay, signed again", proving(token, again), rules.TokenReplayed},
		{"jti replay, with the twin of its signature", proving(token, twinSignature(proof)), rules.TokenReplayed},
		{"jti replay, the URL spelled otherwise", proving(token, h.prove(token, nil, object{"jti": "once", "htu": "https://API.example.com:443/v1/account%73/7"})), rules.TokenReplayed},
		{"twin: another jti", proving(token, h.prove(token, nil, object{"jti": "twice"})), ""},
		{"twin: the jti of another key", proving(foreign, s.prove(foreign, nil, object{"jti": "once"})), ""},
	} {
		if got := try(row.req, token); got != row.want {
			t.Errorf("A24 %s: %q, want %q", row.name, got, row.want)
		}
	}
	bad := h.prove(token, nil, object{"jti": "spent", "htm": "POST"})
	if got := try(proving(token, bad), token); got != rules.BindingMismatch {
		t.Fatalf("for another method: %q", got)
	}
	if got := try(proving(token, h.prove(token, nil, object{"jti": "spent"})), token); got != "" {
		t.Errorf("twin: a proof that was refused spends nothing, got %q", got)
	}
}

// twinSignature is the proof with the other signature that is as valid (A07).
func twinSignature(proof string) string {
	dot := strings.LastIndexByte(proof, '.')
	signature := must(base64url.DecodeString(proof[dot+1:]))
	n, _ := new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
	s := new(big.Int).SetBytes(signature[32:])
	new(big.Int).Sub(n, s).FillBytes(signature[32:])
	return proof[:dot+1] + b64(signature)
}

// What is taken at the same time is taken once.
func TestReplaysAtTheSameTime(t *testing.T) {
	r := newReplays()
	id := newProofID("jkt", "id", "url")
	var taken atomic.Int32
	var wait sync.WaitGroup
	for range 64 {
		wait.Go(func() {
			if r.take(id, "ada", now.Add(time.Minute), now) == nil {
				taken.Add(1)
			}
		})
	}
	wait.Wait()
	if got := taken.Load(); got != 1 {
		t.Errorf("taken %d times", got)
	}
}

// An entry stays as long as its proof could be replayed, and no longer; a clock
// that goes back, or that lags behind, revives nothing.
func TestReplaysForget(t *testing.T) {
	r := newReplays()
	id := newProofID("jkt", "id", "url")
	until := now.Add(time.Minute)
	take := func(at time.Time) rules.Reason {
		return reasonOf(t, r.take(id, "ada", until, at), "")
	}
	for _, row := range []struct {
		name string
		at   time.Time
		want rules.Reason
		kept int
	}{
		{"first", now, "", 1},
		{"again", now, rules.TokenReplayed, 1},
		{"at its end", until, rules.TokenReplayed, 1},
		{"in the last second", until.Add(time.Second), rules.TokenReplayed, 1},
		{"when nobody can use it", until.Add(time.Minute), rules.TokenReplayed, 0},
		{"with a clock that went back", now, rules.TokenReplayed, 0},
	} {
		if got := take(row.at); got != row.want || r.kept() != row.kept {
			t.Errorf("%s: %q with %d entries, want %q and %d", row.name, got, r.kept(), row.want, row.kept)
		}
	}
	if err := r.take(newProofID("jkt", "next", "url"), "ada", now.Add(time.Hour), now); err != nil {
		t.Errorf("twin: a proof that is not so old: %v", err)
	}
}

// K1, K2: whoever fills the memory is refused, a newcomer is not, and no entry
// makes room for another.
func TestReplaysAreBounded(t *testing.T) {
	r := newReplays()
	r.limit = 256 // of each shard
	until := now.Add(time.Minute)
	taken := map[string][]proofID{}
	fill := func(who string, n int) {
		for i := range n {
			id := newProofID(who, fmt.Sprint(i), "url")
			if r.take(id, who, until, now) == nil {
				taken[who] = append(taken[who], id)
			}
		}
	}
	fill("flood", 10_000)
	if got, most := len(taken["flood"]), r.limit*replayShards/2; got > most || got < most-replayShards {
		t.Errorf("one caller has %d proofs, want about half of the places, %d", got, most)
	}
	fill("second", 10_000)
	fill("third", 10_000)
	for n := range 100 {
		who := fmt.Sprintf("newcomer-%d", n)
		if fill(who, 1); len(taken[who]) != 1 {
			t.Errorf("%s is refused because of others", who)
		}
	}
	if got := r.kept(); got > r.limit*replayShards {
		t.Errorf("%d entries, the limit is %d", got, r.limit*replayShards)
	}
	for who, ids := range taken {
		for _, id := range ids {
			if err := r.take(id, who, until, now); err == nil {
				t.Fatalf("a proof of %s was forgotten", who)
			}
		}
	}
	if got := r.refused.Load(); got < 20_000 {
		t.Errorf("%d refusals are counted", got)
	}
	fill("flood", 1)
	later := until.Add(time.Minute)
	if err := r.take(newProofID("flood", "later", "url"), "flood", later, later); err != nil {
		t.Errorf("twin: when its proofs have ended: %v", err)
	}
	for i := range r.shards { // every shard forgets when it is used
		if err := r.take(proofID{byte(i), 1}, "ada", later, later); err != nil {
			t.Error(err)
		}
	}
	if got := r.kept(); got > 1+replayShards {
		t.Errorf("%d entries are left, want those of later alone", got)
	}
	for i := range r.shards {
		if s := &r.shards[i]; len(s.spends) > 2 || len(s.ends) > 2 {
			t.Errorf("shard %d keeps %d callers and %d ends", i, len(s.spends), len(s.ends))
		}
	}
}

// K1: parts never run together.
func TestProofIDsDoNotCollide(t *testing.T) {
	key := strings.Repeat("k", 43)
	seen := map[proofID]string{}
	for _, p := range [][2]string{{"a", "bc"}, {"ab", "c"}, {"abc", ""}, {"", "abc"}, {"a\x00", "bc"}, {"a", "\x00bc"}} {
		id := newProofID(key, p[0], p[1])
		if other, dup := seen[id]; dup {
			t.Errorf("%q and %s have the same id", p, other)
		}
		seen[id] = fmt.Sprintf("%q", p)
	}
}

func BenchmarkReplays(b *testing.B) {
	for _, kept := range []int{0, maxReplays / 4} {
		b.Run(fmt.Sprint(kept), func(b *testing.B) {
			r := newReplays()
			for n := range kept {
				_ = r.take(newProofID("jkt", fmt.Sprint(n), "url"), fmt.Sprint(n), now.Add(time.Minute), now)
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				at := now.Add(time.Duration(n) * time.Millisecond)
				_ = r.take(proofID{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), 1}, "ada", at.Add(time.Minute), at)
			}
		})
	}
}
