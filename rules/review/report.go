package review

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Report says what identities reach, in the order in which they are registered.
// An identity has further rows for claims, scopes and peers that change what it reaches.
type Report struct {
	Policy     string     `json:"policy"`
	Time       time.Time  `json:"time"`
	Weights    Weights    `json:"weights"`
	Types      []TypeInfo `json:"types"`
	AnyToken   Reach      `json:"any_valid_token"` // every exposed pair
	Identities []Row      `json:"identities"`
	Surplus    []Surplus  `json:"-"` // of the same rows; a report of its own
}

// TypeInfo says how a type was counted.
type TypeInfo struct {
	Type      string `json:"type"`
	Objects   int    `json:"objects"`
	BadRows   int    `json:"bad_rows"`            // denied to everybody, and not counted
	Uncounted string `json:"uncounted,omitempty"` // why the objects could not be counted
}

// Row is what one identity reaches.
type Row struct {
	Identity    string            `json:"identity"`
	Claims      map[string]string `json:"claims,omitempty"` // that its token has in this row
	Scopes      []string          `json:"scopes,omitempty"`
	Peer        string            `json:"peer,omitempty"` // from where it comes in this row; ending in /*, any below
	Kind        string            `json:"kind"`
	Pos         string            `json:"pos"`
	Class       bool              `json:"class"`
	Unusable    string            `json:"unusable,omitempty"`    // why it reaches nothing now
	Would       *Reach            `json:"would_reach,omitempty"` // if it could be used
	Reach       Reach             `json:"reach"`                 // of all subjects together
	Largest     *Subject          `json:"largest,omitempty"`     // of a class
	Percent     float64           `json:"blast_radius_percent"`
	Containment float64           `json:"containment_gain"` // 1 - blast radius of one token / of any valid token
	Exact       bool              `json:"exact"`
	Depends     []string          `json:"depends,omitempty"`      // what requests tell, and was not assumed
	Uncounted   []string          `json:"uncounted,omitempty"`    // what it may do to objects that nobody can list
	Limited     []string          `json:"limited,omitempty"`      // what it reaches only so much of at a time
	Creates     []string          `json:"creates,omitempty"`      // types of which it can make new objects
	OnBehalfOf  []string          `json:"on_behalf_of,omitempty"` // for whom it reaches this too, at most
	Shadow      []string          `json:"shadow,omitempty"`       // where denials are not enforced, and until when
	Pairs       []Pair            `json:"pairs,omitempty"`
}

// Subject is one member of a class.
type Subject struct {
	Subject string `json:"subject"` // "" for any
	Reach   Reach  `json:"reach"`
}

func (r *review) report(surveys []*survey) *Report {
	w := weights(r.schema)
	out := &Report{
		Policy: r.o.Policy, Time: r.o.Now, Weights: w, Types: []TypeInfo{}, Identities: []Row{},
		AnyToken: w.reach(r.schema, r.any),
	}
	for _, name := range slices.Sorted(maps.Keys(r.schema.Types)) {
		out.Types = append(out.Types, TypeInfo{name, r.objects[name], r.badRows[name], r.uncounted[name]})
	}
	var plain *survey // of the same identity, with nothing that a selector asks for
	for _, s := range surveys {
		if len(s.asked.Claims) == 0 && len(s.asked.Scopes) == 0 && s.asked.Peer == "" {
			plain = s
		}
		row := s.row(&w, out.AnyToken.BlastRadius)
		if s == plain || row.Unusable == "" && !s.like(plain) {
			out.Identities = append(out.Identities, row)
			out.Surplus = append(out.Surplus, s.beyond(&w))
		}
	}
	return out
}

// like reports whether what was asked for changes nothing.
func (s *survey) like(plain *survey) bool {
	return s.digest.Sum64() == plain.digest.Sum64() && slices.Equal(s.mayToo(), plain.mayToo()) &&
		slices.Equal(s.creates, plain.creates) && maps.Equal(s.limited, plain.limited) &&
		maps.EqualFunc(s.own, plain.own, maps.Equal[tally, tally]) &&
		maps.EqualFunc(s.common, plain.common, maps.Equal[tally, tally])
}

func (s *survey) row(w *Weights, everything int) Row {
	schema := s.r.schema
	row := Row{
		Identity: s.identity.Name, Claims: s.asked.Claims, Scopes: s.asked.Scopes, Peer: s.asked.Peer, Kind: s.identity.Kind.String(), Pos: s.place(), Class: s.class,
		Reach: w.reach(schema, s.union), Creates: s.creates, Pairs: s.pairs,
		Depends: slices.Sorted(maps.Keys(s.depends)), Limited: slices.Sorted(maps.Keys(s.limited)), Uncounted: s.mayToo(), Shadow: s.shadows(),
		OnBehalfOf: s.identity.OnBehalfOf,
	}
	worst := row.Reach.BlastRadius
	if s.class {
		subject, t := s.largest(w)
		row.Largest = &Subject{subject, w.reach(schema, t)}
		worst = row.Largest.Reach.BlastRadius
	}
	if everything > 0 {
		row.Percent = 100 * float64(row.Reach.BlastRadius) / float64(everything)
		row.Containment = 1 - float64(worst)/float64(everything)
	}
	row.Exact = len(row.Depends) == 0 && len(row.Uncounted) == 0
	if why := unusable(s.identity, s.r.o.Now); why != "" {
		return Row{
			Identity: row.Identity, Claims: row.Claims, Scopes: row.Scopes, Peer: row.Peer, Kind: row.Kind, Pos: row.Pos, Class: row.Class, Unusable: why, Would: &row.Reach,
			Reach: w.reach(schema, tally{}), Containment: 1, Exact: true,
		}
	}
	return row
}

// unusable says why the server refuses an identity whatever it asks for, and no
// shadow entry excuses it; "" where it can be used.
func unusable(id *rules.Identity, now time.Time) string {
	switch {
	case id.Status != rules.Active:
		return id.Status.String()
	case now.Before(id.NotBefore):
		return "begins on " + id.NotBefore.Format(time.DateOnly)
	case !id.Expires.IsZero() && !now.Before(id.Expires):
		return "expired on " + id.Expires.Format(time.DateOnly)
	}
	return ""
}

// place is where the identity is registered.
func (s *survey) place() string {
	if s.identity.Kind == rules.Unknown {
		return "not registered"
	}
	return s.identity.Pos.String()
}

// mayToo lists what some rule could allow on objects that were not counted.
func (s *survey) mayToo() (out []string) {
	for i := range s.plan.units {
		u := &s.plan.units[i]
		what := u.Action + " " + u.Type
		if why := s.r.uncounted[u.Type]; why != "" && s.could[i] && !u.New && !slices.Contains(out, what+": "+why) {
			out = append(out, what+": "+why)
		}
	}
	slices.Sort(out)
	return out
}

// shadows lists the entries in force that excuse this identity's denials.
func (s *survey) shadows() (out []string) {
	add := func(what string, entries []rules.Shadow) {
		for _, e := range entries {
			text := fmt.Sprintf("%s until %s", what, e.Last())
			if s.r.o.Now.Before(e.Until) && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	add("identity "+s.identity.Name, s.identity.Shadow)
	for i := range s.plan.units {
		add("type "+s.plan.units[i].Type, s.plan.units[i].typ.Shadow)
	}
	for i := range s.r.o.Lines {
		add(s.r.o.Lines[i].Name, s.r.o.Lines[i].Shadow)
	}
	slices.Sort(out)
	return out
}
