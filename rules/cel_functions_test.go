package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestFunctions: each row that holds stands beside one that differs in one thing and
// does not. What a function cannot read is an error, and its negation too.
func TestFunctions(t *testing.T) {
	set, sc := world(t)
	x, err := newExpressions()
	if err != nil {
		t.Fatal(err)
	}
	typ := set.schema.Types["account"]
	o := Object{Type: typ, ID: "projects/p1/disks/d1", State: Stored, Attributes: make([]any, len(typ.Attributes))}
	o.Attributes[typ.Slot("owners")] = []string{"ada", "bob"}
	o.Attributes[typ.Slot("marks")] = []int64{}
	o.Attributes[typ.Slot("region")] = "2.1.0"
	o.Attributes[typ.Slot("owner")] = "projects/p1/../p2"
	o.Attributes[typ.Slot("ssn")] = "10.0.0.1%eth0"
	f := &facts{schema: set.schema, target: &Target{Object: o},
		req: &Request{Now: testNow, ClientIP: netip.MustParseAddr("::ffff:10.1.2.3"), Exact: true,
			Headers: []Header{{"x-source", "batch"}, {"x-twice", "a"}, {"x-twice", "a"}, {"x-hidden", "a\u200bb"}, {"x-mark", "a!b"}}},
		caller: &Caller{Kind: Unknown, Peer: "spiffe://example.com/ns/billing/sa/app", Verified: &Verified{Subject: "agent", Claims: map[string]any{"groups": []string{"eve", "bob"}}}},
		user:   &Caller{Kind: Human, Identity: set.identities[0], Verified: &Verified{Issuer: "corp", Subject: "ada"}}}
	for text, want := range map[string]truth{
		`inNetwork(request.ip, "10.0.0.0/8")`:                       yes,
		`inNetwork(request.ip, "10.2.0.0/16")`:                      no,
		`inNetwork(request.ip, ["10.2.0.0/16", "10.1.0.0/16"])`:     yes,
		`inNetwork(request.ip, ["10.2.0.0/16", "2001:db8::/32"])`:   no,
		`inNetwork(request.ip, "::ffff:10.0.0.0/104")`:              yes,
		`inNetwork(object.region, "10.0.0.0/8")`:                    failed,
		`!inNetwork(object.region, "10.0.0.0/8")`:                   failed,
		`inNetwork(object.ssn, "10.0.0.0/8")`:                       failed, // a zone
		`inNetwork(object.tenant, "10.0.0.0/8")`:                    absent,
		`["10.0.0.9"].exists(a, inNetwork(a, "10.0.0.0/8"))`:        yes,
		`within(now, "Fri 13:00-14:00 Europe/Oslo")`:                yes, // testNow is Friday noon in UTC
		`within(now, "Fri 12:00-13:00 Europe/Oslo")`:                no,
		`within(request.time, "Mon-Fri UTC")`:                       yes,
		`within(timestamp(0), "Thu UTC")`:                           yes,
		`intersects(object.owners, caller.claims.groups)`:           yes,
		`intersects(object.owners, ["eve"])`:                        no,
		`intersects(object.marks, caller.claims.ranks)`:             absent,
		`intersects(object.marks, object.marks)`:                    no,
		`containsAll(object.owners, ["bob", "ada", "bob"])`:         yes,
		`containsAll(object.owners, ["bob", "eve"])`:                no,
		`containsAll(object.owners, object.marks.map(m, "x"))`:      yes, // of none
		`semver(object.region, "2.1.0-rc.1") > 0`:                   yes,
		`semver(object.region, "2.1.0") > 0`:                        no,
		`semver(object.id, "2.1.0") > 0`:                            failed,
		`under(object.id, "projects/p1")`:                           yes,
		`under(object.id, "projects/p")`:                            no,
		`under(object.id, object.id)`:                               yes,
		`under("projects/p1", object.id)`:                           no,
		`under(object.owner, "projects/p1")`:                        failed, // it climbs
		`!under(object.owner, "projects/p1")`:                       failed,
		`under(peer, "spiffe://example.com/ns/billing")`:            yes,
		`under(peer, "spiffe://example.co")`:                        no,
		`segment(object.id, "disks") == "d1"`:                       yes,
		`segment(object.id, "p1") == "disks"`:                       absent, // an id is no collection
		`segment(object.id, "disk") == "d1"`:                        absent,
		`segment(object.id, 1) == "p1"`:                             yes,
		`segment(object.id, 4) == "p1"`:                             absent,
		`segment(peer, "ns") == "billing"`:                          yes,
		`segment(object.owner, 0) == "projects"`:                    failed,
		`user.subject == "ada" && caller.subject == "agent"`:        yes,
		`user.subject == caller.subject`:                            no,
		`user.kind == "human" && user.identity == "customers"`:      yes,
		`has(user.session)`:                                         no,
		`user.client_id == "web"`:                                   absent,
		`peer == caller.peer`:                                       yes,
		`request.time == now`:                                       yes,
		`request.header["x-source"] == "batch"`:                     yes,
		`request.header["x-source"] == "Batch"`:                     no,
		"request.header.`x-source`.startsWith(\"ba\")":              yes,
		`request.header["x-twice"] == "a"`:                          absent,
		`has(request.header["x-twice"])`:                            no,
		`has(request.header["x-hidden"])`:                           no,
		`has(request.header["x-source"])`:                           yes,
		`request.header["x-mark"] == "a!b"`:                         yes,
		`within(now, "Sat UTC") || under(object.id, "projects/p1")`: yes,
	} {
		c, problems := x.compile(sc, text)
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
		} else if got := c.test(f); got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
	f.req.Exact = false
	if got := f.header("x-mark"); got != "" {
		t.Errorf("a ! that may stand for another byte is read as %q", got)
	}
}

func TestHours(t *testing.T) {
	at := func(text string) time.Time {
		out, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, row := range []struct {
		about, hours, moment string
		want                 bool
	}{
		{"the first minute", "Mon-Fri 08:00-18:00 UTC", "2027-01-15T08:00:00Z", true},
		{"before it", "Mon-Fri 08:00-18:00 UTC", "2027-01-15T07:59:59Z", false},
		{"the last moment", "Mon-Fri 08:00-18:00 UTC", "2027-01-15T17:59:59Z", true},
		{"the end is out", "Mon-Fri 08:00-18:00 UTC", "2027-01-15T18:00:00Z", false},
		{"another day", "Mon-Fri 08:00-18:00 UTC", "2027-01-16T12:00:00Z", false},
		{"winter in Oslo", "08:00-18:00 Europe/Oslo", "2027-01-15T07:00:00Z", true},
		{"summer in Oslo", "08:00-18:00 Europe/Oslo", "2027-07-15T05:59:00Z", false},
		{"summer in Oslo begins earlier", "08:00-18:00 Europe/Oslo", "2027-07-15T06:00:00Z", true},
		{"the day is the zone's", "Sat Pacific/Auckland", "2027-01-15T12:00:00Z", true},
		{"and not ours", "Fri Pacific/Auckland", "2027-01-15T12:00:00Z", false},
		{"past midnight, before it", "Fri 22:00-06:00 UTC", "2027-01-15T23:00:00Z", true},
		{"past midnight, after it", "Fri 22:00-06:00 UTC", "2027-01-16T05:59:00Z", true},
		{"past midnight, its end", "Fri 22:00-06:00 UTC", "2027-01-16T06:00:00Z", false},
		{"the night before begins on Thursday", "Fri 22:00-06:00 UTC", "2027-01-15T05:00:00Z", false},
		{"Sunday night ends on Monday", "Sun 22:00-06:00 UTC", "2027-01-18T05:00:00Z", true},
		{"a range past the week's end", "Sat-Mon UTC", "2027-01-17T12:00:00Z", true},
		{"its twin", "Sat-Mon UTC", "2027-01-19T12:00:00Z", false},
		{"a list", "Mon,Wed-Fri 12:00-24:00 UTC", "2027-01-15T23:59:59Z", true},
		{"its gap", "Mon,Wed-Fri 12:00-24:00 UTC", "2027-01-19T23:59:59Z", false},
	} {
		h, problem, _ := parseHours(row.hours)
		if problem != "" {
			t.Errorf("%s: %s", row.about, problem)
		} else if got := h.hold(at(row.moment)); got != row.want {
			t.Errorf("%s: %s at %s is %v", row.about, row.hours, row.moment, got)
		}
	}
	for _, wrong := range []string{"", "UTC", "08:00-18:00", "00:00-24:00 UTC", "Mon", "Mon Local", "Mon ", "Sun-Sat UTC", "Mon-Fri 8:00-18:00 UTC", "08:00-18:60 UTC", "08:00 UTC",
		"08:00-08:00 UTC", "24:00-06:00 UTC", "08:00-00:00 UTC", "24:01-06:00 UTC", "mon UTC", "Mon- UTC", "Mon,,Fri UTC", "08:00-18:00 Mon UTC", "Mon 08:00-18:00 ../etc/passwd",
		"Mon 08:00-18:00 Europe/Oslo x", "+8:00-18:00 UTC"} {
		if h, problem, _ := parseHours(wrong); problem == "" {
			t.Errorf("%q is read as %+v", wrong, h)
		}
	}
}

// TestVersionsAreOrdered: the order of the specification's section 11.
func TestVersionsAreOrdered(t *testing.T) {
	order := []string{"0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0",
		"1.0.1", "1.2.0", "1.10.0", "2.0.0", "18446744073709551616.0.0"}
	for i, a := range order {
		for k, b := range order {
			x, ok := parseVersion(a)
			y, ok2 := parseVersion(b + "+build.01")
			want := min(1, max(-1, i-k))
			if !ok || !ok2 || x.compare(y) != want {
				t.Errorf("%s and %s: %v %v %d, want %d", a, b, ok, ok2, x.compare(y), want)
			}
		}
	}
	for _, wrong := range []string{"", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "1.2.3+", "1.2.3-ä", " 1.2.3", "1.-2.3", "1.2.x"} {
		if v, ok := parseVersion(wrong); ok {
			t.Errorf("%q is read as %+v", wrong, v)
		}
	}
}

func TestHierarchicalNames(t *testing.T) {
	for _, row := range []struct {
		name, top string
		want      bool
	}{
		{"projects/p1/disks/d1", "projects/p1", true},
		{"projects/p10/disks/d1", "projects/p1", false},
		{"projects/p1", "projects/p1", true},
		{"projects", "projects/p1", false},
		{"spiffe://example.com/ns/a", "spiffe://example.com", true},
		{"spiffe://example.com.evil/ns/a", "spiffe://example.com", false},
		{"spiffe://example.com/ns/a", "spiffe:", false},
		{"//library.example.com/publishers/1", "//library.example.com/publishers", true},
		{"//library.example.org/publishers/1", "//library.example.com/publishers", false},
		{"/data/eu/x", "/data/eu", true},
		{"data/eu/x", "/data/eu", false},
	} {
		_, ok := segmentsOf(row.name)
		_, ok2 := segmentsOf(row.top)
		if !ok || !ok2 || isUnder(row.name, row.top) != row.want {
			t.Errorf("%s under %s: %v %v, want %v", row.name, row.top, ok, ok2, row.want)
		}
	}
	for _, wrong := range []string{"", "/", "//", "a/", "a//b", "a/./b", "../a", "a/..", "a%2fb", "a\\b", "a b", "a?b", "a#b", "a\x00", "a\u200bb", "://x", "a:b://x",
		"spiffe://", "spiffe:///x", "spiffe://e/", "//s/", "//s//a", "/a//b"} {
		if rest, ok := segmentsOf(wrong); ok {
			t.Errorf("%q is read as %q", wrong, rest)
		}
	}
	for _, row := range []struct{ name, collection, want string }{
		{"projects/p1/disks/d1", "disks", "d1"},
		{"projects/disks/disks/d1", "disks", "d1"}, // the project is called disks
		{"projects/p1/config", "config", ""},
		{"spiffe://example.com/ns/a/sa/b", "sa", "b"},
	} {
		rest, _ := segmentsOf(row.name)
		if got, ok := segmentOf(rest, row.collection); got != row.want || ok != (row.want != "") {
			t.Errorf("%s of %s is %q, want %q", row.collection, row.name, got, row.want)
		}
	}
}

// TestFunctionsOfCollections: what the bounds of a collection prove holds of every
// member, and what they refute of none.
func TestFunctionsOfCollections(t *testing.T) {
	set, sc := world(t)
	x, err := newExpressions()
	if err != nil {
		t.Fatal(err)
	}
	leaves := []string{`inNetwork(object.region, "10.0.0.0/8")`, `inNetwork(request.ip, "10.0.0.0/8")`, `within(now, "Fri UTC")`, `within(now, "Sat UTC")`,
		`intersects(object.owners, ["ada", "eu"])`, `intersects(object.owners, caller.claims.groups)`, `containsAll(object.owners, [caller.subject])`,
		`containsAll([object.tenant, "ada"], object.owners)`, `semver(object.region, "1.0.0") == 0`, `under(object.id, "ada")`, `under(object.owner, object.tenant)`,
		`segment(object.id, 0) == object.owner`, `user.subject == object.owner`, `object.tenant == "eu"`, `has(object.owner)`}
	proven := 0
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(leaves).Draw(t, "leaf")
		for range rapid.IntRange(0, 2).Draw(t, "more") {
			text = fmt.Sprintf("%s(%s)%s%s", rapid.SampledFrom([]string{"", "!"}).Draw(t, "not"), text,
				rapid.SampledFrom([]string{" && ", " || "}).Draw(t, "op"), rapid.SampledFrom(leaves).Draw(t, "leaf"))
		}
		c, problems := x.compile(sc, text)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", text, problems)
		}
		f := drawFacts(t, set)
		f.probe, f.target.Collection = false, false
		all := *f
		target := *f.target
		target.Collection, target.Object.ID = true, ""
		target.Object.Attributes = slices.Clone(target.Object.Attributes)
		for i := range target.Object.Attributes {
			if rapid.Bool().Draw(t, "unbound") {
				target.Object.Attributes[i] = nil
			}
		}
		all.target = &target
		if of := c.test(&all); of == yes || of == no {
			proven++
			if one := c.test(f); one != of {
				t.Fatalf("%s is %v of the collection and %v of a member\n%+v\n%+v", text, of, one, target.Object, f.target.Object)
			}
		}
	})
	if proven == 0 {
		t.Error("nothing was proven")
	}
}

// TestFunctionCostIsLimited is X1: lists of any length cost what they cost.
func TestFunctionCostIsLimited(t *testing.T) {
	set, sc := world(t)
	x, err := newExpressions()
	if err != nil {
		t.Fatal(err)
	}
	c, problems := x.compile(sc, `intersects(object.owners, caller.claims.groups)`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	typ := set.schema.Types["account"]
	for n, want := range map[int]truth{10: no, 1_000: failed} {
		o := Object{Type: typ, State: Stored, Attributes: make([]any, len(typ.Attributes))}
		o.Attributes[typ.Slot("owners")] = slices.Repeat([]string{"a"}, n)
		f := &facts{schema: set.schema, req: new(Request), target: &Target{Object: o},
			caller: &Caller{Kind: Unknown, Verified: &Verified{Claims: map[string]any{"groups": slices.Repeat([]string{"b"}, n)}}}}
		if got := c.test(f); got != want {
			t.Errorf("%d elements: %v, want %v", n, got, want)
		}
	}
	const dear = `object.owners.exists(a, object.owners.exists(b, intersects([a, b], object.owners)))`
	if _, problems := x.compile(sc, dear); len(problems) != 1 || !strings.Contains(problems[0].text, "the condition may cost") {
		t.Errorf("%s: %v", dear, problems)
	}
}
