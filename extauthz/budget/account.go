package budget

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// hash stands for a name: of an account, of a crowd of accounts, or of an object.
type hash [16]byte

// hashOf hashes texts so that no two lists of them run together.
func hashOf(texts ...string) hash {
	var room [256]byte
	b := room[:0]
	for _, t := range texts {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	sum := sha256.Sum256(b)
	return hash(sum[:])
}

// name is what an account is kept under.
type name struct {
	key   hash
	crowd hash // of all accounts that one identity has of one budget
	per   time.Duration
}

// nameOf leaves out what may change while what was counted still counts.
func nameOf(c *rules.Charge) name {
	b, a := c.Budget, &c.Account
	of := [...]string{b.Rule, b.Counts.String(), strconv.Itoa(b.Nth), a.Identity, "", ""}
	n := name{per: b.Per}
	if a.Identity == "" {
		of[4] = a.Issuer
	}
	n.crowd = hashOf(of[:5]...)
	if n.key = n.crowd; b.BySubject {
		of[4], of[5] = a.Issuer, a.Subject
		n.key = hashOf(append(of[:], "subject")...)
	}
	return n
}

func objectOf(c *rules.Charge) hash { return hashOf(c.Type, c.ID) }

// account is what was taken from one budget by one party.
type account struct {
	name
	place   int    // in Ledger.list
	shorter int64  // since when its rule says less than per; 0 while it does not
	copied  uint64 // Ledger.turn in which it was copied
	objects visits
	sums    sums
}

// cells is what an account holds in memory, counted in its entries.
func (a *account) cells() int { return a.objects.len() + len(a.sums.buckets) }

// latest is when something was last taken, or a little before.
func (a *account) latest() (at int64) {
	if a.objects.newest != nil {
		at = a.objects.newest.at
	}
	if n := len(a.sums.buckets); n > 0 {
		at = max(at, a.sums.buckets[n-1].end-int64(a.per)/parts)
	}
	return at
}

// lasts makes the window as long as the rule says: longer at once, and shorter once the
// longer one is over since then, or nothing of it is left. So a window that is short
// for a moment forgets nothing.
func (a *account) lasts(per time.Duration, at int64) {
	switch {
	case per < a.per && a.shorter == 0 && a.cells() > 0:
		a.shorter = at
	case per >= a.per, a.cells() == 0, at-a.shorter >= int64(a.per):
		a.per, a.shorter = per, 0
	}
}

func (a *account) expire(now int64) {
	until := now - int64(a.per)
	a.objects.expire(until)
	a.sums.expire(until)
}
