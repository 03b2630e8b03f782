package revocation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

var (
	noon  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	clock = func() time.Time { return noon }
)

func made(id string, by By) Entry {
	return Entry{ID: id, By: by, At: noon, Who: "test", Because: "test"}
}

// ada is a caller about whom everything is known.
func ada(change func(*rules.Verified, *rules.Caller)) *rules.Caller {
	c := &rules.Caller{
		Kind: rules.Human, Identity: &rules.Identity{Name: "customers"},
		Verified: &rules.Verified{
			Issuer: "corp", Subject: "ada", ClientID: "web", TokenID: "t1", KeyID: "k1", Session: "s1", IssuedAt: noon.Add(-time.Minute),
		},
	}
	if change != nil {
		change(c.Verified, c)
	}
	return c
}

// Each entry stops the caller that it names, and not the twin that differs in
// that one thing.
func TestEveryFormStopsWhomItNamesAndNobodyElse(t *testing.T) {
	agent := func(issuer, subject, client, identity string) func(*rules.Verified, *rules.Caller) {
		return func(v *rules.Verified, c *rules.Caller) {
			v.Actor = &rules.Actor{Issuer: issuer, Subject: subject, ClientID: client}
			c.Actor = &rules.Caller{
				Kind: rules.Agent, Identity: &rules.Identity{Name: identity},
				Verified: &rules.Verified{Issuer: issuer, Subject: subject, ClientID: client},
			}
		}
	}
	unknownAgent := func(issuer, subject, client string) func(*rules.Verified, *rules.Caller) {
		return func(v *rules.Verified, _ *rules.Caller) {
			v.Actor = &rules.Actor{Issuer: issuer, Subject: subject, ClientID: client}
		}
	}
	peer := func(identity string) func(*rules.Verified, *rules.Caller) {
		return func(v *rules.Verified, c *rules.Caller) {
			*v = rules.Verified{Anonymous: true}
			c.Identity, c.Peer = &rules.Identity{Name: identity}, "spiffe://example.com/billing"
		}
	}
	before := noon.Add(-time.Minute) // the moment at which ada's token was issued
	for _, c := range []struct {
		name    string
		by      By
		revoked func(*rules.Verified, *rules.Caller)
		twin    func(*rules.Verified, *rules.Caller)
	}{
		{"a token", By{Issuer: "corp", Token: "t1"}, nil, func(v *rules.Verified, _ *rules.Caller) { v.TokenID = "t2" }},
		{"a token, of the issuer", By{Issuer: "corp", Token: "t1"}, nil, func(v *rules.Verified, _ *rules.Caller) { v.Issuer = "acme" }},
		{"a token, to the byte", By{Issuer: "corp", Token: "t1"}, nil, func(v *rules.Verified, _ *rules.Caller) { v.TokenID = "T1" }},
		{"a session", By{Issuer: "corp", Session: "s1"}, nil, func(v *rules.Verified, _ *rules.Caller) { v.Session = "s2" }},
		{"a session, of a token with one", By{Issuer: "corp", Session: "s1"}, nil, func(v *rules.Verified, _ *rules.Caller) { v.Session = "" }},
		{"a subject", By{Issuer: "corp", Subject: "ada"}, nil, func(v *rules.Verified, _ *rules.Caller) { v.Subject = "bob" }},
		{"A18 a subject, of the issuer", By{Issuer: "corp", Subject: "ada"}, nil, func(v *rules.Verified, _ *rules.Caller) { v.Issuer = "acme" }},
		{"a client", By{Issuer: "corp", Client: "web"}, nil, func(v *rules.Verified, _ *rules.Caller) { v.ClientID = "app" }},
		{"A18 a client is no subject", By{Issuer: "corp", Client: "ada"},
			func(v *rules.Verified, _ *rules.Caller) { v.ClientID = "ada" }, nil},
		{"a key", By{Issuer: "corp", Key: "k1"}, nil, func(v *rules.Verified, _ *rules.Caller) { v.KeyID = "k2" }},
		{"an issuer", By{Issuer: "corp", All: true}, nil, func(v *rules.Verified, _ *rules.Caller) { v.Issuer = "acme" }},
		{"an identity", By{Identity: "customers"}, nil, func(_ *rules.Verified, c *rules.Caller) { c.Identity = &rules.Identity{Name: "staff"} }},
		{"an identity, and nobody is none", By{Identity: "customers"}, nil, func(_ *rules.Verified, c *rules.Caller) { c.Identity = nil }},
		{"an identity that comes without a token", By{Identity: "billing"}, peer("billing"), peer("shipping")},
		{"A18 tuples are not joined", By{Issuer: "corp/a", Subject: "b"},
			func(v *rules.Verified, _ *rules.Caller) { v.Issuer, v.Subject = "corp/a", "b" },
			func(v *rules.Verified, _ *rules.Caller) { v.Issuer, v.Subject = "corp", "a/b" }},

		{"issued before", By{Issuer: "corp", Subject: "ada", IssuedBefore: before.Add(time.Second)}, nil,
			func(v *rules.Verified, _ *rules.Caller) { v.IssuedAt = before.Add(time.Second) }},
		{"issued before, at the very moment", By{Issuer: "corp", Subject: "ada", IssuedBefore: before},
			func(v *rules.Verified, _ *rules.Caller) { v.IssuedAt = before.Add(-time.Nanosecond) }, nil},
		{"issued nobody knows when", By{Issuer: "corp", Subject: "ada", IssuedBefore: time.Unix(1, 0)},
			func(v *rules.Verified, _ *rules.Caller) { v.IssuedAt = time.Time{} }, nil},
		{"an issuer before", By{Issuer: "corp", All: true, IssuedBefore: noon}, nil,
			func(v *rules.Verified, _ *rules.Caller) { v.IssuedAt = noon }},

		{"A25 the actor's subject", By{Issuer: "corp", Subject: "bot"}, agent("corp", "bot", "", "bots"), agent("corp", "tob", "", "bots")},
		{"A25 the actor's issuer", By{Issuer: "acme", All: true}, agent("acme", "bot", "", "bots"), agent("corp", "bot", "", "bots")},
		{"A25 the actor's client", By{Issuer: "corp", Client: "bot-app"}, agent("corp", "bot", "bot-app", "bots"), agent("corp", "bot", "app", "bots")},
		{"A25 the actor's identity", By{Identity: "bots"}, agent("corp", "bot", "", "bots"), agent("corp", "bot", "", "others")},
		{"A25 an actor whom nobody knows", By{Issuer: "corp", Subject: "bot"}, unknownAgent("corp", "bot", ""), unknownAgent("corp", "tob", "")},
		{"A25 the client of an actor whom nobody knows", By{Issuer: "corp", Client: "bot-app"}, unknownAgent("corp", "bot", "bot-app"), unknownAgent("corp", "bot", "app")},
		{"A25 the issuer of an actor whom nobody knows", By{Issuer: "acme", All: true}, unknownAgent("acme", "bot", ""), unknownAgent("corp", "bot", "")},
		{"A25 the actor has the age of the token", By{Issuer: "corp", Subject: "bot", IssuedBefore: noon}, agent("corp", "bot", "", "bots"),
			func(v *rules.Verified, c *rules.Caller) {
				agent("corp", "bot", "", "bots")(v, c)
				v.IssuedAt = noon
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.by.Check(); err != nil {
				t.Fatal(err)
			}
			l := newLayer([]Entry{made("e1", c.by)}, Names{})
			if entry, revoked := l.revoked(ada(c.revoked), noon); !revoked || entry != "e1" {
				t.Errorf("got %q, %v; want it revoked by e1", entry, revoked)
			}
			if entry, revoked := l.revoked(ada(c.twin), noon); revoked {
				t.Errorf("the twin is revoked by %s", entry)
			}
		})
	}
}

func TestNobodyIsNotRevoked(t *testing.T) {
	l := newLayer([]Entry{made("1", By{Issuer: "corp", All: true}), made("2", By{Identity: "customers"})}, Names{})
	for _, c := range []*rules.Caller{nil, {}, {Verified: &rules.Verified{Anonymous: true}}, {Verified: &rules.Verified{Subject: "ada"}}} {
		if entry, revoked := l.revoked(c, noon); revoked {
			t.Errorf("%+v is revoked by %s", c, entry)
		}
	}
}

// An end excludes its own moment, and an entry that has ended hides no other.
func TestAnEntryEndsAndHidesNoOther(t *testing.T) {
	by := func(before, until time.Time) Entry {
		e := made(fmt.Sprint(before.Unix(), "-", until.Unix()), By{Issuer: "corp", Subject: "ada", IssuedBefore: before})
		e.Until = until
		return e
	}
	long, short := by(noon.Add(-time.Hour), time.Time{}), by(time.Time{}, noon.Add(time.Minute))
	for _, entries := range [][]Entry{{long, short}, {short, long}} {
		l := newLayer(entries, Names{})
		old := ada(func(v *rules.Verified, _ *rules.Caller) { v.IssuedAt = noon.Add(-2 * time.Hour) })
		for _, c := range []struct {
			name    string
			caller  *rules.Caller
			at      time.Time
			revoked bool
		}{
			{"a young token before the end", ada(nil), noon, true},
			{"a young token just before the end", ada(nil), noon.Add(time.Minute - 1), true},
			{"a young token at the end", ada(nil), noon.Add(time.Minute), false},
			{"an old token at the end", old, noon.Add(time.Minute), true},
			{"an old token years later", old, noon.AddDate(50, 0, 0), true},
		} {
			if _, revoked := l.revoked(c.caller, c.at); revoked != c.revoked {
				t.Errorf("%s: revoked is %v", c.name, revoked)
			}
		}
	}
}

// What is left of many bars on one thing stops exactly what they all stop.
func TestBarsThatWereSettledStopTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	moment := func() time.Time {
		if random.IntN(5) == 0 {
			return time.Time{}
		}
		return noon.Add(time.Duration(random.IntN(8)) * time.Minute)
	}
	for range 2000 {
		bars := make([]bar, 1+random.IntN(6))
		for i := range bars {
			bars[i] = bar{before: moment(), until: moment(), entry: fmt.Sprint(i)}
		}
		all := map[string][]bar{"": slices.Clone(bars)}
		settle(all)
		issued, now := moment(), noon.Add(time.Duration(random.IntN(9))*time.Minute)
		want := slices.ContainsFunc(bars, func(b bar) bool {
			return (b.before.IsZero() || issued.IsZero() || issued.Before(b.before)) && (b.until.IsZero() || now.Before(b.until))
		})
		entry, got := stops(all[""], issued, now)
		if got != want {
			t.Fatalf("issued %v, now %v: %v, want %v by one of %v; left are %v", issued, now, got, want, bars, all[""])
		}
		if got && entry == "" {
			t.Fatal("no entry is named")
		}
	}
}

func many(n int) []Entry {
	entries := make([]Entry, 0, n)
	for i := range n {
		by := By{Issuer: "corp"}
		name := fmt.Sprintf("name-%d", i)
		switch i % 4 {
		case 0:
			by.Token = name
		case 1:
			by.Subject, by.IssuedBefore = name, noon
		case 2:
			by.Session = name
		default:
			by.Subject, by.IssuedBefore = "ada", noon.AddDate(-20, 0, 0).Add(time.Duration(i)*time.Second)
		}
		entries = append(entries, made(fmt.Sprint(i), by))
	}
	return entries
}

func TestLookingUpAllocatesNothing(t *testing.T) {
	l := New(stored1(t, many(1000)...), nil, clock)
	c := ada(func(v *rules.Verified, c *rules.Caller) {
		v.Actor = &rules.Actor{Issuer: "corp", Subject: "bot"}
		c.Actor = &rules.Caller{Verified: &rules.Verified{Issuer: "corp", Subject: "bot"}, Identity: &rules.Identity{Name: "bots"}}
	})
	if _, revoked := l.Revoked(c); revoked {
		t.Fatal("ada is revoked")
	}
	if n := testing.AllocsPerRun(100, func() { l.Revoked(c) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// 10, 1,000 and 100,000 entries must cost the same.
func BenchmarkRevoked(b *testing.B) {
	for _, n := range []int{0, 10, 1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			layers := []*layer{}
			if n > 0 {
				layers = append(layers, newLayer(many(n), Names{}))
			}
			l := &List{now: time.Now}
			l.current.Store(&layers)
			c := ada(nil)
			b.ReportAllocs()
			for b.Loop() {
				if _, revoked := l.Revoked(c); revoked {
					b.Fatal("ada is revoked")
				}
			}
		})
	}
}

// What is said about a form reads as a sentence.
func TestFormsHaveTheirArticle(t *testing.T) {
	for want, by := range map[string]By{
		"all is everything of an issuer: say which":                             {All: true},
		"a token belongs to an issuer: say which":                               {Token: "x"},
		"issued_before is for a subject or a whole issuer, not for an identity": {Identity: "x", IssuedBefore: noon},
		"issued_before is for a subject or a whole issuer, not for a client":    {Issuer: "corp", Client: "x", IssuedBefore: noon},
	} {
		if err := by.Check(); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
