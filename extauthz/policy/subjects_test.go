package policy

import (
	"context"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// club has rules that read what a catalog says of subjects.
const club = `
tiers: [ { name: public }, { name: internal } ]
unclassified: internal
broad_above: internal
objects:
  - { type: note, tier: internal, attributes: { tenant: string } }
routes:
  - host: shop.example.com
    map:
      - GET /admin/{id} -> delete note/{id}
      - GET /groups/{id} -> read note/{id}
      - GET /tenants/{t}/notes -> list note[tenant={t}]
identities:
  - { name: members, kind: human, match: { issuer: corp, client: [web] } }
  - { name: bot, kind: agent, match: { issuer: corp, subject: bot }, on_behalf_of: members }
  - { name: robot, kind: agent, match: { issuer: machines, subject: robot }, on_behalf_of: members }
  - { name: double-1, kind: human, match: { issuer: corp, client: [double, d1] } }
  - { name: double-2, kind: human, match: { issuer: corp, client: [double, d2] } }
rules:
  - { id: admins, allow: { kind: human, claim: { role: admin } }, to: [delete], on: note, up_to: internal }
  - { id: grouped, allow: members, to: [read], on: note, up_to: internal, when: '"ops" in caller.claims.groups' }
  - { id: tenants, allow: members, to: [list], on: note, up_to: internal, same: tenant }
  - { id: bots, allow: [bot, robot], to: [read, delete, list], on: note, up_to: internal }
`

func subject(id string, columns map[string]any) catalog.Row {
	return catalog.Row{Key: catalog.Key{Type: "subject", ID: id}, Columns: columns}
}

// member is what a token of long ago says.
func member(name string) *rules.Verified {
	return &rules.Verified{
		Issuer: "corp", Subject: name, ClientID: "web", IssuedAt: now,
		Claims: map[string]any{"role": "admin", "groups": []string{"ops"}}, Fixed: map[string]any{"zone": "eu"},
	}
}

type failing struct{ err error }

func (f failing) Lookup(context.Context, []catalog.Key) ([]catalog.Row, error) { return nil, f.err }

func clubOptions(t *testing.T, v *rules.Verified, staff catalog.Source, trusts bool) Options {
	t.Helper()
	cache, err := catalog.New(catalog.Options{Sources: map[string]catalog.Source{"staff": staff}})
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]rules.Kind{"role": rules.String, "groups": rules.StringList}
	return Options{
		Verifier: stated{v: v}, Catalog: cache, Resolve: resolver.Options{MaxBody: 1 << 10},
		Env: rules.Env{
			Issuers: map[string]rules.IssuerEnv{
				"corp":     {Claims: claims, Fixed: map[string]any{"zone": "eu"}, Subjects: rules.SubjectsEnv{Catalog: "staff", Trusts: trusts}},
				"machines": {},
			},
			Catalogs: []string{"staff"}, Now: now,
		},
	}
}

// A row of the subject counts where the token says otherwise, and each row that
// denies differs in one thing from one that allows.
func TestSubjectsOverrideTheToken(t *testing.T) {
	for _, c := range []struct {
		name string
		line string
		row  map[string]any // nil: no row
		want rules.Reason
	}{
		{"the token's role", "GET /admin/1", map[string]any{"status": "active"}, rules.Allowed},
		{"the row's role", "GET /admin/1", map[string]any{"role": "clerk"}, rules.NoRule},
		{"the same role", "GET /admin/1", map[string]any{"role": "admin"}, rules.Allowed},
		{"a role taken away", "GET /admin/1", map[string]any{"role": nil}, rules.NoRule},
		{"suspended", "GET /admin/1", map[string]any{"status": "suspended"}, rules.IdentitySuspended},
		{"retired", "GET /admin/1", map[string]any{"status": "retired"}, rules.IdentitySuspended},
		{"a row without the status that others have", "GET /admin/1", map[string]any{"status": nil}, rules.CatalogBadRow},
		{"a status nobody knows", "GET /admin/1", map[string]any{"status": "actve"}, rules.CatalogBadRow},
		{"a role of another kind", "GET /admin/1", map[string]any{"role": int64(7)}, rules.CatalogBadRow},
		{"no row", "GET /admin/1", nil, rules.UnknownIdentity},
		{"the token's groups", "GET /groups/1", map[string]any{}, rules.Allowed},
		{"the row's groups", "GET /groups/1", map[string]any{"groups": []any{"dev"}}, rules.NoRule},
		{"more groups", "GET /groups/1", map[string]any{"groups": []any{"dev", "ops"}}, rules.Allowed},
		{"the row's tenant", "GET /tenants/acme/notes", map[string]any{"tenant": "acme"}, rules.Allowed},
		{"another tenant", "GET /tenants/acme/notes", map[string]any{"tenant": "globex"}, rules.NoRule},
		{"no tenant", "GET /tenants/acme/notes", map[string]any{}, rules.AttributeMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, before := member("ada"), member("ada")
			staff := catalog.NewMemory(subject("eve", map[string]any{"role": "x"}))
			if c.row != nil {
				staff.Set(subject("ada", c.row), subject("eve", nil))
			}
			p := load(t, club, clubOptions(t, v, staff, false))
			if o := p.Check(t.Context(), request(c.line)); o.Reason != c.want {
				t.Errorf("%s (%s), want %s", o.Reason, o.Detail, c.want)
			} else if o.Caller.Name() != "members" || o.Caller.Subject != "ada" {
				t.Errorf("caller %+v", o.Caller)
			}
			if !reflect.DeepEqual(v, before) {
				t.Errorf("what others share has changed: %+v", v)
			}
		})
	}
}

// Who has no row is who the token says, if the configuration says so; and of an
// issuer without a source nobody is looked up.
func TestSubjectsWithoutRow(t *testing.T) {
	p := load(t, club, clubOptions(t, member("ada"), catalog.NewMemory(), true))
	if o := p.Check(t.Context(), request("GET /admin/1")); o.Reason != rules.Allowed {
		t.Errorf("absent: claims, and it is %s", o.Reason)
	}
	for trusts, want := range map[bool]rules.Reason{true: rules.IdentitySuspended, false: rules.IdentitySuspended} {
		staff := catalog.NewMemory(subject("ada", map[string]any{"status": "suspended"}))
		if o := load(t, club, clubOptions(t, member("ada"), staff, trusts)).Check(t.Context(), request("GET /admin/1")); o.Reason != want {
			t.Errorf("a suspended one is %s", o.Reason)
		}
	}
	stranger := member("ada")
	stranger.Issuer = "machines"
	o := load(t, club, clubOptions(t, stranger, failing{catalog.ErrUnavailable}, false)).Check(t.Context(), request("GET /groups/1"))
	if o.Reason != rules.UnknownIdentity || o.Misses != 0 {
		t.Errorf("of another issuer: %s, %d rows read", o.Reason, o.Misses)
	}
}

// A source that cannot be read denies, and no shadow entry excuses that, or a
// subject that was suspended, whatever else is wrong.
func TestSubjectsAreNeverExcused(t *testing.T) {
	text := map[bool]string{false: club, true: strings.Replace(club, "    map:\n", "    shadow: [ { until: 2026-12-01 } ]\n    map:\n", 1)}
	suspended := catalog.NewMemory(subject("ada", map[string]any{"status": "suspended"}), subject("bot", map[string]any{"status": "active"}))
	botAsleep := catalog.NewMemory(subject("ada", map[string]any{"status": "active"}), subject("bot", map[string]any{"status": "retired"}))
	active := catalog.NewMemory(subject("ada", map[string]any{"role": "clerk"}), subject("bot", nil))
	for _, c := range []struct {
		name   string
		source catalog.Source
		change func(*rules.Verified)
		want   rules.Reason
		excuse bool
	}{
		{"twin: no rule", active, nil, rules.NoRule, true},
		{"ambiguous", active, func(v *rules.Verified) { v.ClientID = "double" }, rules.IdentityAmbiguous, false},
		{"twin: a purpose", active, func(v *rules.Verified) { v.Purpose = "x" }, rules.PurposeNotAllowed, true},
		{"unavailable", failing{catalog.ErrUnavailable}, nil, rules.CatalogUnavailable, false},
		{"stale", failing{catalog.ErrStale}, nil, rules.CatalogStale, false},
		{"suspended", suspended, nil, rules.IdentitySuspended, false},
		{"suspended and ambiguous", suspended, func(v *rules.Verified) { v.ClientID = "double" }, rules.IdentitySuspended, false},
		{"absent", catalog.NewMemory(), nil, rules.UnknownIdentity, false},
		{"A25 the actor suspended", botAsleep, func(v *rules.Verified) { v.Actor = &rules.Actor{Issuer: "corp", Subject: "bot"} }, rules.IdentitySuspended, false},
		{"A25 the actor absent", active, func(v *rules.Verified) { v.Actor = &rules.Actor{Issuer: "corp", Subject: "bot2"} }, rules.AgentNotPermitted, false},
		{"A25 nobody registered the actor", active, func(v *rules.Verified) { v.Actor = &rules.Actor{Issuer: "machines", Subject: "r"} }, rules.AgentNotPermitted, false},
		{"A25 ambiguous, and somebody acts", active, func(v *rules.Verified) {
			v.ClientID, v.Actor = "double", &rules.Actor{Issuer: "corp", Subject: "bot"}
		}, rules.IdentityAmbiguous, false},
		{"A25 twin: the actor's own grant missing", active, func(v *rules.Verified) { v.Actor = &rules.Actor{Issuer: "machines", Subject: "robot"} }, rules.NoRule, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := member("ada")
			if c.change != nil {
				c.change(v)
			}
			for shadow := range text {
				o := load(t, text[shadow], clubOptions(t, v, c.source, false)).Check(t.Context(), request("GET /admin/1"))
				got, excused := o.Reason, o.Reason == rules.ShadowDeny
				if excused {
					got = o.Shadow.Reason
				}
				if got != c.want || excused != (shadow && c.excuse) {
					t.Errorf("shadow %v: %s (%s), excused %v, want %s", shadow, got, o.Detail, excused, c.want)
				}
			}
		})
	}
}

// An issuer without a source costs nothing; one with it copies only what a row changes.
func TestSubjectsCopyOnlyWhatChanges(t *testing.T) {
	columns := map[string]any{"role": "admin", "status": "active"}
	for name, same := range map[string]bool{"same": true, "other": false} {
		row := maps.Clone(columns)
		if !same {
			row["role"] = "clerk"
		}
		v := member("ada")
		p := load(t, club, clubOptions(t, v, catalog.NewMemory(subject("ada", row)), false))
		if o := p.Check(t.Context(), request("GET /admin/1")); (o.Caller.Verified == v) != same {
			t.Errorf("%s: copied %v", name, o.Caller.Verified != v)
		}
	}
}

// A tenant of the row takes the place of one that is fixed for the issuer wherever
// that is read: conditions must not see another one than same: tenant does.
func TestSubjectsTenantIsOne(t *testing.T) {
	r := &roll{typ: &rules.Type{Attributes: []rules.Attribute{{Name: tenantColumn, Kind: rules.String}}}, asserts: map[string]rules.Kind{"role": rules.String}}
	for row, want := range map[any]string{"globex": "globex", "acme": "acme", catalog.Empty{}: "acme"} {
		v := &rules.Verified{Claims: map[string]any{"role": "clerk", "tenant": "acme"}, Fixed: map[string]any{"tenant": "acme"}}
		got := r.overridden(v, &rules.Object{Attributes: []any{row}})
		if got.Fixed["tenant"] != want || got.Claims["tenant"] != want || got.Claims["role"] != "clerk" {
			t.Errorf("the row says %v: got %v and %v, want %s", row, got.Fixed, got.Claims, want)
		}
		if v.Fixed["tenant"] != "acme" || v.Claims["tenant"] != "acme" {
			t.Errorf("the row says %v: the token was changed to %v and %v", row, v.Fixed, v.Claims)
		}
	}
}
