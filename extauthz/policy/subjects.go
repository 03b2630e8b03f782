package policy

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// Names of the columns that are no claims.
const (
	statusColumn = "status"
	tenantColumn = "tenant"
)

// subjects are the catalogs that know the subjects of issuers. What a row says
// counts and what the token says does not: a token is as old as it is. Each source
// is of one issuer, so that (issuer, subject) stays two values.
type subjects struct {
	of         map[string]*roll // by issuer
	view       *catalog.View
	recogniser *identity.Recogniser
}

// roll is the source of one issuer's subjects.
type roll struct {
	typ     *rules.Type // of its rows, whose ids are the subjects
	asserts map[string]rules.Kind
	trusts  bool // who has no row is who the token says
}

// newSubjects returns nil where no issuer has a source.
func newSubjects(issuers map[string]rules.IssuerEnv, schema *rules.Schema, r *identity.Recogniser) *subjects {
	s := &subjects{of: make(map[string]*roll), recogniser: r}
	for name, issuer := range issuers {
		if issuer.Subjects.Catalog == "" {
			continue
		}
		columns := maps.Clone(issuer.Claims)
		if columns == nil {
			columns = make(map[string]rules.Kind)
		}
		if columns[tenantColumn] == rules.NoKind {
			columns[tenantColumn] = rules.String
		}
		columns[statusColumn] = rules.String
		t := &rules.Type{Name: "subject", Catalog: issuer.Subjects.Catalog, MaxRowTier: rules.Tier(len(schema.Tiers) - 1)} //nolint:gosec // a few tiers
		for _, column := range slices.Sorted(maps.Keys(columns)) {
			t.Attributes = append(t.Attributes, rules.Attribute{Name: column, Kind: columns[column]})
		}
		s.of[name] = &roll{typ: t, asserts: issuer.Claims, trusts: issuer.Subjects.Trusts}
	}
	if len(s.of) == 0 {
		return nil
	}
	return s
}

// types are what the catalog is to look up.
func (s *subjects) types() (out []*rules.Type) {
	if s != nil {
		for _, name := range slices.Sorted(maps.Keys(s.of)) {
			out = append(out, s.of[name].typ)
		}
	}
	return out
}

// look puts what the catalogs say of the caller and of who acts for it in the
// place of what the token says. The error is a *rules.Fault: about a subject that
// is not active or not there, or a source that cannot be read.
func (s *subjects) look(ctx context.Context, e *rules.Evidence, o *rules.Outcome) error {
	if s == nil || e.Verified == nil || e.Verified.Anonymous {
		return nil
	}
	of := s.of[e.Verified.Issuer]
	var actors *roll
	if act := e.Verified.Actor; act != nil {
		actors = s.of[act.Issuer]
	}
	if of == nil && actors == nil {
		return nil
	}
	targets := make([]rules.Target, 0, 2)
	if of != nil {
		targets = append(targets, rules.Target{Object: rules.Object{Type: of.typ, ID: e.Verified.Subject}})
	}
	if actors != nil {
		targets = append(targets, rules.Target{Object: rules.Object{Type: actors.typ, ID: e.Verified.Actor.Subject}})
	}
	stats, err := s.view.Fill(ctx, targets, nil)
	o.Hits, o.Misses, o.Stale, o.Catalog = stats.Hits, stats.Misses, stats.Stale, stats.Generation
	if err != nil {
		return err
	}
	if actors != nil {
		who := s.recogniser.ActorOf(e.Verified)
		if e.Actor, err = actors.known(who, &targets[len(targets)-1].Object); err != nil {
			d := rules.Denial(err)
			if d.Reason == rules.UnknownIdentity {
				d.Reason = rules.AgentNotPermitted
			}
			err = rules.Faultf(d.Reason, "the actor: %s", d.Detail)
		}
	}
	if of != nil {
		who, fault := of.known(e.Verified, &targets[0].Object)
		if e.Verified = who; fault != nil {
			err = fault
		}
	}
	return err
}

// known returns what is verified with what the row says of it, in a copy if that
// changes anything: the token cache shares the one it got. It comes back in any case.
func (r *roll) known(v *rules.Verified, row *rules.Object) (*rules.Verified, error) {
	if row.State != rules.Stored {
		if r.trusts {
			return v, nil
		}
		return v, rules.Faultf(rules.UnknownIdentity, "catalog %s has no such subject", r.typ.Catalog)
	}
	out := r.overridden(v, row)
	switch status, _, ok := r.status(row); {
	case !ok:
		return out, rules.Faultf(rules.CatalogBadRow, "catalog %s: the status of the subject is none of %s", r.typ.Catalog, statusWords)
	case status != rules.Active:
		return out, rules.Faultf(rules.IdentitySuspended, "the subject is %v, says catalog %s", status, r.typ.Catalog)
	}
	return out, nil
}

// statusWords are what a row's status can be.
const statusWords = "active, suspended, retired"

// status reads the status of a row. A source without such a column says that all
// are active; a row alone that has none says nothing: it may be misspelt.
func (r *roll) status(row *rules.Object) (status rules.Status, word string, ok bool) {
	said := row.Attributes[r.typ.Slot(statusColumn)]
	if said == nil {
		return rules.Active, "", true
	}
	word, _ = said.(string)
	status, ok = rules.ParseStatus(word)
	return status, word, ok
}

// check finds fault with a row of subjects whose status is no status.
func (s *subjects) check(row *rules.Object) (wrong, hint string) {
	if s == nil {
		return "", ""
	}
	for _, r := range s.of {
		if r.typ != row.Type {
			continue
		}
		if _, word, ok := r.status(row); !ok {
			return "the status is none of " + statusWords, rules.DidYouMean(word, strings.Split(statusWords, ", "))
		}
	}
	return "", ""
}

// overridden replaces claims by what the row says, and takes those away that the
// source knows and the row does not have. What is fixed for the issuer stays where
// the row says nothing else; a tenant is pinned as if it were fixed.
func (r *roll) overridden(v *rules.Verified, row *rules.Object) *rules.Verified {
	out := v
	for slot := range r.typ.Attributes {
		name, value := r.typ.Attributes[slot].Name, row.Attributes[slot]
		if name == statusColumn || value == nil {
			continue
		}
		_, empty := value.(catalog.Empty)
		if empty {
			value = v.Fixed[name]
		}
		if r.asserts[name] != rules.NoKind && !reflect.DeepEqual(out.Claims[name], value) {
			out = copied(out, v)
			if value == nil {
				delete(out.Claims, name)
			} else {
				out.Claims[name] = value
			}
		}
		if tenant, ok := value.(string); ok && name == tenantColumn && v.Fixed[name] != tenant {
			out = copied(out, v)
			out.Fixed = maps.Clone(v.Fixed)
			if out.Fixed == nil {
				out.Fixed = make(map[string]any, 1)
			}
			out.Fixed[name] = tenant
			out.Claims[name] = tenant // what is fixed is a claim, too
		}
	}
	return out
}

// copied returns out, or a first copy of v with claims of its own.
func copied(out, v *rules.Verified) *rules.Verified {
	if out != v {
		return out
	}
	next := *v
	if next.Claims = maps.Clone(v.Claims); next.Claims == nil {
		next.Claims = make(map[string]any)
	}
	return &next
}
