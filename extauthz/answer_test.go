package extauthz

import (
	"slices"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/google/go-cmp/cmp"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	"pgregory.net/rapid"

	"github.com/tiergate/tiergate/rules"
)

func setting(pairs ...string) *rules.Outcome {
	out := allowed()
	for i := 0; i < len(pairs); i += 2 {
		out.Obligations.SetHeaders = append(out.Obligations.SetHeaders, rules.Header{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func sent(names ...string) *rules.RawRequest {
	raw := &rules.RawRequest{ID: "id1"}
	for _, n := range names {
		raw.Headers = append(raw.Headers, rules.Header{Name: n, Value: "forged"})
	}
	return raw
}

// Whatever a client sends in a managed header, in any spelling, the upstream
// sees our value or none; and no name is both set and removed.
func TestP2ManagedHeadersAreOverwrittenOrRemoved(t *testing.T) {
	a := newAnswers([]string{"x-account-tenant", "x-role"}, false)
	always := "x_account_tenant x.account.tenant x_role x.role x_tiergate_decision x.tiergate.decision x-envoy-auth-partial-body x-envoy-auth-failure-mode-allowed x-original-url x-rewrite-url x-envoy-original-path" +
		" x-original-uri x-forwarded-uri x-forwarded-path x-forwarded-prefix x-script-name script-name path-info"
	for name, c := range map[string]struct {
		out         *rules.Outcome
		raw         *rules.RawRequest
		set, remove string
	}{
		"nothing set":            {allowed(), sent(), "x-tiergate-decision", "x-account-tenant x-role " + always},
		"one set":                {setting("x-role", "clerk"), sent("x-role"), "x-role x-tiergate-decision", "x-account-tenant " + always},
		"an empty value":         {setting("x-role", ""), sent(), "x-tiergate-decision", "x-account-tenant x-role " + always},
		"a mixed spelling":       {allowed(), sent("x-account_tenant", "x_role", "accept"), "x-tiergate-decision", "x-account-tenant x-role " + always + " x-account_tenant"},
		"a forged own header":    {allowed(), sent("x-tiergate-tier", "x_tiergate.tier", "x-tiergate-decision"), "x-tiergate-decision", "x-account-tenant x-role " + always + " x-tiergate-tier x_tiergate.tier"},
		"a dot that is harmless": {allowed(), sent("x.other", "_", "."), "x-tiergate-decision", "x-account-tenant x-role " + always},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := a.allow(c.out, c.raw)
			if err != nil {
				t.Fatal(err)
			}
			ok := parsed(t, w).GetOkResponse()
			if set := names(ok.GetHeaders()); set != c.set {
				t.Errorf("set %q, want %q", set, c.set)
			}
			got, want := fields(strings.Join(ok.GetHeadersToRemove(), " ")), fields(c.remove)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("removed (-want +got):\n%s", diff)
			}
			for _, h := range ok.GetHeaders() {
				if got[h.GetHeader().GetKey()] {
					t.Errorf("%s is set and removed", h.GetHeader().GetKey())
				}
			}
		})
	}
}

func fields(s string) map[string]bool {
	all := map[string]bool{}
	for _, f := range strings.Fields(s) {
		all[f] = true
	}
	return all
}

func names(headers []*corev3.HeaderValueOption) string {
	var all []string
	for _, h := range headers {
		all = append(all, h.GetHeader().GetKey())
	}
	return strings.Join(all, " ")
}

func TestEveryMutationOverwritesByBothFields(t *testing.T) {
	out := setting("x-role", "clerk")
	w, err := newAnswers([]string{"x-role"}, false).allow(out, sent())
	if err != nil {
		t.Fatal(err)
	}
	ok := parsed(t, w).GetOkResponse()
	for _, h := range append(ok.GetHeaders(), ok.GetResponseHeadersToAdd()...) {
		if h.GetAppend() == nil || h.GetAppend().GetValue() || h.GetAppendAction() != corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD { //nolint:staticcheck // Envoy obeys the deprecated field
			t.Errorf("%v", h)
		}
	}
}

// H1: what must not leave the process is a fault of ours: 503.
func TestH1MutationsThatMustNotLeave(t *testing.T) {
	a := newAnswers([]string{"x-role"}, false)
	query := func(name, value string) *rules.Outcome {
		out := allowed()
		out.Obligations.SetQuery = []rules.Param{{Name: name, Value: value}}
		return out
	}
	for name, out := range map[string]*rules.Outcome{
		"CR":                     setting("x-role", "a\rb"),
		"LF":                     setting("x-role", "a\nset-cookie: b"),
		"NUL":                    setting("x-role", "a\x00"),
		"another control":        setting("x-role", "a\x1b[0m"),
		"DEL":                    setting("x-role", "\x7f"),
		"not UTF-8":              setting("x-role", "\xff"),
		"9 KiB":                  setting("x-role", strings.Repeat("v", maxValue+1)),
		"nobody's header":        setting("authorization", "x"),
		"a pseudo header":        setting(":path", "/admin"),
		"upper case":             setting("X-Role", "v"),
		"the decision id":        setting(decisionHeader, "forged"),
		"another own header":     setting(ownPrefix+"tier", "low"),
		"a space in a parameter": query("a", "b c"),
		"an escape":              query("a", "%20"),
		"an ampersand":           query("a", "b&c=d"),
		"a parameter's name":     query("a=b", "c"),
		"no name":                query("", "c"),
	} {
		_, err := a.allow(out, sent())
		if d := rules.Denial(errOr(err)); d.Reason != rules.MutationInvalid || d.Status() != 503 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, out := range map[string]*rules.Outcome{
		"plain":       setting("x-role", "clerk"),
		"UTF-8":       setting("x-role", "Zoë"),
		"8 KiB":       setting("x-role", strings.Repeat("v", maxValue)),
		"a parameter": query("tenant", "eu-1*._"),
	} {
		if _, err := a.allow(out, sent()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := a.allow(allowed(), sent("x-tiergate-\xff")); rules.Denial(errOr(err)).Reason != rules.AmbiguousHeader {
		t.Errorf("a header that cannot be removed: %v", err)
	}
}

// What adds up to too much is the caller's doing, who chose the objects and so the
// rules: 403, never a 503 at will.
func TestH1TooMuchToSet(t *testing.T) {
	a := newAnswers([]string{"x-role"}, false)
	headers := func(n, size int) *rules.Outcome {
		out := allowed()
		for range n {
			out.Obligations.SetHeaders = append(out.Obligations.SetHeaders, rules.Header{Name: "x-role", Value: strings.Repeat("v", size)})
		}
		return out
	}
	query := func(n, size int) *rules.Outcome {
		out := allowed()
		for range n {
			out.Obligations.SetQuery = append(out.Obligations.SetQuery, rules.Param{Name: "a", Value: strings.Repeat("v", size)})
		}
		return out
	}
	for name, row := range map[string]struct{ fits, over *rules.Outcome }{
		"headers":             {headers(64, 1), headers(65, 1)},
		"parameters":          {query(64, 1), query(65, 1)},
		"bytes of headers":    {headers(4, 8<<10-len("x-role")), headers(4, 8<<10-len("x-role")+1)},
		"bytes of parameters": {query(4, 8<<10-1), query(4, 8<<10)},
	} {
		if _, err := a.allow(row.fits, sent()); err != nil {
			t.Errorf("%s that fit: %v", name, err)
		}
		_, err := a.allow(row.over, sent())
		if d := rules.Denial(errOr(err)); d.Reason != rules.MutationUnfit || d.Status() != 403 {
			t.Errorf("%s that do not fit: %v", name, err)
		}
	}
}

func errOr(err error) error {
	if err == nil {
		return &rules.Fault{Reason: rules.Allowed}
	}
	return err
}

func TestManageableNames(t *testing.T) {
	for _, name := range []string{
		"", ":path", "host", "cookie", "content-length", "transfer-encoding", "connection", "te", "upgrade", "trailer", "keep-alive",
		"authorization", "set-cookie", "content-type", "forwarded", "via",
		"proxy-authorization", "x-envoy-peer", "x-forwarded-for", "x-tiergate-x", "X-Role", "x_role", "x.role", "a b", "é",
	} {
		if manageable(name) == nil {
			t.Errorf("%q can be managed", name)
		}
	}
	for _, name := range []string{"x-role", "x-authorization", "x-middleware-subrequest", "role2"} {
		if err := manageable(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// slow builds an answer with the generated messages, the obvious way. The bytes
// that we write ourselves must mean the same.
func slow(a *answers, out *rules.Outcome, raw *rules.RawRequest, got *authv3.CheckResponse) *authv3.CheckResponse {
	option := func(name, value string) *corev3.HeaderValueOption {
		return &corev3.HeaderValueOption{
			Header: &corev3.HeaderValue{Key: name, Value: value}, Append: wrapperspb.Bool(false), //nolint:staticcheck // Envoy obeys the deprecated field
			AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
		}
	}
	want := &authv3.CheckResponse{Status: &rpcstatus.Status{}, DynamicMetadata: slowMetadata(out, raw.ID)}
	if out.Effect == rules.Allow {
		ok := &authv3.OkHttpResponse{
			HeadersToRemove:      got.GetOkResponse().GetHeadersToRemove(), // has a test of its own
			ResponseHeadersToAdd: []*corev3.HeaderValueOption{option(decisionHeader, raw.ID)},
		}
		for _, h := range out.Obligations.SetHeaders {
			if h.Value != "" {
				ok.Headers = append(ok.Headers, option(h.Name, h.Value))
			}
		}
		ok.Headers = append(ok.Headers, option(decisionHeader, raw.ID))
		for _, p := range out.Obligations.SetQuery {
			ok.QueryParametersToSet = append(ok.QueryParametersToSet, &corev3.QueryParameter{Key: p.Name, Value: p.Value})
		}
		if out.Nonce != "" {
			ok.ResponseHeadersToAdd = append(ok.ResponseHeadersToAdd, option(nonceHeader, out.Nonce))
		}
		want.HttpResponse = &authv3.CheckResponse_OkResponse{OkResponse: ok}
		return want
	}
	text := texts[out.Status()]
	want.Status.Code = int32(text.code)
	denied := &authv3.DeniedHttpResponse{
		Status:  &typev3.HttpStatus{Code: typev3.StatusCode(out.Status())},
		Headers: []*corev3.HeaderValueOption{option("content-type", "application/problem+json"), option(decisionHeader, raw.ID), option("cache-control", "no-store")},
		Body:    a.problem(out.Status(), text, out.Reason, raw.ID),
	}
	if challenge := a.challenges.of(out, raw); challenge != "" {
		denied.Headers = append(denied.Headers, option("www-authenticate", challenge))
	}
	if out.Nonce != "" {
		denied.Headers = append(denied.Headers, option(nonceHeader, out.Nonce))
	}
	if out.Status() == 503 {
		denied.Headers = append(denied.Headers, option("retry-after", "1"))
	}
	want.HttpResponse = &authv3.CheckResponse_DeniedResponse{DeniedResponse: denied}
	return want
}

func slowMetadata(out *rules.Outcome, id string) *structpb.Struct {
	fields := map[string]any{"decision": id, "effect": out.Effect.String(), "reason": string(out.Reason), "status": out.Status()}
	more := map[string]string{"policy": out.Policy, "operation": out.Operation}
	if c := out.Caller; c != nil {
		more["kind"], more["identity"], more["issuer"], more["subject"] = c.Kind.String(), c.Name(), c.Issuer, c.Subject
	}
	if len(out.Targets) > 0 {
		v := out.Targets[0]
		more["action"], more["type"], more["object"], more["tier"], more["rule"] = v.Action, v.Type, v.ID, v.Tier, v.Rule
	}
	for name, value := range more {
		if value != "" {
			fields[name] = strings.ToValidUTF8(value, "\uFFFD")
		}
	}
	for name, value := range fields {
		if value == "" {
			delete(fields, name)
		}
	}
	s, err := structpb.NewStruct(fields)
	if err != nil {
		panic(err)
	}
	return s
}

func TestAnswersMeanWhatTheGeneratedMessagesWouldSay(t *testing.T) {
	all := rules.Reasons()
	a := newAnswers([]string{"x-role", "x-account-tenant"}, true)
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string {
			return strings.Repeat(rapid.StringN(0, 40, -1).Draw(t, name), rapid.SampledFrom([]int{1, 1, 4, 100}).Draw(t, "times"))
		}
		out := &rules.Outcome{Policy: text("policy"), Operation: text("operation"), Nonce: text("nonce")}
		out.Reason = rapid.SampledFrom(all).Draw(t, "reason")
		if out.Reason.Status() == 200 {
			out.Effect = rules.Allow
			out.Obligations.SetHeaders = []rules.Header{{Name: "x-role", Value: strings.Map(printable, text("value"))}}
			out.Obligations.SetQuery = []rules.Param{{Name: "q", Value: "v"}}
		}
		out.Caller = &rules.Caller{Verified: &rules.Verified{Issuer: text("issuer"), Subject: text("subject") + "\xff"}}
		out.Targets = []rules.Verdict{{Action: "read", Type: "account", ID: text("object"), Rule: text("rule")}}
		raw := &rules.RawRequest{ID: "id1"}
		var w wire
		if out.Effect == rules.Allow {
			var err error
			if w, err = a.allow(out, raw); err != nil {
				t.Skip(err)
			}
		} else {
			w = a.deny(out, raw)
		}
		var got authv3.CheckResponse
		if err := proto.Unmarshal(w, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(slow(a, out, raw, &got), &got, protocmp.Transform()); diff != "" {
			t.Fatalf("(-generated +ours):\n%s", diff)
		}
	})
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

// Every length of a message, so every size of a length prefix.
func TestWireLengths(t *testing.T) {
	for _, n := range []int{0, 1, 126, 127, 128, 129, 16_383, 16_384, 16_385, 2_097_151, 2_097_152} {
		var w wire
		at := w.open(okHeaders)
		w = append(w, make([]byte, n)...)
		w.close(at)
		w.string(okRemove, "behind")
		var r authv3.OkHttpResponse
		err := proto.Unmarshal(w[len(w)-len("behind")-2:], &r)
		if got := len(field(t, w)); got != n || err != nil || r.HeadersToRemove[0] != "behind" {
			t.Errorf("%d bytes came back as %d, %v", n, got, err)
		}
	}
}

func TestAnAllowAllocatesOnce(t *testing.T) {
	a := newAnswers([]string{"x-role"}, false)
	out, raw := setting("x-role", "clerk"), sent("accept", "user-agent", "authorization")
	if n := testing.AllocsPerRun(100, func() {
		if _, err := a.allow(out, raw); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations, want 1", n)
	}
}

func BenchmarkAllow(b *testing.B) {
	a := newAnswers([]string{"x-role"}, false)
	out, raw := setting("x-role", "clerk"), sent("accept", "user-agent", "authorization")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.allow(out, raw); err != nil {
			b.Fatal(err)
		}
	}
}

// The credential of an identity that strips it ends here, unless a rule sets the
// header, and so does that of whoever is acted for by one.
func TestCredentialsAreStripped(t *testing.T) {
	strips := &rules.Caller{Identity: &rules.Identity{Strip: true}}
	keeps := &rules.Caller{Identity: &rules.Identity{}}
	for name, c := range map[string]struct {
		managed []string
		out     *rules.Outcome
		caller  *rules.Caller
		want    string
	}{
		"kept":                {nil, allowed(), keeps, ""},
		"nobody":              {nil, allowed(), nil, ""},
		"no identity":         {nil, allowed(), new(rules.Caller), ""},
		"stripped":            {nil, allowed(), strips, "authorization dpop"},
		"for the actor":       {nil, allowed(), &rules.Caller{Identity: keeps.Identity, Actor: strips}, "authorization dpop"},
		"set by a rule":       {[]string{"authorization"}, setting("authorization", "Basic x"), strips, "dpop"},
		"managed and not set": {[]string{"authorization"}, allowed(), keeps, "authorization"},
		"and stripped":        {[]string{"authorization"}, allowed(), strips, "authorization dpop"},
	} {
		t.Run(name, func(t *testing.T) {
			c.out.Caller = c.caller
			w, err := newAnswers(c.managed, false).allow(c.out, sent("authorization", "dpop", "cookie"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, h := range parsed(t, w).GetOkResponse().GetHeadersToRemove() {
				if h == "authorization" || h == "dpop" || h == "cookie" {
					got = append(got, h)
				}
			}
			slices.Sort(got)
			if strings.Join(got, " ") != c.want {
				t.Errorf("removed %q, want %q", got, c.want)
			}
		})
	}
}
