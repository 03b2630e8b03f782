package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Suppose is what an explanation takes to be otherwise than it is. Its settings are
// those of --what-if; of two about one thing the later counts. It decides no request:
// a PDP that believed it would believe anything. The zero value changes nothing.
type Suppose struct{ settings []whatIf }

// whatIf is one KEY=VALUE.
type whatIf struct {
	target     int // from 1; 0 for every one
	key, value string
}

// supposable are the keys, and those that go on with a name.
var supposable = []string{
	"identity=NAME", "subject=TEXT", "client=TEXT", "issuer=NAME", "actor=IDENTITY", "claim.NAME=VALUE", "scope=A,B", "acr=TEXT", "amr=A,B", "purpose=NAME",
	"token_age=5m", "auth_age=5m", "bound=none|workload|mtls|dpop", "peer=SPIFFE-ID", "at=TIME", "ip=ADDRESS", "header.NAME=VALUE",
	"action=NAME", "tier=NAME", "category=A,B", "object.NAME=VALUE", "object.parent.NAME=VALUE", "catalog_age=0s", "properties=A,B", "exists=true|false",
}

// wholeKeys are the keys of supposable that are no beginning.
var wholeKeys = func() (keys []string) {
	for _, s := range supposable {
		if key, _, _ := strings.Cut(s, "="); !strings.HasSuffix(key, ".NAME") {
			keys = append(keys, key)
		}
	}
	return keys
}()

// ParseSuppose reads settings as --what-if has them. Whether there is such a tier,
// claim or attribute is found out as they are applied.
func ParseSuppose(all []string) (Suppose, error) {
	var s Suppose
	for _, one := range all {
		set, err := parseSetting(one)
		if err != nil {
			return s, err
		}
		s.settings = append(s.settings, set)
	}
	return s, nil
}

// And is the same with more settings, which count where both are about one thing.
func (s *Suppose) And(more []string) (Suppose, error) {
	next, err := ParseSuppose(more)
	return Suppose{slices.Concat(s.settings, next.settings)}, err
}

// Somebody reports whether another caller is supposed, whoever really asks.
func (s *Suppose) Somebody() bool {
	_, identity := s.last("identity")
	_, issuer := s.last("issuer")
	return identity || issuer
}

// OfTarget reports whether a setting is about what is asked for, and not about who asks.
func OfTarget(text string) bool {
	key, _, _ := strings.Cut(text, "=")
	v := whatIf{key: key}
	return v.ofTarget()
}

func parseSetting(text string) (whatIf, error) {
	key, value, ok := strings.Cut(text, "=")
	s := whatIf{key: key, value: value}
	if rest, of := strings.CutPrefix(key, "target."); of {
		number, member, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if s.target, s.key = n, member; err != nil || n < 1 || !s.ofTarget() {
			return s, fmt.Errorf("nothing can be supposed by --what-if %q: want target.1.object.NAME=VALUE, or another key of a target", text)
		}
	}
	named := func(prefix string) bool { return strings.HasPrefix(s.key, prefix) && len(s.key) > len(prefix) }
	if !ok || !slices.Contains(wholeKeys, s.key) && !named("claim.") && !named("header.") && !named("object.") {
		return s, fmt.Errorf("nothing can be supposed by --what-if %q: want %s", text, strings.Join(supposable, ", "))
	}
	return s, s.check()
}

// check refuses values that no setting of the key can have.
func (s *whatIf) check() (err error) {
	switch s.key {
	case "at":
		if _, err = time.Parse(time.RFC3339, s.value); err != nil {
			return fmt.Errorf("no time %q, want 2027-01-31T12:00:00Z", s.value)
		}
	case "token_age", "auth_age", "catalog_age":
		if d, err := time.ParseDuration(s.value); err != nil || d < 0 {
			return fmt.Errorf("no age %q, want one such as 5m", s.value)
		}
	case "ip":
		if a, err := netip.ParseAddr(s.value); err != nil || a.Zone() != "" {
			return fmt.Errorf("no address %q, want one such as 192.0.2.7 or 2001:db8::7, without a zone", s.value)
		}
	case "bound":
		if !slices.Contains(bindings[:], s.value) {
			return fmt.Errorf("no binding %q, want one of %s", s.value, strings.Join(bindings[:], ", "))
		}
	case "exists":
		if s.value != "true" && s.value != "false" {
			return fmt.Errorf("exists=%s: want true or false", s.value)
		}
	case "tier", "action":
		if s.value == "" {
			return fmt.Errorf("%s= has no value", s.key)
		}
	}
	return nil
}

// ofTarget reports whether a setting is about what is asked for, and not about who asks.
func (s *whatIf) ofTarget() bool {
	switch s.key {
	case "action", "tier", "category", "catalog_age", "properties", "exists":
		return true
	}
	return strings.HasPrefix(s.key, "object.")
}

// last returns the setting of a key that counts.
func (s *Suppose) last(key string) (value string, ok bool) {
	for i := range s.settings {
		if s.settings[i].key == key {
			value, ok = s.settings[i].value, true
		}
	}
	return value, ok
}

// At is the time that is supposed.
func (s *Suppose) At() (at time.Time, ok bool) {
	value, ok := s.last("at")
	if ok {
		at, _ = time.Parse(time.RFC3339, value) // it was checked
	}
	return at, ok
}

// Request returns the request as it is supposed: from another address, at another
// time, with other headers. Which line it matches is none of its business.
func (s *Suppose) Request(r *Request) *Request {
	out := *r
	if at, ok := s.At(); ok {
		out.Now = at
	}
	for i := range s.settings {
		switch v := &s.settings[i]; {
		case v.key == "ip":
			out.ClientIP, _ = netip.ParseAddr(v.value) // it was checked
		case strings.HasPrefix(v.key, "header."):
			name := strings.ToLower(strings.TrimPrefix(v.key, "header."))
			out.Headers = slices.DeleteFunc(slices.Clone(out.Headers), func(h Header) bool { return h.Name == name })
			if v.value != "" {
				out.Headers = append(out.Headers, Header{name, v.value})
			}
		}
	}
	return &out
}

// list reads values between commas; "" is none.
func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// Parse reads the text of a value of kind k, a list's elements between commas; "" is
// an absent one, which is nil.
func (k Kind) Parse(text string) (any, error) {
	bad := func(element string) error { return fmt.Errorf("want %v, found %q", k, element) }
	if text == "" {
		return nil, nil //nolint:nilnil // absent
	}
	switch k {
	case StringList:
		return list(text), nil
	case IntList:
		var out []int64
		for _, element := range list(text) {
			n, err := strconv.ParseInt(element, 10, 64)
			if err != nil {
				return nil, bad(element)
			}
			out = append(out, n)
		}
		return out, nil
	default:
		v, ok := k.ParseScalar(text)
		if !ok {
			return nil, bad(text)
		}
		return v, nil
	}
}
