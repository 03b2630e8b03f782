package extauthz

import (
	"strings"
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/tiergate/tiergate/rules"
)

// Headers of ours.
const (
	ownPrefix      = "x-tiergate-"
	decisionHeader = "x-tiergate-decision" // the decision id
)

// Bounds on what one allow may set; Envoy itself stops at 100 headers and 60 KiB
// with those of the request.
const (
	maxSetHeaders = 64
	maxSetQuery   = 64
	maxValue      = 8 << 10
	maxSetBytes   = 32 << 10
)

// unset are the client's own words about what the proxy did; upstreams must not read them.
var unset = []string{"x-envoy-auth-partial-body", "x-envoy-auth-failure-mode-allowed"}

// answers turns outcomes into responses. It never changes once made.
type answers struct {
	managed map[string]bool
	remove  []string // every managed header, its twins, and unset
	static  map[string]bool
	expose  bool
}

func newAnswers(managed []string, expose bool) *answers {
	a := &answers{managed: make(map[string]bool), static: make(map[string]bool), expose: expose}
	for _, name := range managed {
		if a.managed[name] {
			continue
		}
		a.managed[name] = true
		a.remove = append(append(a.remove, name), twins(name)...)
	}
	a.remove = append(append(a.remove, twins(decisionHeader)...), unset...)
	for _, name := range a.remove {
		a.static[name] = true
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

// allow builds the response of an allow. It fails when a mutation must not leave
// the process; the error is a *rules.Fault.
func (a *answers) allow(out *rules.Outcome, raw *rules.RawRequest) (*authv3.CheckResponse, error) {
	set := out.Obligations.SetHeaders
	if err := a.valid(&out.Obligations); err != nil {
		return nil, err
	}
	ok := &authv3.OkHttpResponse{
		Headers:              make([]*corev3.HeaderValueOption, 0, len(set)+1),
		HeadersToRemove:      a.toRemove(set, raw.Headers),
		ResponseHeadersToAdd: []*corev3.HeaderValueOption{header(decisionHeader, raw.ID)},
	}
	for _, h := range set {
		if h.Value != "" { // an empty one would reach the upstream: it is removed instead
			ok.Headers = append(ok.Headers, header(h.Name, h.Value))
		}
	}
	ok.Headers = append(ok.Headers, header(decisionHeader, raw.ID))
	for _, p := range out.Obligations.SetQuery {
		ok.QueryParametersToSet = append(ok.QueryParametersToSet, &corev3.QueryParameter{Key: p.Name, Value: p.Value})
	}
	return &authv3.CheckResponse{
		Status:          &rpcstatus.Status{Code: int32(codes.OK)},
		HttpResponse:    &authv3.CheckResponse_OkResponse{OkResponse: ok},
		DynamicMetadata: metadata(out, raw.ID),
	}, nil
}

var noAppend = wrapperspb.Bool(false)

// header overwrites, whichever of the two fields the proxy obeys.
func header(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		Append:       noAppend,
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

// toRemove lists what the upstream must not see: managed headers that are not
// set, and of those the request carries, every spelling of a managed one. It
// never holds a name that is set, for removal comes last.
func (a *answers) toRemove(set, sent []rules.Header) []string {
	remove := a.remove
	if len(set) > 0 {
		remove = make([]string, 0, len(a.remove)+2)
		for _, name := range a.remove {
			if !sets(set, name) {
				remove = append(remove, name)
			}
		}
	}
	for i := range sent {
		name := sent[i].Name
		if a.spoofed(name) && !sets(set, name) {
			remove = append(remove[:len(remove):len(remove)], name)
		}
	}
	return remove
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
	if name == decisionHeader || a.static[name] {
		return false
	}
	if strings.HasPrefix(name, ownPrefix) {
		return true
	}
	if !strings.ContainsAny(name, "_.") {
		return false
	}
	plain := dashes.Replace(name)
	return a.managed[plain] || strings.HasPrefix(plain, ownPrefix)
}

var dashes = strings.NewReplacer("_", "-", ".", "-")

// valid checks what is about to leave. Whatever made it, a bad value is a fault
// of ours, which no caller can choose.
func (a *answers) valid(o *rules.Obligations) error {
	if len(o.SetHeaders) > maxSetHeaders || len(o.SetQuery) > maxSetQuery {
		return rules.Faultf(rules.MutationInvalid, "%d headers and %d parameters to set", len(o.SetHeaders), len(o.SetQuery))
	}
	total := 0
	for _, h := range o.SetHeaders {
		if !a.managed[h.Name] && (!strings.HasPrefix(h.Name, ownPrefix) || h.Name == decisionHeader || !plainName(h.Name)) {
			return rules.Faultf(rules.MutationInvalid, "header %q is not one that rules may set", h.Name)
		}
		if why := badValue(h.Value); why != "" {
			return rules.Faultf(rules.MutationInvalid, "header %q: %s", h.Name, why)
		}
		total += len(h.Name) + len(h.Value)
	}
	for _, p := range o.SetQuery {
		if p.Name == "" || !plainQuery(p.Name) || !plainQuery(p.Value) {
			return rules.Faultf(rules.MutationInvalid, "query parameter %q: want only A-Z a-z 0-9 * . _ -", p.Name)
		}
		total += len(p.Name) + len(p.Value)
	}
	if total > maxSetBytes {
		return rules.Faultf(rules.MutationInvalid, "%d bytes to set, more than %d", total, maxSetBytes)
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

func plainName(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
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
