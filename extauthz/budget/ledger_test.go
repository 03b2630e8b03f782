package budget

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

var acme = rules.Account{Identity: "acme"}

func option(b *rules.Budget, ids ...string) rules.Option {
	o := rules.Option{Rule: b.Rule}
	for _, id := range ids {
		o.Charges = append(o.Charges, rules.Charge{Budget: b, Account: acme, Type: "account", ID: id})
	}
	return o
}

func amount(b *rules.Budget, n int64) rules.Option {
	return rules.Option{Rule: b.Rule, Charges: []rules.Charge{{Budget: b, Account: acme, Amount: n}}}
}

func claim(options ...rules.Option) rules.Claim { return rules.Claim{Options: options} }

// charge charges one target and reports whether there was room.
func charge(t testing.TB, l *Ledger, now time.Time, options ...rules.Option) bool {
	t.Helper()
	short, err := l.Charge(now, []rules.Claim{claim(options...)})
	if err != nil {
		t.Fatal(err)
	}
	return short < 0
}

func objects(rule string, most int64) *rules.Budget {
	return &rules.Budget{Rule: rule, Counts: rules.Objects, Most: most, Per: time.Hour}
}

// TestHundredAtOnceTakeExactlyTheBudget: no interleaving takes one too many.
func TestHundredAtOnceTakeExactlyTheBudget(t *testing.T) {
	for name, b := range map[string]*rules.Budget{
		"objects": objects("r", 37),
		"writes":  {Rule: "r", Counts: rules.Writes, Most: 37, Per: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			l, took := New(), atomic.Int64{}
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					o := option(b, fmt.Sprint(i))
					if b.Counts == rules.Writes {
						o = amount(b, 1)
					}
					if charge(t, l, start, o) {
						took.Add(1)
					}
				})
			}
			wg.Wait()
			if took.Load() != b.Most {
				t.Errorf("took %d of %d", took.Load(), b.Most)
			}
		})
	}
}

// TestAllOrNothing: a request for three objects with room for two takes none.
func TestAllOrNothing(t *testing.T) {
	l, b := New(), objects("r", 3)
	charge(t, l, start, option(b, "1"))
	three := []rules.Claim{claim(option(b, "2")), claim(option(b, "3")), claim(option(b, "4"))}
	if short, err := l.Charge(start, three); short != 0 || err != nil {
		t.Fatalf("short %d, %v; want 0", short, err)
	}
	if got := l.Stats().Entries; got != 1 {
		t.Errorf("%d objects counted, want the one from before", got)
	}
	two := []rules.Claim{claim(option(b, "2")), claim(option(b, "3"))}
	if short, _ := l.Charge(start, two); short != -1 {
		t.Errorf("short %d for two, want room", short)
	}
}

// TestFirstRuleWithRoomPays: in the order of the rules, and each for all that it could
// pay for.
func TestFirstRuleWithRoomPays(t *testing.T) {
	a, b := objects("a", 1), objects("b", 5)
	l := New()
	for i, want := range []int{0, 1, 1} {
		claims := []rules.Claim{claim(option(a, fmt.Sprint(i)), option(b, fmt.Sprint(i)))}
		if short, _ := l.Charge(start, claims); short != -1 || claims[0].Paid != want {
			t.Errorf("request %d: short %d, paid by %d, want %d", i, short, claims[0].Paid, want)
		}
	}
	both := []rules.Claim{claim(option(a, "0"), option(b, "0")), claim(option(a, "9"), option(b, "9"))}
	if short, _ := l.Charge(start, both); short != -1 || both[0].Paid != 1 || both[1].Paid != 1 {
		t.Errorf("paid by %d and %d: a has no room for both, want b for both", both[0].Paid, both[1].Paid)
	}
}

// TestAnotherRuleNeverTakesRoom: whether a request is charged does not get worse by one
// more rule that could pay, whatever the order and the amounts.
func TestAnotherRuleNeverTakesRoom(t *testing.T) {
	sum := func(rule string, most int64) *rules.Budget {
		return &rules.Budget{Rule: rule, Counts: rules.Amounts, Most: most, Per: time.Hour}
	}
	y, z, more := sum("y", 10), sum("z", 100), sum("more", 6)
	claims := func(with bool) []rules.Claim {
		first, second, third := claim(amount(y, 6)), claim(amount(y, 5), amount(z, 5)), claim(amount(y, 4))
		if with {
			first.Options = append([]rules.Option{amount(more, 6)}, first.Options...)
		}
		return []rules.Claim{first, second, third}
	}
	for spent := range int64(11) {
		room := func(with bool) bool {
			l := New()
			charge(t, l, start, amount(y, spent))
			short, _ := l.Charge(start, claims(with))
			return short < 0
		}
		if room(false) && !room(true) {
			t.Errorf("with %d spent, one more rule leaves no room", spent)
		}
	}
}

// TestWhoseBudget: each identity has one, each subject only where the limit says so.
func TestWhoseBudget(t *testing.T) {
	for _, c := range []struct {
		name   string
		by     bool
		first  rules.Account
		second rules.Account
		apart  bool
	}{
		{"identities", false, rules.Account{Identity: "a"}, rules.Account{Identity: "b"}, true},
		{"subjects by identity", false, rules.Account{Identity: "a", Subject: "s"}, rules.Account{Identity: "a", Subject: "t"}, false},
		{"subjects by subject", true, rules.Account{Identity: "a", Issuer: "i", Subject: "s"}, rules.Account{Identity: "a", Issuer: "i", Subject: "t"}, true},
		{"one subject of two issuers", true, rules.Account{Identity: "a", Issuer: "i", Subject: "s"}, rules.Account{Identity: "a", Issuer: "j", Subject: "s"}, true},
		{"strangers of one issuer", false, rules.Account{Issuer: "i"}, rules.Account{Issuer: "i"}, false},
		{"strangers of two issuers", false, rules.Account{Issuer: "i"}, rules.Account{Issuer: "j"}, true},
		{"a stranger and an identity of that name", false, rules.Account{Issuer: "i"}, rules.Account{Identity: "i"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := New()
			b := objects("r", 1)
			b.BySubject = c.by
			of := func(a rules.Account, id string) rules.Option {
				o := option(b, id)
				o.Charges[0].Account = a
				return o
			}
			charge(t, l, start, of(c.first, "1"))
			if got := charge(t, l, start, of(c.second, "2")); got != c.apart {
				t.Errorf("the second has room: %v, want %v", got, c.apart)
			}
		})
	}
}

// TestChangedLimitKeepsWhatWasCounted: a reload gives nothing back.
func TestChangedLimitKeepsWhatWasCounted(t *testing.T) {
	l := New()
	for i := range 3 {
		charge(t, l, start, option(objects("r", 5), fmt.Sprint(i)))
	}
	longer := objects("r", 5)
	longer.Per = 24 * time.Hour
	for _, c := range []struct {
		name  string
		b     *rules.Budget
		id    string
		after time.Duration
		want  bool
	}{
		{"lowered, one more", objects("r", 3), "9", 0, false},
		{"lowered, one of them", objects("r", 3), "0", 0, true},
		{"lowered below, one of them", objects("r", 2), "0", 0, false},
		{"another rule", objects("other", 1), "9", 0, true},
		{"longer, full", &rules.Budget{Rule: "r", Most: 3, Per: 24 * time.Hour}, "9", 2 * time.Hour, false},
		{"longer, with room", longer, "9", 2 * time.Hour, true},
	} {
		if got := charge(t, l, start.Add(c.after), option(c.b, c.id)); got != c.want {
			t.Errorf("%s: room %v, want %v", c.name, got, c.want)
		}
	}
}

// TestNewObjectsAreOneMoreEach: what has no id yet cannot be one that was seen.
func TestNewObjectsAreOneMoreEach(t *testing.T) {
	l, b := New(), objects("r", 3)
	if short, _ := l.Charge(start, []rules.Claim{claim(option(b, "")), claim(option(b, ""))}); short != -1 {
		t.Fatalf("short %d", short)
	}
	if !charge(t, l, start, option(b, "")) || charge(t, l, start, option(b, "")) {
		t.Error("want room for a third and none for a fourth")
	}
}

// TestNoteTakesWhatThereIsRoomFor: guesses eat the budget, and never more than it.
func TestNoteTakesWhatThereIsRoomFor(t *testing.T) {
	l, b := New(), objects("r", 3)
	charge(t, l, start, option(b, "1"))
	l.Note(start, option(b, "1", "2", "2", "3", "4", "5").Charges)
	if got := l.Stats(); got.Entries != 3 || got.Charged != 1 {
		t.Errorf("%+v, want 3 entries of one charged request", got)
	}
	if !charge(t, l, start, option(b, "3")) || charge(t, l, start, option(b, "4")) {
		t.Error("want 3 counted and 4 not")
	}
}

// TestHugeAmounts: no sum wraps around.
func TestHugeAmounts(t *testing.T) {
	b := &rules.Budget{Rule: "r", Counts: rules.Amounts, Most: math.MaxInt64 - 1, Per: time.Hour}
	l := New()
	if !charge(t, l, start, amount(b, math.MaxInt64-2)) || charge(t, l, start, amount(b, 2)) || !charge(t, l, start, amount(b, 1)) {
		t.Error("want room for all but one, not for two, and for one")
	}
	two := []rules.Claim{claim(amount(b, math.MaxInt64)), claim(amount(b, math.MaxInt64))}
	if short, _ := New().Charge(start, two); short != 0 {
		t.Errorf("twice the largest: short %d, want none", short)
	}
}

// TestClockSetBackGivesNothingBack: what was counted in the future counts for a whole
// window from now on, and no longer.
func TestClockSetBackGivesNothingBack(t *testing.T) {
	for name, spend := range map[string]func(id string) rules.Option{
		"objects": func(id string) rules.Option { return option(objects("r", 1), id) },
		"writes": func(string) rules.Option {
			return amount(&rules.Budget{Rule: "r", Counts: rules.Writes, Most: 1, Per: time.Hour}, 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := New()
			charge(t, l, start.Add(1000*time.Hour), spend("1"))
			for _, c := range []struct {
				after time.Duration
				want  bool
			}{{0, false}, {59 * time.Minute, false}, {62 * time.Minute, true}} {
				if got := charge(t, l, start.Add(c.after), spend("2")); got != c.want {
					t.Errorf("%v after the clock was set back: room %v, want %v", c.after, got, c.want)
				}
			}
		})
	}
}

// TestDisorderForgetsNothing: a request that began a moment before another and comes
// after it changes nothing.
func TestDisorderForgetsNothing(t *testing.T) {
	l, b := New(), objects("r", 1)
	charge(t, l, start.Add(time.Second), option(b, "1"))
	if charge(t, l, start, option(b, "2")) {
		t.Error("a request of a second before has room")
	}
	if charge(t, l, start.Add(time.Hour), option(b, "2")) {
		t.Error("the first object counts for less than an hour")
	}
}

// TestSubjectsOfOneIdentityFillNobodyElse: an issuer can vouch for any number of
// subjects, and only its own identity runs out of room.
func TestSubjectsOfOneIdentityFillNobodyElse(t *testing.T) {
	l := New()
	l.maxCrowd = 3
	b := objects("r", 5)
	b.BySubject = true
	of := func(identity, subject, id string) bool {
		o := option(b, id)
		o.Charges[0].Account = rules.Account{Identity: identity, Issuer: "i", Subject: subject}
		return charge(t, l, start, o)
	}
	for i := range 3 {
		if !of("acme", fmt.Sprint("s", i), "1") {
			t.Fatalf("no room for subject %d", i)
		}
	}
	if of("acme", "s9", "1") || of("acme", "s0", "2") || !of("acme", "s0", "1") || !of("beta", "s0", "1") {
		t.Error("want no room for more of acme, and room for beta")
	}
}
