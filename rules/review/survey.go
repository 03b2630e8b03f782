package review

import (
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// survey counts what one identity with one set of claims, scopes and peer reaches. It sees every
// object twice: first to find out which lines with several targets each subject
// can use at all, then to count.
type survey struct {
	r        *review
	identity *rules.Identity
	asked    rules.Ask // of the token and the connection
	class    bool
	callers  []rules.Caller // one for each client that makes a difference
	plan     plan
	could    []bool // by unit: some rule fits

	found   map[string][]int // by subject: objects allowed by unit, a difference to the stranger's for others
	members map[string]int   // subjects that differ from the stranger, by profile
	profile map[string]string
	common  map[string]tally // by profile
	own     map[string]tally // by subject: difference to its profile's
	union   tally
	surplus tally // of it, what no need covers
	needed  []int // by need: pairs that it covers
	pairs   []Pair
	digest  maphash.Hash // of every pair
	depends map[string]bool
	limited map[string]bool // what is reached by rules with a limit alone
	creates []string
}

// Pair is an object and an action on it.
type Pair struct {
	Type   string `json:"type"`
	ID     string `json:"id"`
	Action string `json:"action"`
}

// prepare plans what the lines let the identity do.
func (s *survey) prepare() {
	s.plan.index = make(map[string]int)
	s.digest.SetSeed(s.r.seed)
	for i := range s.r.o.Lines {
		l := &s.r.o.Lines[i]
		for _, purpose := range s.r.purposes(s.identity, l) {
			s.plan.add(s.r.schema, l, purpose)
		}
		if l.Derived {
			s.depends["a target that comes from the caller's claims"] = true
		}
	}
	if s.class && s.r.derives(s.identity) {
		s.depends["caller.subject"] = true
	}
	borrows := func(such func(issuer string) bool) bool {
		return !such(s.identity.Issuer) && s.r.comes(s.identity, such)
	}
	if s.identity.Kind == rules.Unknown && s.r.namesPurposes(s.identity.Issuer) || borrows(s.r.namesPurposes) {
		s.depends["purpose"] = true
	}
	if s.callers[0].Bound == rules.ByKey && borrows(s.r.binds) {
		s.depends["caller.bound"] = true
	}
	if source := s.r.o.Env.Issuers[s.identity.Issuer].Subjects.Catalog; source != "" {
		s.depends["what catalog "+source+" says of the subject"] = true
	}
	s.plan.link()
	s.could = make([]bool, len(s.plan.units))
	for i := range s.plan.units {
		u := &s.plan.units[i]
		for k := range s.callers {
			s.could[i] = s.could[i] || s.r.o.Set.CouldAllow(&s.callers[k], u.typ, u.Action)
		}
	}
	for i := range s.r.o.Lines {
		if s.mayStream(&s.r.o.Lines[i]) {
			s.depends["the messages of a stream"] = true
		}
	}
	s.found = map[string][]int{stranger: make([]int, len(s.plan.units))}
	s.common, s.own, s.union = make(map[string]tally), make(map[string]tally), tally{}
	s.surplus, s.needed = tally{}, make([]int, len(s.identity.Needs))
}

// mayStream reports whether the identity could be allowed a stream of the line.
func (s *survey) mayStream(l *Line) bool {
	if !l.Streams || len(s.r.purposes(s.identity, l)) == 0 {
		return false
	}
	return !slices.ContainsFunc(l.Touches, func(t Touch) bool {
		typ := s.r.schema.Types[t.Type]
		return !t.Optional && !slices.ContainsFunc(s.callers, func(c rules.Caller) bool { return s.r.o.Set.CouldAllow(&c, typ, t.Action) })
	})
}

// allowed asks the rules, for every unit on objects of this type.
func (s *survey) allowed(o *rules.Object, subject string, created bool) []bool {
	out := make([]bool, len(s.plan.units))
	for i := range s.plan.units {
		u := &s.plan.units[i]
		if s.could[i] && u.typ == o.Type && u.New == created {
			out[i] = s.allows(u, o, subject)
		}
	}
	return out
}

func (s *survey) allows(u *unit, o *rules.Object, subject string) bool {
	target, ok := u.target(o)
	if !ok {
		return false
	}
	for i := range s.callers {
		c := &s.callers[i]
		c.Purpose = u.purpose
		if s.class {
			c.Subject = subject
		}
		d := s.r.o.Set.Decide(&s.r.request, c, []rules.Target{target})
		s.note(&d)
		if d.Effect == rules.Allow {
			s.limits(u, &d)
			return true
		}
	}
	return false
}

// note keeps what decisions read that no catalog can tell.
func (s *survey) note(d *rules.Decision) {
	for i := range d.Targets {
		for _, in := range d.Targets[i].Inputs {
			if s.open(&in) {
				s.depends[in.Name] = true
			}
		}
	}
}

// limits keeps what only rules with a limit allow: who reaches all of it does so slowly.
func (s *survey) limits(u *unit, d *rules.Decision) {
	for i := range d.Spend.Claims {
		for k := range d.Spend.Claims[i].Options {
			option := &d.Spend.Claims[i].Options[k]
			var budgets []string
			for c := range option.Charges {
				budgets = append(budgets, option.Charges[c].Budget.String())
			}
			s.limited[u.Action+" "+u.Type+", rule "+option.Rule+": "+strings.Join(budgets, "; ")] = true
		}
	}
}

// open reports whether a request may have another value than the one here.
func (s *survey) open(in *rules.Input) bool {
	if member, ok := strings.CutPrefix(in.Name, "user."); ok {
		if s.identity.Kind == rules.Agent {
			return true // whoever it acts for
		}
		return s.open(&rules.Input{Name: "caller." + member, Value: in.Value})
	}
	switch in.Name {
	case "now", "caller.scopes", "caller.session", "caller.authorization_details":
		return true
	case "caller.client_id": // with clients, each that makes a difference was asked
		return len(s.identity.Clients) == 0
	case "caller.peer", "peer":
		return s.identity.Workload == ""
	}
	return strings.HasPrefix(in.Name, "request.") || strings.HasPrefix(in.Name, "caller.actor.") || strings.HasPrefix(in.Name, "caller.claims.") && in.Value == nil
}

// explore is the first look at an object, or at one that could be created.
func (s *survey) explore(o *rules.Object, created bool) {
	if !s.touches(o.Type, created) {
		return
	}
	usual := s.allowed(o, stranger, created)
	for i := range usual {
		s.found[stranger][i] += difference(usual[i], false)
	}
	for _, subject := range s.subjects(o) {
		now := s.allowed(o, subject, created)
		if slices.Equal(now, usual) {
			continue
		}
		if s.found[subject] == nil {
			s.found[subject] = make([]int, len(s.plan.units))
		}
		for i := range now {
			s.found[subject][i] += difference(now[i], usual[i])
		}
	}
}

func (s *survey) touches(typ *rules.Type, created bool) bool {
	for i := range s.plan.units {
		if s.could[i] && s.plan.units[i].typ == typ && s.plan.units[i].New == created {
			return true
		}
	}
	return false
}

func difference(now, usual bool) int {
	switch {
	case now && !usual:
		return 1
	case usual && !now:
		return -1
	}
	return 0
}

// settle finds for each subject the lines that it can use: its profile. Few
// profiles are different.
func (s *survey) settle() {
	s.profile, s.members = make(map[string]string), make(map[string]int)
	for subject := range s.found {
		key := s.usable(subject)
		s.profile[subject] = key
		if s.common[key] == nil {
			s.common[key] = tally{}
		}
		if subject != stranger {
			s.members[key]++
		}
		for i := range s.plan.units {
			u := &s.plan.units[i]
			if u.New && s.has(i, subject) && !slices.Contains(s.creates, u.Type) {
				s.creates = append(s.creates, u.Type)
			}
		}
	}
	slices.Sort(s.creates)
}

// usable says, a byte for each way, whether there is an object for each target
// that the way cannot do without.
func (s *survey) usable(subject string) string {
	key := make([]byte, len(s.plan.ways))
	for i := range s.plan.ways {
		key[i] = 1
		for _, unit := range s.plan.ways[i].units {
			if !s.has(unit, subject) {
				key[i] = 0
			}
		}
	}
	return string(key)
}

// has reports whether a subject has an object for a unit. Of a type that the
// catalog does not list, some object is taken to exist.
func (s *survey) has(unit int, subject string) bool {
	if s.r.uncounted[s.plan.units[unit].Type] != "" {
		return s.could[unit]
	}
	n := s.found[stranger][unit]
	if own := s.found[subject]; own != nil && subject != stranger {
		n += own[unit]
	}
	return n > 0
}

func (s *survey) profileOf(subject string) string {
	if key, ok := s.profile[subject]; ok {
		return key
	}
	return s.profile[stranger]
}

// count is the second look at an object.
func (s *survey) count(o *rules.Object) {
	if !s.touches(o.Type, false) {
		return
	}
	subjects := s.subjects(o)
	usual := s.reached(o, stranger)
	here := make(map[string]int) // those of members that are among subjects
	everybody := make(map[string]map[string]bool, len(s.common))
	for key := range s.common {
		everybody[key] = usual(key)
		s.add(s.common[key], o, everybody[key], 1)
	}
	union := make(map[string]bool)
	for _, subject := range subjects {
		key := s.profileOf(subject)
		if s.found[subject] != nil {
			here[key]++
		}
		now := s.reached(o, subject)(key)
		maps.Copy(union, now)
		if maps.Equal(now, everybody[key]) {
			continue
		}
		if s.own[subject] == nil {
			s.own[subject] = tally{}
		}
		s.add(s.own[subject], o, now, 1)
		s.add(s.own[subject], o, everybody[key], -1)
	}
	for key, actions := range everybody {
		if key == s.profile[stranger] || s.members[key] > here[key] {
			maps.Copy(union, actions)
		}
	}
	s.add(s.union, o, union, 1)
	s.need(o, union)
	for _, action := range slices.Sorted(maps.Keys(union)) {
		pair := Pair{o.Type.Name, o.ID, action}
		maphash.WriteComparable(&s.digest, pair)
		if s.r.o.Pairs {
			s.pairs = append(s.pairs, pair)
		}
	}
}

// add counts the actions on an object and, if there is one, the object.
func (s *survey) add(to tally, o *rules.Object, actions map[string]bool, n int) {
	for action := range actions {
		to[s.r.cell(o, action)] += n
	}
	if len(actions) > 0 {
		to[s.r.cell(o, "")] += n
	}
}

// reached asks the rules once and then tells which actions on the object are
// within reach of who can use the ways of a profile.
func (s *survey) reached(o *rules.Object, subject string) func(profile string) map[string]bool {
	allowed := s.allowed(o, subject, false)
	return func(profile string) map[string]bool {
		actions := make(map[string]bool)
		for i, ok := range allowed {
			if ok && s.plan.open(i, profile) {
				actions[s.plan.units[i].Action] = true
			}
		}
		return actions
	}
}

// largest is the subject whose reach weighs most, and what it reaches; "" when
// none reaches more than any other.
func (s *survey) largest(w *Weights) (string, tally) {
	best, most := "", s.common[s.profile[stranger]]
	radius := w.radius(most)
	for _, subject := range slices.Sorted(maps.Keys(s.found)) {
		if subject == stranger {
			continue
		}
		t := s.common[s.profileOf(subject)].plus(s.own[subject])
		if got := w.radius(t); got > radius {
			best, most, radius = subject, t, got
		}
	}
	return best, most
}
