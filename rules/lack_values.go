package rules

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are what might make a part hold if one of what it reads were otherwise. They
// are guesses, made of what stands in it and of what else it reads; who asks tries them.
func (p *conjunct) settings(s *Set, f *facts, r *variableRef, cl *clause) (out []string) {
	key, kind := r.setting()
	switch r.what { //nolint:exhaustive // the rest is by kind
	case callerIdentity, callerKind, callerIssuer, callerTenant, callerPinned:
		return identitySettings(s, f, cl, "identity=")
	case callerActorIdentity, callerActorSubject, callerActorClient:
		return identitySettings(s, f, cl, "actor=")
	case callerBound:
		return []string{"bound=mtls", "bound=none"}
	case nowVar:
		return p.times(f.req.Now)
	case requestIP:
		return p.addresses(f, r)
	}
	if key == "" {
		return nil
	}
	values := p.values(f, r)
	switch kind {
	case Bool:
		out = []string{"true", "false"}
	case Int:
		out = numbers(values)
	case StringList, IntList:
		out = listsOf(f, r, kind, values)
	default:
		out = phrases(values)
	}
	if out = append(out, ""); r.what == objectTier || r.what == actionVar {
		out = out[:len(out)-1]
	}
	for i := range out {
		out[i] = key + "=" + out[i]
	}
	return out
}

// setting is the key under which a variable can be supposed, and its kind; "" for none.
func (r *variableRef) setting() (key string, kind Kind) {
	switch r.what { //nolint:exhaustive // the rest cannot be
	case objectAttribute, objectID, parentAttribute, objectParent:
		return r.name, max(r.kind, String)
	case objectTier:
		return "tier", String
	case objectCategories:
		return "category", StringList
	case callerClaim:
		return "claim." + r.key, max(r.kind, String)
	case callerScopes:
		return "scope", StringList
	case callerSubject:
		return "subject", String
	case callerClient:
		return "client", String
	case callerPeer:
		return "peer", String
	case requestHeader:
		return "header." + r.key, String
	case purposeVar:
		return "purpose", String
	case actionVar:
		return "action", String
	}
	return "", NoKind
}

// values are what stands in the part, and the values of what else it reads: none that is
// sensitive, for a setting shows it.
func (p *conjunct) values(f *facts, but *variableRef) (out []string) {
	for _, v := range p.literals {
		out = append(out, texts(v)...)
	}
	for i := range p.reads {
		if r := &p.reads[i]; r.name != but.name && !r.sensitive {
			if v, got := r.value(f); got == yes {
				out = append(out, texts(v)...)
			}
		}
	}
	return out
}

// numbers are those that are there, and their neighbours.
func numbers(values []string) (out []string) {
	for _, text := range values {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			continue
		}
		for _, m := range []int64{n, n + 1, n - 1} {
			out = append(out, strconv.FormatInt(m, 10))
		}
	}
	return append(out, "1", "0", "1000000", "-1")
}

// phrases are texts that begin with, end with, lie below or match what is there, and
// one that is something else.
func phrases(values []string) (out []string) {
	out = append(out, values...)
	for _, v := range values {
		if example := exampleOf(v); example != "" && example != v {
			out = append(out, example)
		}
		out = append(out, v+"x", "x"+v, strings.TrimSuffix(v, "/")+"/x", strings.ToLower(v), strings.ToUpper(v))
		if _, ok := parseVersion(v); ok {
			out = append(out, "0.0.0", "999999.0.0")
		}
		for _, w := range values {
			if v != w && len(values) < 6 {
				out = append(out, v+"/"+w, v+w, strings.TrimPrefix(v, w), strings.TrimSuffix(v, w))
			}
		}
	}
	out = append(out, "x", "x1", "1", strings.Repeat("x", 12))
	return slices.DeleteFunc(out, func(v string) bool { return v == "" })
}

// listsOf are lists with one more of what is there, with one alone, with all, and longer ones.
func listsOf(f *facts, r *variableRef, kind Kind, values []string) (out []string) {
	var have []string
	if v, got := r.value(f); got == yes {
		have = texts(v)
	}
	if kind == IntList {
		values = numbers(values)
	} else {
		values = append(slices.Clone(values), "x")
	}
	for _, v := range values {
		out = append(out, strings.Join(union(have, []string{v}), ","), v)
		out = append(out, strings.Join(slices.DeleteFunc(slices.Clone(have), func(h string) bool { return h == v }), ","))
	}
	more := []string{"x", "y", "z"}
	if kind == IntList {
		more = []string{"1", "2", "3"}
	}
	for n := range more {
		out = append(out, strings.Join(more[:n+1], ","))
	}
	return append(out, strings.Join(values, ","))
}

func (p *conjunct) addresses(f *facts, r *variableRef) (out []string) {
	for _, text := range p.values(f, r) {
		if network, problem, _ := parseNetwork(text); problem == "" {
			out = append(out, "ip="+inside(network).String())
		} else if a, err := netip.ParseAddr(text); err == nil {
			out = append(out, "ip="+a.String())
		}
	}
	return append(out, "ip=192.0.2.1", "ip=2001:db8::1")
}

// times are those that stand in a part, the seconds beside them, and each hour of a week.
func (p *conjunct) times(now time.Time) (out []string) {
	for _, v := range p.literals {
		text, _ := v.(string)
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			out = append(out, "at="+stamp(at), "at="+stamp(at.Add(time.Second)), "at="+stamp(at.Add(-time.Second)))
		}
	}
	for hour := range 24 * 7 {
		out = append(out, "at="+stamp(now.Truncate(time.Hour).Add(time.Duration(hour+1)*time.Hour)))
	}
	return out
}

// identitySettings are the identities that a rule is about.
func identitySettings(s *Set, f *facts, cl *clause, key string) (out []string) {
	for _, id := range s.identities {
		about := slices.ContainsFunc(cl.selectors, func(of selector) bool { return of.about(id) })
		if len(out) < maxTries && about && id.Name != f.caller.Name() && usableAt(id, f.req.Now) {
			out = append(out, key+id.Name)
		}
	}
	return out
}
