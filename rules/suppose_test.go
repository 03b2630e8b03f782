package rules

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseSuppose(t *testing.T) {
	for text, want := range map[string]string{
		"tier=internal": "", "object.owner=": "", "target.2.object.owner=ada": "", "claim.role=a=b": "", "header.x-case=CASE-1": "", "at=2027-01-01T00:00:00Z": "", "peer=": "", "exists=true": "",
		"owner=ada":             `nothing can be supposed by --what-if "owner=ada": want identity=NAME, `,
		"tier":                  `nothing can be supposed by --what-if "tier": want`,
		"claim.=x":              `nothing can be supposed by --what-if "claim.=x": want`,
		"target.0.tier=x":       `nothing can be supposed by --what-if "target.0.tier=x": want target.1.object.NAME=VALUE, or another key of a target`,
		"target.1.acr=x":        `nothing can be supposed by --what-if "target.1.acr=x": want target.1.`,
		"tier=":                 "tier= has no value",
		"at=tomorrow":           `no time "tomorrow", want 2027-01-31T12:00:00Z`,
		"token_age=-1s":         `no age "-1s", want one such as 5m`,
		"ip=fe80::1%eth0":       `no address "fe80::1%eth0", want one such as`,
		"bound=yes":             `no binding "yes", want one of none, workload, mtls, dpop`,
		"exists=maybe":          "exists=maybe: want true or false",
		"catalog_age=yesterday": `no age "yesterday", want one such as 5m`,
	} {
		_, err := ParseSuppose([]string{text})
		if got := errText(err); want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestSupposeEvidence: what a credential would prove. Nothing of what was there changes.
func TestSupposeEvidence(t *testing.T) {
	set := load(t)
	for _, row := range []struct {
		settings string
		want     func(v *Verified) any
		is       any
		err      string
	}{
		{settings: "acr=gold", want: func(v *Verified) any { return v.ACR }, is: "gold"},
		{settings: "amr=pwd,otp", want: func(v *Verified) any { return v.AMR }, is: []string{"pwd", "otp"}},
		{settings: "scope=a b", want: func(v *Verified) any { return v.Scopes }, is: []string{"a", "b"}},
		{settings: "purpose=invoicing", want: func(v *Verified) any { return v.Purpose }, is: "invoicing"},
		{settings: "token_age=5m", want: func(v *Verified) any { return testNow.Sub(v.IssuedAt) }, is: 5 * time.Minute},
		{settings: "auth_age=1h", want: func(v *Verified) any { return testNow.Sub(v.AuthTime) }, is: time.Hour},
		{settings: "subject=eve client=app", want: func(v *Verified) any { return v.Subject + " " + v.ClientID }, is: "eve app"},
		{settings: "claim.role=ops", want: func(v *Verified) any { return v.Claims["role"] }, is: "ops"},
		{settings: "claim.role=ops claim.role=", want: func(v *Verified) any { return v.Claims["role"] }, is: nil},
		{settings: "claim.ranks=1,2", want: func(v *Verified) any { return v.Claims["ranks"] }, is: []int64{1, 2}},
		{settings: "identity=svc-billing", want: func(v *Verified) any { return v.Subject }, is: "svc-billing"},
		{settings: "identity=customers", want: func(v *Verified) any { return v.Subject + " " + v.ClientID }, is: someone + " web"},
		{settings: "identity=customers", want: func(v *Verified) any { return v.Claims["region"] }, is: "eu"},
		{settings: "identity=acme subject=bo", want: func(v *Verified) any { return v.Issuer + " " + v.Subject }, is: "acme-idp bo"},
		{settings: "issuer=corp", want: func(v *Verified) any { return v.Issuer + " " + v.Subject }, is: "corp someone"},
		{settings: "identity=anonymous", want: func(v *Verified) any { return v.Anonymous }, is: true},
		{settings: "actor=svc-billing", want: func(v *Verified) any { return v.Actor.Subject }, is: "svc-billing"},
		{settings: "claim.rank=1", err: `issuer "corp" may not assert the claim "rank" (groups, level, ranks, role, staff, tenant)`},
		{settings: "claim.level=x", err: `claim "level": want int, found "x"`},
		{settings: "identity=custmers", err: `no identity "custmers" in the rules did you mean "customers"?`},
		{settings: "issuer=cor", err: `no issuer "cor" did you mean "corp"?`},
		{settings: "actor=nobody", err: `no identity "nobody" in the rules `},
		{settings: "identity=anonymous acr=gold", err: "acr: the caller has no token"},
		{settings: "identity=anonymous claim.role=x", err: "nobody claims anything: the caller has no token"},
	} {
		s, err := ParseSuppose(strings.Fields(strings.ReplaceAll(row.settings, "a b", "a,b")))
		if err != nil {
			t.Fatal(err)
		}
		was := Verified{Issuer: "corp", Subject: "ada", Claims: map[string]any{"role": "clerk"}, AMR: []string{"pwd"}}
		now := was
		e, err := s.Evidence(Evidence{Verified: &now, Cached: true}, set, testNow)
		if errText(err) != row.err {
			t.Errorf("%s: %v, want %s", row.settings, err, row.err)
		}
		if !reflect.DeepEqual(now, was) || was.Claims["role"] != "clerk" {
			t.Errorf("%s: the token itself is now %+v", row.settings, now)
		}
		if row.want != nil && !reflect.DeepEqual(row.want(e.Verified), row.is) {
			t.Errorf("%s: %v, want %v", row.settings, row.want(e.Verified), row.is)
		}
	}
	s, _ := ParseSuppose([]string{"peer=spiffe://example.com/x", "bound=dpop"})
	if e, err := s.Evidence(Evidence{}, set, testNow); err != nil || e.Peer != "spiffe://example.com/x" || e.Bound != ByKey {
		t.Errorf("a peer: %+v, %v", e, err)
	}
	if e, err := set.As("svc-billing", "", testNow); err != nil || e.Peer != "spiffe://example.com/billing" {
		t.Errorf("an identity with a workload comes from it: %+v, %v", e, err)
	}
}

// TestSupposeTargets: what is asked for, were it otherwise.
func TestSupposeTargets(t *testing.T) {
	set := load(t)
	in := parseInput(t, `{ "targets": [{ "action": "list", "collection": "account", "unbounded": true }, { "action": "update", "object": "account/8", "tier": "restricted", "state": "absent", "attributes": { "owner": "bob" } },
		{ "action": "read", "object": "note/1" }] }`)
	for _, row := range []struct {
		settings string
		want     func(all []Target) any
		is       any
		err      string
	}{
		{settings: "tier=public", want: func(all []Target) any {
			tier, from := set.schema.TierOf(&all[1])
			return set.schema.TierName(tier) + " " + from
		}, is: "public supposed"},
		{settings: "object.owner=ada", want: func(all []Target) any { v, _ := all[1].Object.Attribute(1); return v }, is: "ada"},
		{settings: "object.owner=", want: func(all []Target) any { v, _ := all[1].Object.Attribute(1); return v }, is: nil},
		{settings: "target.2.object.owner=ada", want: func(all []Target) any { return all[0].Unbounded }, is: true},
		{settings: "object.owner=ada", want: func(all []Target) any { return all[0].Unbounded }, is: false},
		{settings: "object.owners=a,b", want: func(all []Target) any { v, _ := all[1].Object.Attribute(2); return v }, is: []string{"a", "b"}},
		{settings: "object.parent.id=p1", want: func(all []Target) any { return all[0].Object.Parent + all[1].Object.Parent }, is: "p1p1"},
		{settings: "object.parent.tenant=us", want: func(all []Target) any { v, _ := all[1].Object.ParentAttribute(0); return v }, is: "us"},
		{settings: "target.2.exists=true", want: func(all []Target) any { return all[1].Object.State }, is: Stored},
		{settings: "catalog_age=3s", want: func(all []Target) any { return all[1].Object.age() }, is: 3 * time.Second},
		{settings: "target.2.properties=phone,ssn", want: func(all []Target) any { return len(all[1].Properties) }, is: 2},
		{settings: "object.ownr=x", err: `no object of the request has an attribute "ownr"`},
		{settings: "target.3.object.owner=x", err: `no object of the request has an attribute "owner"`},
		{settings: "target.4.tier=public", err: "the request has 3 targets, none is target 4"},
		{settings: "object.balance=x", err: `attribute "balance": want int, found "x"`},
		{settings: "tier=top", err: `no tier "top"; the tiers are public, internal, confidential, restricted`},
		{settings: "category=pi", err: `no category "pi" did you mean "pii"?`},
	} {
		s, err := ParseSuppose(strings.Fields(row.settings))
		if err != nil {
			t.Fatal(err)
		}
		all := in.targets(t, set)
		was := all[1].Object.Attributes
		if err := s.Targets(set.schema, all); errText(err) != row.err {
			t.Errorf("%s: %v, want %s", row.settings, err, row.err)
		}
		if was[1] != "bob" {
			t.Errorf("%s: the row itself has changed", row.settings)
		}
		if row.want != nil && !reflect.DeepEqual(row.want(all), row.is) {
			t.Errorf("%s: %v, want %v", row.settings, row.want(all), row.is)
		}
	}
	s, _ := ParseSuppose([]string{"target.1.action=read"})
	all := in.targets(t, set)
	if err := s.Actions(all); err != nil || all[0].Action != "read" || all[1].Action != "update" {
		t.Errorf("actions %s %s, %v", all[0].Action, all[1].Action, err)
	}
}
