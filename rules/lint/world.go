package lint

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// World is the rules that are judged, loaded without a mistake.
type World struct {
	Set    *rules.Set
	Source *rules.Source
	Lines  []LineAt
	Now    time.Time
}

// LineAt is a map line and where it stands.
type LineAt struct {
	Pos rules.Pos
	Line
}

// placed is a thing and where it stands.
type placed struct {
	thing
	pos rules.Pos
}

// things lists what there is of every sort, in the order of the files.
func (w *World) things() map[string][]placed {
	out := make(map[string][]placed, len(sorts))
	put := func(sort, name string, pos rules.Pos, v any) {
		out[sort] = append(out[sort], placed{thing{name, len(out[sort]), v}, pos})
	}
	infos := w.Set.Rules()
	for i := range infos {
		put("rule", infos[i].ID, infos[i].Pos, w.rule(&infos[i]))
	}
	for _, id := range w.Set.Identities() {
		put("identity", id.Name, id.Pos, w.identity(id, infos))
	}
	for i := range w.Source.Objects {
		d := &w.Source.Objects[i]
		put("type", d.Type.V, d.Pos, w.typ(d, infos))
	}
	for i := range w.Lines {
		put("line", w.Lines[i].Text, w.Lines[i].Pos, &w.Lines[i].Line)
	}
	return out
}

func (w *World) rule(info *rules.RuleInfo) *Rule {
	s := w.Set.Schema()
	r := &Rule{
		ID: info.ID, Effect: info.Effect.String(), Shadow: info.Shadow, Selects: info.Selectors, Identities: info.Identities,
		To: strings.Join(info.To, ", "), On: strings.Join(info.On, ", "), Actions: info.To, Types: info.On,
		UpTo: info.UpTo, FromTier: info.FromTier, Rank: rank(s, info.UpTo+info.FromTier),
		Own: info.Own, Same: info.Same, When: info.When, For: info.For, Every: !info.Narrow, Unbounded: info.Unbounded, Limit: info.LimitTexts(),
		Requires: w.requires(info.Pos), Broad: info.Broad, Because: info.Because, Owner: info.Owner, Ticket: info.Ticket, ReviewBy: info.ReviewBy,
	}
	r.Top = info.UpTo != "" && r.Rank == len(s.Tiers)-1
	for _, id := range w.Set.Identities() {
		if !slices.Contains(info.Identities, id.Name) {
			continue
		}
		r.Class = r.Class || class(id)
		r.Kinds, r.Environments = with(r.Kinds, id.Kind.String()), with(r.Environments, id.Environment)
	}
	for _, action := range w.spelledOut(info) {
		r.Weight = max(r.Weight, weight(s, action))
	}
	return r
}

// spelledOut are the actions of a rule; where it names all, every one of its types.
func (w *World) spelledOut(info *rules.RuleInfo) []string {
	if !slices.Contains(info.To, "*") {
		return info.To
	}
	var out []string
	for _, l := range w.Lines {
		for i, typ := range l.Types {
			if slices.Contains(info.On, "*") || slices.Contains(info.On, typ) {
				out = append(out, l.Actions[i])
			}
		}
	}
	return out
}

// unweighted is the weight of an action that `weights` does not have, as in the blast radius.
const unweighted = 4

func weight(s *rules.Schema, action string) int {
	if w, ok := s.Weights[action]; ok {
		return w
	}
	return unweighted
}

// requires names the demands of the rule at a place.
func (w *World) requires(at rules.Pos) (out []string) {
	for i := range w.Source.Rules {
		if w.Source.Rules[i].Pos == at {
			return given(reflect.ValueOf(w.Source.Rules[i].Require))
		}
	}
	return nil
}

// given names the keys of a declaration that are written, whatever they say.
func given(decl reflect.Value) (out []string) {
	for f, v := range decl.Fields() {
		if name := f.Tag.Get("yaml"); name != "" && !v.IsZero() {
			out = append(out, name)
		}
	}
	return out
}

func (w *World) identity(id *rules.Identity, infos []rules.RuleInfo) *Identity {
	out := &Identity{
		Name: id.Name, Kind: id.Kind.String(), Machine: id.Kind != rules.Human, Issuer: id.Issuer, Subject: id.Subject, Clients: id.Clients,
		Class: class(id), Workload: id.Workload, Peer: id.Peer, Tenant: id.Tenant, Owner: id.Owner, Purposes: id.Purposes,
		Status: id.Status.String(), Environment: id.Environment, NotBefore: id.NotBefore, Expires: id.Expires, MaxAge: int(id.MaxAge.Seconds()),
		OnBehalfOf: id.OnBehalfOf, Strips: id.Strip, ReviewBy: id.ReviewBy,
	}
	for _, n := range id.Networks {
		out.Networks = append(out.Networks, n.String())
	}
	for i := range infos {
		out.Selected = out.Selected || infos[i].Effect == rules.Allow && slices.Contains(infos[i].Identities, id.Name)
	}
	for _, other := range w.Set.Identities() {
		out.Separated = out.Separated || other.Environment != ""
	}
	return out
}

// class reports whether many callers are one identity.
func class(id *rules.Identity) bool {
	return id.Subject == "" && id.Peer == "" && len(id.Clients) != 1
}

func (w *World) typ(d *rules.ObjectDecl, infos []rules.RuleInfo) *Type {
	s := w.Set.Schema()
	out := &Type{
		Name: d.Type.V, Tier: d.Tier.V, Rank: rank(s, d.Tier.V), Catalog: d.Catalog.V, Parent: d.Parent.V, ID: d.ID.V, Categories: d.Category.Values(),
		Attributes: keys(d.Attributes), Actions: keys(d.Actions), Properties: keys(d.Properties), Writable: keys(d.Writable),
	}
	if t := s.Types[d.Type.V]; t != nil {
		out.Broad = s.Highest(t) > s.BroadAbove
	}
	for i := range infos {
		if infos[i].Effect == rules.Deny || !names(infos[i].On, d.Type.V) {
			continue
		}
		for _, action := range [...]string{"create", "update"} {
			if names(infos[i].To, action) {
				out.Written = with(out.Written, action)
			}
		}
	}
	return out
}

func names(list []string, word string) bool {
	return slices.Contains(list, "*") || slices.Contains(list, word)
}

func keys[T any](es rules.Entries[T]) (out []string) {
	for i := range es {
		out = append(out, es[i].Key)
	}
	return out
}

// rank is a tier's place from the lowest, -1 for none.
func rank(s *rules.Schema, tier string) int {
	for i := range s.Tiers {
		if s.Tiers[i].Name == tier {
			return i
		}
	}
	return -1
}

// with appends a word that is not there yet, and is none.
func with(list []string, word string) []string {
	if word == "" || slices.Contains(list, word) {
		return list
	}
	return append(list, word)
}
