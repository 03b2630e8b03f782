package extauthz

import (
	"strings"
	"unicode/utf8"

	"github.com/tiergate/tiergate/rules"
)

// Headers of ours.
const (
	ownPrefix      = "x-tiergate-"
	decisionHeader = "x-tiergate-decision" // the decision id
	nonceHeader    = "dpop-nonce"          // to the client, for its next proofs (RFC 9449 section 8)
)

// maxValue bounds one header value, in bytes.
const maxValue = 8 << 10

// unset are the client's own words about what the proxy did, or about another
// path than the one decided; upstreams must not read them.
var unset = append([]string{"x-envoy-auth-partial-body", "x-envoy-auth-failure-mode-allowed"}, rules.PathHints()...)

// answers turns outcomes into CheckResponses. It never changes once made.
type answers struct {
	managed map[string]bool
	remove  []string // every managed header, its twins, and unset
	removed map[string]bool
	removal wire // all of remove, as fields of an OkHttpResponse
	expose  bool

	challenges challenges
}

func newAnswers(managed []string, expose bool) *answers {
	a := &answers{managed: make(map[string]bool), removed: make(map[string]bool), expose: expose}
	for _, name := range managed {
		if a.managed[name] {
			continue
		}
		a.managed[name] = true
		a.remove = append(append(a.remove, name), twins(name)...)
	}
	a.remove = append(append(a.remove, twins(decisionHeader)...), unset...)
	for _, name := range a.remove {
		a.removed[name] = true
		a.removal.string(okRemove, name)
	}
	return a
}

// twins are the spellings of a header that many frameworks read as the same name.
func twins(name string) []string {
	if !strings.Contains(name, "-") {
		return nil
	}
	return []string{strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(name, "-", ".")}
}

// allow writes the response of an allow. It fails when a mutation must not leave
// the process, or when the request carries what cannot be removed; the error is
// a *rules.Fault.
func (a *answers) allow(out *rules.Outcome, raw *rules.RawRequest) (wire, error) {
	set := out.Obligations.SetHeaders
	if err := a.valid(&out.Obligations); err != nil {
		return nil, err
	}
	if err := room(set, raw); err != nil {
		return nil, err
	}
	w := make(wire, 0, 1024)
	w.close(w.open(responseStatus)) // code 0
	ok := w.open(responseOK)
	for _, h := range set {
		if h.Value != "" { // an empty one would reach the upstream: it is removed instead
			w.header(okHeaders, h.Name, h.Value)
		}
	}
	w.header(okHeaders, decisionHeader, raw.ID)
	if err := a.writeRemoval(&w, set, raw.Headers); err != nil {
		return nil, err
	}
	a.writeAsked(&w, out.Asked, raw.Headers)
	if out.Caller.Strips() {
		a.strip(&w, set)
	}
	w.header(okResponseHeaders, decisionHeader, raw.ID)
	if out.Nonce != "" {
		w.header(okResponseHeaders, nonceHeader, out.Nonce)
	}
	for _, p := range out.Obligations.SetQuery {
		w.pair(okSetQuery, p.Name, p.Value)
	}
	w.close(ok)
	writeMetadata(&w, out, raw.ID)
	return w, nil
}

// writeRemoval lists what the upstream must not see: managed headers that are
// not set, and of those the request carries, every spelling of a managed one. It
// never lists a name that is set, for removal comes last.
func (a *answers) writeRemoval(w *wire, set, sent []rules.Header) error {
	if len(set) == 0 {
		*w = append(*w, a.removal...)
	} else {
		for _, name := range a.remove {
			if !sets(set, name) {
				w.string(okRemove, name)
			}
		}
	}
	for i := range sent {
		name := sent[i].Name
		if !a.spoofed(name) || sets(set, name) {
			continue
		}
		if badValue(name) != "" {
			return rules.Faultf(rules.AmbiguousHeader, "header %q reads like one of ours", name)
		}
		w.string(okRemove, name)
	}
	return nil
}

// writeAsked lists the headers in which rules ask, whether or not one asked here, and
// what of the request reads like one: none of them is a word to the upstream.
func (a *answers) writeAsked(w *wire, asked []string, sent []rules.Header) {
	for _, name := range asked {
		if !a.removed[name] {
			w.string(okRemove, name)
		}
		for i := range sent {
			if other := sent[i].Name; other != name && !a.removed[other] && badValue(other) == "" && dashes.Replace(other) == name {
				w.string(okRemove, other)
			}
		}
	}
}

// credentialHeaders are the headers that bring one.
var credentialHeaders = [...]string{"authorization", "dpop"}

// strip removes the credentials, but for what a rule sets in their place.
func (a *answers) strip(w *wire, set []rules.Header) {
	for _, name := range credentialHeaders {
		if !a.removed[name] && !sets(set, name) {
			w.string(okRemove, name)
		}
	}
}

func sets(set []rules.Header, name string) bool {
	for i := range set {
		if set[i].Name == name && set[i].Value != "" {
			return true
		}
	}
	return false
}

// spoofed reports whether a request header reads like one of ours and is not
// removed anyway.
func (a *answers) spoofed(name string) bool {
	if strings.HasPrefix(name, ownPrefix) {
		return name != decisionHeader && !a.removed[name]
	}
	if !strings.ContainsAny(name, "_.") || a.removed[name] {
		return false
	}
	plain := dashes.Replace(name)
	return a.managed[plain] || strings.HasPrefix(plain, ownPrefix)
}

var dashes = strings.NewReplacer("_", "-", ".", "-")

// valid checks what is about to leave. Whatever made it, a bad value is a fault
// of ours, which no caller can choose; how many rules add up is the caller's doing.
func (a *answers) valid(o *rules.Obligations) error {
	if why := o.Excess(); why != "" {
		return rules.Faultf(rules.MutationUnfit, "%s", why)
	}
	for _, h := range o.SetHeaders {
		if !a.managed[h.Name] {
			return rules.Faultf(rules.MutationInvalid, "header %q is not one that rules may set", h.Name)
		}
		if why := badValue(h.Value); why != "" {
			return rules.Faultf(rules.MutationInvalid, "header %q: %s", h.Name, why)
		}
	}
	for _, p := range o.SetQuery {
		if p.Name == "" || !plainQuery(p.Name) || !plainQuery(p.Value) {
			return rules.Faultf(rules.MutationInvalid, "query parameter %q: want only A-Z a-z 0-9 * . _ -", p.Name)
		}
	}
	return nil
}

// badValue says why a value must not be in a header, or "".
func badValue(v string) string {
	if len(v) > maxValue {
		return "longer than 8 KiB"
	}
	for i := range len(v) {
		if v[i] < ' ' || v[i] == 0x7f {
			return "has a control byte"
		}
	}
	if !utf8.ValidString(v) {
		return "is not UTF-8"
	}
	return ""
}

func plainQuery(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '*' && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
