package review

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// pairs of an identity as words.
func words(pairs []Pair) (out []string) {
	for _, p := range pairs {
		out = append(out, p.Action+" "+p.Type+"/"+p.ID)
	}
	slices.Sort(out)
	return out
}

func TestReachOfAClassAndItsLargestSubject(t *testing.T) {
	r := run(t, build(t, []string{"own"}, smallBank(), nil))
	row := r.of(t, "people")
	want := []string{
		"list account/A1", "list account/A2", "list account/B1",
		"read account/A1", "read account/A2", "read account/B1",
		"update account/A1", "update account/A2", "update account/B1",
	}
	if diff := cmp.Diff(want, words(row.Pairs)); diff != "" {
		t.Errorf("all together (-want +got): debit needs somebody to credit, and root is not one of the people\n%s", diff)
	}
	if l := row.Largest; l.Subject != "ada" || l.Reach.Objects != 2 || l.Reach.Pairs != 6 || l.Reach.BlastRadius != 2*5*(1+2+4) {
		t.Errorf("largest = %+v, want ada with 2 objects, 6 pairs and 70", l)
	}
	if row.Reach.BlastRadius != 3*5*(1+2+4) || row.Reach.Tiers[2].Count != 3 || !row.Exact {
		t.Errorf("reach = %+v", row.Reach)
	}
	if idle := r.of(t, "idle"); idle.Reach.Pairs != 0 || idle.Containment != 1 {
		t.Errorf("an identity without rules reaches %+v", idle.Reach)
	}
}

func TestLinesWithSeveralTargetsNeedAnObjectForEach(t *testing.T) {
	row := run(t, build(t, []string{"own", "credit", "not-own", "self"}, smallBank(), nil)).of(t, "people")
	got := words(row.Pairs)
	for _, want := range []string{"debit account/A1", "credit account/A1", "credit account/MAIN", "receive customer/ada"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing in %q", want, got)
		}
	}
	// eve owns nothing: she has no account to pay from and none to change.
	if slices.Contains(got, "receive customer/eve") {
		t.Error("eve receives, but can change no account")
	}
	alone := run(t, build(t, []string{"own", "credit", "not-own"}, smallBank()[:1], nil)).of(t, "people")
	if slices.ContainsFunc(words(alone.Pairs), func(p string) bool { return strings.Contains(p, "credit") }) {
		t.Errorf("ada cannot credit her own account, and nobody else has one to pay from: %q", words(alone.Pairs))
	}
}

func TestAnyValidTokenReachesWhatIsExposed(t *testing.T) {
	r := run(t, build(t, nil, smallBank(), nil))
	// read, delete, update, list, debit and credit of 4 accounts, read and receive of 3 customers.
	if r.AnyToken.Pairs != 4*6+3*2 || r.AnyToken.Objects != 7 {
		t.Errorf("any valid token: %d pairs of %d objects, want 30 of 7", r.AnyToken.Pairs, r.AnyToken.Objects)
	}
	if want := 4*5*(1+8+4+2+4+2) + 3*1*(1+4); r.AnyToken.BlastRadius != want {
		t.Errorf("blast radius %d, want %d", r.AnyToken.BlastRadius, want)
	}
}

func TestVariantsPurposesAndWhatIsNotCounted(t *testing.T) {
	r := run(t, build(t, slices.Sorted(maps.Keys(some)), smallBank(), nil))
	if plain, auditor := r.of(t, "root"), r.of(t, "root { role: auditor }"); plain.Reach.Pairs != 0 || auditor.Reach.Pairs != 4 {
		t.Errorf("root reaches %d pairs and as an auditor %d, want 0 and 4", plain.Reach.Pairs, auditor.Reach.Pairs)
	}
	if got := r.of(t, "people { role: auditor }").Uncounted; !slices.Equal(got, []string{"read file: the type has no catalog"}) {
		t.Errorf("not counted: %q", got)
	}
	if row := r.of(t, "people"); slices.Contains(words(row.Pairs), "read customer/bob") != slices.Contains(words(row.Pairs), "read customer/ada") || !slices.Equal(row.Creates, []string{"account"}) {
		t.Errorf("people: %q, creates %q", words(row.Pairs), row.Creates)
	}
	want := []string{"list account/A1", "list account/A2", "list account/B1", "list account/MAIN", "read account/A1", "read account/A2", "read account/B1", "read account/MAIN"}
	if diff := cmp.Diff(want, words(r.of(t, "billing").Pairs)); diff != "" {
		t.Errorf("billing (-want +got):\n%s", diff)
	}
	if got := words(r.of(t, "acme").Pairs); !slices.Equal(got, []string{"list account/MAIN", "read account/MAIN"}) {
		t.Errorf("acme: %q", got)
	}
}

// Who cannot be used now reaches nothing now, whatever the rules say; what it would
// reach stays in sight.
func TestWhoCannotBeUsedReachesNothing(t *testing.T) {
	for _, c := range []struct{ name, limit, why string }{
		{"twin: active", "status: active, not_before: 2027-01-01, expires: 2027-01-02", ""},
		{"suspended", "status: suspended", "suspended"},
		{"retired", "status: retired", "retired"},
		{"suspended and expired", "status: suspended, expires: 2026-12-31", "suspended"},
		{"expired", "expires: 2027-01-01", "expired on 2027-01-01"},
		{"not yet begun", "not_before: 2027-01-02", "begins on 2027-01-02"},
	} {
		t.Run(c.name, func(t *testing.T) {
			change := func(text string) string {
				text = strings.Replace(text, "purpose: [invoicing]", "purpose: [invoicing], "+c.limit, 1)
				return strings.Replace(text, "client: [web, app] }", "client: [web, app] }, "+c.limit, 1)
			}
			r := run(t, build(t, slices.Sorted(maps.Keys(some)), smallBank(), change))
			row := r.of(t, "billing")
			if row.Unusable != c.why || (c.why == "") != (row.Reach.Pairs == 8) || (c.why == "") != (len(row.Pairs) == 8) {
				t.Errorf("unusable %q, %d pairs (%d listed), want %q", row.Unusable, row.Reach.Pairs, len(row.Pairs), c.why)
			}
			if c.why == "" {
				return
			}
			if row.Would == nil || row.Would.Pairs != 8 || row.Percent != 0 || row.Containment != 1 || !row.Exact || row.Reach.BlastRadius != 0 {
				t.Errorf("%+v", row)
			}
			class := 0
			for _, other := range r.Identities {
				if other.Identity == "people" {
					class++
				}
			}
			if people := r.of(t, "people"); class != 1 || people.Largest != nil || people.Creates != nil || people.Would.Pairs == 0 || people.Uncounted != nil {
				t.Errorf("%d rows of a class that nobody can be: %+v", class, people)
			}
			var b strings.Builder
			if err := r.WriteText(&b); err != nil || !strings.Contains(b.String(), "  reaches nothing now: "+c.why+"; would reach 4 objects in 8 pairs, blast radius ") {
				t.Errorf("%v\n%s", err, b.String())
			}
		})
	}
}

// Who acts for others reaches by that at most what it reaches alone: both must be
// allowed.
func TestWhoActsForOthers(t *testing.T) {
	change := func(text string) string {
		return strings.Replace(text, "purpose: [invoicing]", "purpose: [invoicing, dunning], on_behalf_of: [people, acme]", 1)
	}
	w := build(t, []string{"billing"}, smallBank(), change)
	row := run(t, w).of(t, "billing")
	if !slices.Equal(row.OnBehalfOf, []string{"people", "acme"}) || !row.Exact || row.Reach.Pairs != 0 {
		t.Errorf("%+v", row)
	}
	w.o.TokenPurposes = map[string]bool{"acme-idp": true} // whose tokens it acts with
	r := run(t, w)
	if row := r.of(t, "billing"); row.Exact || !slices.Equal(row.Depends, []string{"purpose"}) || row.Reach.Pairs != 8 {
		t.Errorf("a token of somebody it acts for names a purpose: %+v", row)
	}
	var b strings.Builder
	if err := r.WriteText(&b); err != nil || !strings.Contains(b.String(), "  acts on behalf of people, acme: reaches at most this for them, for both must be allowed\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
	w.o.TokenPurposes = nil
	w.o.Env.Issuers["acme-idp"] = rules.IssuerEnv{Binds: true}
	if row := run(t, w).of(t, "billing"); !row.Exact {
		t.Errorf("it is bound by its workload already: %+v", row)
	}
	unbound := func(text string) string {
		return strings.Replace(change(text), `workload: "spiffe://example.com/billing", `, "", 1)
	}
	w = build(t, []string{"billing"}, smallBank(), unbound)
	w.o.Env.Issuers["acme-idp"] = rules.IssuerEnv{Binds: true}
	if row := run(t, w).of(t, "billing"); row.Exact || !slices.Equal(row.Depends, []string{"caller.bound"}) {
		t.Errorf("a token of somebody it acts for can be bound: %+v", row)
	}
	if row := r.of(t, "acme"); len(row.OnBehalfOf) > 0 {
		t.Errorf("acme acts for %q", row.OnBehalfOf)
	}
}

// Where a catalog says who the subjects are, a row that says so is no count of them.
func TestSubjectsOfACatalogAreNotCounted(t *testing.T) {
	w := build(t, []string{"acme"}, smallBank(), nil)
	if row := run(t, w).of(t, "acme"); !row.Exact {
		t.Errorf("twin: %+v", row)
	}
	w.o.Env.Issuers["acme-idp"] = rules.IssuerEnv{Subjects: rules.SubjectsEnv{Catalog: "people"}}
	if row := run(t, w).of(t, "acme"); row.Exact || !slices.Equal(row.Depends, []string{"what catalog people says of the subject"}) {
		t.Errorf("%+v", row)
	}
}

// What wants bound callers is in reach of those whose issuer binds its tokens.
func TestBoundTokens(t *testing.T) {
	change := func(text string) string {
		return strings.Replace(text, "same: tenant", "same: tenant, require: { bound_token: true }", 1)
	}
	w := build(t, []string{"acme"}, smallBank(), change)
	if got := run(t, w).of(t, "acme").Reach.Pairs; got != 0 {
		t.Errorf("nothing binds: %d pairs, want 0", got)
	}
	w.o.Env.Issuers["acme-idp"] = rules.IssuerEnv{Binds: true}
	if got := run(t, w).of(t, "acme").Reach.Pairs; got != 2 {
		t.Errorf("the issuer binds: %d pairs, want 2", got)
	}
}

func TestTokenPurposes(t *testing.T) {
	change := func(text string) string {
		return strings.Replace(text, "purpose: [invoicing]", "purpose: [invoicing, dunning]", 1)
	}
	w := build(t, []string{"billing"}, smallBank(), change)
	if got := run(t, w).of(t, "billing").Reach.Pairs; got != 0 {
		t.Errorf("no token names a purpose, no line does: %d pairs, want 0", got)
	}
	w.o.TokenPurposes = map[string]bool{"corp": true}
	if got := run(t, w).of(t, "billing").Reach.Pairs; got != 8 {
		t.Errorf("its tokens name any of its purposes: %d pairs, want 8", got)
	}
}

func TestWhatDependsOnTheRequestIsSaid(t *testing.T) {
	some["lan"] = `allow: acme, to: [read], on: account, up_to: restricted, when: request.ip.startsWith("10.") && object.frozen`
	defer delete(some, "lan")
	row := run(t, build(t, []string{"lan"}, smallBank(), nil)).of(t, "acme")
	if row.Exact || !slices.Contains(row.Depends, "request.ip") {
		t.Errorf("exact: %v, depends on %q, want request.ip", row.Exact, row.Depends)
	}
}

// What only rules with a limit allow is counted, and said; its twin has a rule without one beside it.
func TestLimitsAreSaid(t *testing.T) {
	some["few"] = `allow: acme, to: [read, update], on: account, up_to: restricted, limit: [{ objects: 2, per: 1h }, { amount: 9, of: "object.frozen ? 1 : 2", per: 24h, by: subject }, { writes: 1, per: 1m }]`
	some["all"] = `allow: acme, to: [read], on: account, up_to: restricted`
	defer delete(some, "few")
	defer delete(some, "all")
	const read, update = "read account, rule few: 2 objects per 1h; 9 in amount per 24h, by subject",
		"update account, rule few: 2 objects per 1h; 9 in amount per 24h, by subject; 1 writes per 1m"
	for _, c := range []struct {
		rules string
		want  []string
	}{
		{"few", []string{read, update}},
		{"few all", []string{update}},
		{"all few", []string{update}},
		{"all", nil},
	} {
		row := run(t, build(t, strings.Fields(c.rules), smallBank(), nil)).of(t, "acme")
		if diff := cmp.Diff(c.want, row.Limited); diff != "" || !row.Exact {
			t.Errorf("%s: exact %v, limited (-want +got):\n%s", c.rules, row.Exact, diff)
		}
		if pairs := words(row.Pairs); !slices.Contains(pairs, "read account/B1") {
			t.Errorf("%s: reaches %q", c.rules, pairs)
		}
	}
}

// What passes in a stream is no object that anybody counted.
func TestStreamsAreSaid(t *testing.T) {
	for line, want := range map[string]string{
		"-> read   account/{id}": "the messages of a stream",
		"-> read   account/MAIN": "the messages of a stream",
		"-> read   file/{path}":  "", // which no rule allows
	} {
		change := func(text string) string { return strings.Replace(text, line, line+": { stream: { max: 5m } }", 1) }
		row := run(t, build(t, []string{"own"}, smallBank(), change)).of(t, "people")
		if got := strings.Join(row.Depends, ", "); got != want || row.Exact != (want == "") {
			t.Errorf("%s: exact %v, depends on %q, want %q", line, row.Exact, got, want)
		}
	}
}

// TestCountsThatAreNotExactSaySo: each condition reads what a review cannot know
// of the caller. Its twin reads it in a way that a review covers.
func TestCountsThatAreNotExactSaySo(t *testing.T) {
	for _, c := range []struct{ name, who, when, depends string }{
		{"the hour", "acme", `now.getHours() == 13`, "now"},
		{"a client of a class without clients", "acme", `caller.client_id == "app2"`, "caller.client_id"},
		{"a client of a class that lists its clients", "people", `caller.client_id == "app"`, ""},
		{"scopes", "acme", `"read" in caller.scopes`, "caller.scopes"},
		{"the session", "acme", `caller.session == "s"`, "caller.session"},
		{"who acts", "acme", `caller.actor.identity == "billing"`, "caller.actor.identity"},
		{"the peer", "acme", `caller.peer == "spiffe://example.com/x"`, "caller.peer"},
		{"the peer of an identity with a workload", "billing", `caller.peer == "spiffe://example.com/billing"`, ""},
		{"the peer by its own name", "acme", `under(peer, "spiffe://example.com")`, "peer"},
		{"its twin has a workload", "billing", `under(peer, "spiffe://example.com")`, ""},
		{"the user's client", "acme", `user.client_id == "app2"`, "user.client_id"},
		{"the user's client in a class that lists them", "people", `user.client_id == "app"`, ""},
		{"hours", "acme", `within(request.time, "Mon UTC")`, "request.time"},
		{"a header", "acme", `request.header["x-a"] == "b"`, "request.header.x-a"},
		{"the user's subject", "people", `user.subject == object.owner`, "caller.subject"},
		{"the subject among others", "people", `intersects(object.sharers, [caller.subject])`, "caller.subject"},
		{"a pattern", "people", `caller.subject.matches("^a.a$")`, "caller.subject"},
		{"a part of the subject", "people", `object.owner + "x" == caller.subject`, "caller.subject"},
		{"another claim", "people", `caller.subject == object.owner || caller.identity == caller.subject`, "caller.subject"},
		{"what is made of the objects", "people", `object.sharers.map(s, s + "x").exists(s, s == caller.subject)`, "caller.subject"},
		{"comparisons", "people", `caller.subject == "ada" || (object.owner != caller.subject && caller.subject in object.sharers)`, ""},
		{"comparisons within a macro", "people", `object.sharers.exists(s, s == caller.subject)`, ""},
		{"a list", "people", `caller.subject in ["ada", 'bob'] && has(caller.subject)`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			change := func(text string) string {
				return text + "rules:\n  - { id: odd, allow: " + c.who + ", to: [read], on: account, up_to: restricted, because: x, owner: x, review_by: 2027-12-31, when: '" +
					strings.ReplaceAll(c.when, "'", "''") + "' }\n"
			}
			row := run(t, build(t, nil, smallBank(), change)).of(t, c.who)
			if got := strings.Join(row.Depends, ", "); got != c.depends || row.Exact != (c.depends == "") {
				t.Errorf("exact: %v, depends on %q, want %q", row.Exact, got, c.depends)
			}
		})
	}
}

// TestASubjectOfItsOwnIsNoMember: whom an identity of its own names is not of the
// class, also where a condition spells the name out.
func TestASubjectOfItsOwnIsNoMember(t *testing.T) {
	some["root"] = `allow: people, to: [read], on: account, up_to: restricted, when: caller.subject == "root"`
	defer delete(some, "root")
	if row := run(t, build(t, []string{"root"}, smallBank(), nil)).of(t, "people"); row.Reach.Pairs != 0 {
		t.Errorf("people reach %d pairs as root, who is not one of them", row.Reach.Pairs)
	}
}

// TestCallersWithoutIdentityHaveARow, where a rule can allow them something.
func TestCallersWithoutIdentityHaveARow(t *testing.T) {
	some["anybody"] = `allow: { issuer: corp }, to: [read], on: account, up_to: restricted`
	defer delete(some, "anybody")
	r := run(t, build(t, []string{"anybody"}, smallBank(), nil))
	row := r.of(t, "no identity, issuer corp")
	if row.Reach.Pairs != 4 || row.Kind != "unknown" || !row.Exact {
		t.Errorf("%+v, want the 4 accounts", row)
	}
	if slices.ContainsFunc(r.Identities, func(row Row) bool { return strings.HasSuffix(row.Identity, "acme-idp") }) {
		t.Error("every caller of acme-idp is acme")
	}
	if r := run(t, build(t, []string{"own"}, smallBank(), nil)); len(r.Identities) != 5 {
		t.Errorf("%d rows: no rule is about callers without an identity", len(r.Identities))
	}
}

func TestShadowEntriesAreSaid(t *testing.T) {
	change := func(text string) string {
		return strings.Replace(text, "{ type: customer,", `{ type: customer, shadow: [{ until: 2027-02-01 }, { until: 2026-02-01 }],`, 1)
	}
	row := run(t, build(t, []string{"self"}, smallBank(), change)).of(t, "people")
	if !slices.Equal(row.Shadow, []string{"type customer until 2027-02-01"}) {
		t.Errorf("shadow: %q", row.Shadow)
	}
}

func TestBadRowsAndTypesThatCannotBeListed(t *testing.T) {
	rows := append(smallBank(), catalog.Row{Key: catalog.Key{Type: "account", ID: "X"}, Tier: "tier 99"})
	w := build(t, []string{"billing"}, rows, nil)
	r := run(t, w)
	if info := r.Types[0]; info.Type != "account" || info.Objects != 4 || info.BadRows != 1 {
		t.Errorf("account: %+v", info)
	}
	if got := r.of(t, "billing"); got.Reach.Objects != 4 || !got.Exact {
		t.Errorf("a row that nobody can use is counted: %+v", got.Reach)
	}
	w.o.Objects = broken{w.o.Objects, 0}
	r = run(t, w)
	if got := r.of(t, "billing"); got.Exact || len(got.Uncounted) != 2 || r.Types[0].Uncounted != "cannot list" {
		t.Errorf("a type that cannot be listed: %+v, uncounted %q", r.Types[0], got.Uncounted)
	}
	w.o.Objects = broken{w.o.Objects, 2}
	if _, err := Run(t.Context(), w.o); err == nil || !strings.Contains(err.Error(), "cannot list") {
		t.Errorf("half a listing was counted: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w = build(t, []string{"billing"}, rows, nil)
	if _, err := Run(ctx, w.o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// broken ends each listing of accounts after some objects.
type broken struct {
	Enumerator
	after int
}

func (b broken) Objects(ctx context.Context, typ *rules.Type) iter.Seq2[*rules.Object, error] {
	return func(yield func(*rules.Object, error) bool) {
		if typ.Name != "account" {
			return
		}
		for range b.after {
			if !yield(&rules.Object{Type: typ, ID: "A", State: rules.Stored, RowTier: rules.NoTier}, nil) {
				return
			}
		}
		yield(nil, errors.New("cannot list"))
	}
}

func TestUnknownIdentityIsAnError(t *testing.T) {
	w := build(t, nil, nil, nil)
	w.o.Identities = []string{"bilings"}
	if _, err := Run(t.Context(), w.o); err == nil || !strings.Contains(err.Error(), `"bilings"`) {
		t.Errorf("%v", err)
	}
	w.o.Identities = []string{"billing"}
	if r := run(t, w); len(r.Identities) != 1 {
		t.Errorf("%d rows, want billing's", len(r.Identities))
	}
}

func TestWeightsOfTiers(t *testing.T) {
	for _, c := range []struct {
		names string
		want  []int
	}{
		{"public internal confidential restricted", []int{0, 1, 5, 25}},
		{"internal restricted", []int{1, 25}},
		{"low mid high", []int{0, 1, 5}},
		{"public internal secret restricted top", []int{0, 1, 5, 25, 125}},
		{"one", []int{0}},
	} {
		s := &rules.Schema{}
		for name := range strings.FieldsSeq(c.names) {
			s.Tiers = append(s.Tiers, rules.TierInfo{Name: name})
		}
		w := weights(s)
		if !slices.Equal(w.byTier, c.want) {
			t.Errorf("%s: %v, want %v", c.names, w.byTier, c.want)
		}
	}
}

func TestJSONAndText(t *testing.T) {
	r := run(t, build(t, []string{"own", "billing", "auditor"}, smallBank(), nil))
	var b strings.Builder
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal([]byte(b.String()), &back); err != nil || back.of(t, "billing").Reach.Pairs != 8 {
		t.Errorf("JSON: %v\n%s", err, b.String())
	}
	b.Reset()
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"who ", "any valid token ", "  one token: ada ", "people { role: auditor } ", "not counted: read file: the type has no catalog",
		"counted over the catalog, 4 account, 3 customer;", "  read       account        confidential          4 x 5\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestClaimsThatChangeNothingHaveNoRow(t *testing.T) {
	some["guests"] = "deny: { kind: human, claim: { role: guest } }, to: [delete], on: account"
	defer delete(some, "guests")
	r := run(t, build(t, []string{"own", "guests"}, smallBank(), nil))
	if n := len(r.Identities); n != 5 {
		t.Errorf("%d rows: nobody may delete, so being a guest takes nothing away", n)
	}
	r = run(t, build(t, []string{"own", "guests", "ada"}, smallBank(), nil)) // ada may
	if plain, guest := r.of(t, "people"), r.of(t, "people { role: guest }"); plain.Reach.Pairs != guest.Reach.Pairs+4 {
		t.Errorf("people reach %d pairs and as guests %d, want 4 less", plain.Reach.Pairs, guest.Reach.Pairs)
	}
}

// What rests on the parent's row is counted by it, for lists and new objects too.
func TestReachByTheParentsRow(t *testing.T) {
	rows := smallBank()
	for i := range rows {
		if rows[i].Key.ID == "bob" {
			rows[i].Columns = map[string]any{"tenant": "eve"}
		}
	}
	row := run(t, build(t, []string{"branch"}, rows, nil)).of(t, "people")
	if got := words(row.Pairs); !slices.Equal(got, []string{"list account/B1", "read account/B1"}) || !row.Exact || !slices.Equal(row.Creates, []string{"account"}) {
		t.Errorf("%q, exact %v, creates %q: want bob's account alone, for eve", got, row.Exact, row.Creates)
	}
	if row.Largest == nil || row.Largest.Subject != "eve" {
		t.Errorf("the largest is %+v, want eve's", row.Largest)
	}
	none := run(t, build(t, []string{"branch"}, smallBank(), nil)).of(t, "people") // the twin
	if len(none.Pairs) != 0 || len(none.Creates) != 0 {
		t.Errorf("%q, creates %q, where no customer says whose it is", words(none.Pairs), none.Creates)
	}
}
