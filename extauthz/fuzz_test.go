package extauthz

import (
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/tiergate/tiergate/rules"
)

// FuzzCheck: whatever bytes arrive, there is one answer that a proxy can read,
// it allows only what the Checker allowed, and it never lets a copy of a managed
// header through.
func FuzzCheck(f *testing.F) {
	for _, in := range []*authv3.CheckRequest{
		{},
		request("GET", "/yes", map[string]string{":path": "/yes", "x_account.tenant": "forged"}),
		request("GET", "/no", nil),
		{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
			Method: "POST", Path: "/yes", HeaderMap: list("x-tiergate-a", "raw:\xff", "x-account-tenant", "x"), RawBody: []byte("{}"),
		}}}},
	} {
		text, err := proto.Marshal(in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte{0xff})
	var decided bool
	o := options(f, func(_ ctx, raw *rules.RawRequest) *rules.Outcome {
		if decided = len(raw.Path) > 1 && raw.Path[1] == 'y'; decided {
			out := allowed()
			out.Obligations.SetHeaders = []rules.Header{{Name: "x-account-tenant", Value: raw.Host}}
			return out
		}
		return denial(rules.NoRule, raw.Path)
	})
	s := &Server{o: o, answers: newAnswers(o.Managed, true)}
	s.o.Now = time.Now
	c := newCodec()
	serves := rules.NewHostSet("api.example.com")
	f.Fuzz(func(t *testing.T, message []byte) {
		decided = false
		in := newCall()
		if err := c.Unmarshal(mem.BufferSlice{mem.SliceBuffer(message)}, in); err != nil {
			t.Fatalf("the codec failed the call: %v", err)
		}
		var sent rules.RawRequest
		fault := decode(&sent, string(message))
		r := parsed(t, s.check(t.Context(), in, serves))
		switch {
		case r.GetStatus().GetCode() == 0:
			if !decided || fault != nil {
				t.Fatalf("an allow that nobody decided: %v", r)
			}
			checkAllow(t, sent.Headers, r.GetOkResponse())
		case r.GetDeniedResponse().GetStatus().GetCode() < 400:
			t.Fatalf("a denial without a status: %v", r)
		}
	})
}

func checkAllow(t *testing.T, sent []rules.Header, ok *authv3.OkHttpResponse) {
	t.Helper()
	gone := map[string]bool{}
	for _, name := range ok.GetHeadersToRemove() {
		gone[name] = true
	}
	for _, h := range ok.GetHeaders() {
		if name := h.GetHeader().GetKey(); gone[name] || h.GetHeader().GetValue() == "" || badValue(h.GetHeader().GetValue()) != "" {
			t.Fatalf("%s is set and removed, or set to what must not leave: %v", name, h)
		}
		gone[h.GetHeader().GetKey()] = true // overwritten is as good
	}
	for _, h := range sent {
		if plain := dashes.Replace(h.Name); plain == "x-account-tenant" && !gone[h.Name] {
			t.Fatalf("%q passes", h.Name)
		}
	}
}
