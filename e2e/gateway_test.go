//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// served is the bank's tiergate, asked straight over gRPC.
func served(t *testing.T, edit func(Settings)) (*World, *Checker) {
	t.Helper()
	w := world(t, programs(t, true))
	config, err := w.Configure("tiergate", func(s Settings) error {
		if edit != nil {
			edit(s)
		}
		return s.requireKeys()
	})
	if err != nil {
		t.Fatal(err)
	}
	w.serve(t, "tiergate", config)
	return w, asking(t, w.Tiergate.GRPC)
}

// A26: behind a gateway the direct peer is the gateway, and only a listed one
// may say who its client is. Each row's twin is billing, by the listed gateway.
func TestA26BehindAGateway(t *testing.T) {
	const gateway = "spiffe://bank.example.com/gateway"
	w, asked := served(t, func(s Settings) { s["peer"] = map[string]any{"via": []any{gateway}, "from": "xfcc"} })
	token, err := w.Mint(*billing.Token)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(t *testing.T, peer string, xfcc ...string) string {
		t.Helper()
		r := Request{Method: "GET", Target: bobsAccount, Host: Host, Header: []string{"Authorization: Bearer " + token}}
		for _, value := range xfcc {
			r.Header = append(r.Header, "x-forwarded-client-cert: "+value)
		}
		answer, err := asked.Check(t.Context(), peer, r)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Allowed {
			return "allowed"
		}
		d, err := w.Tiergate.Decision(t.Context(), answer.Decision)
		if err != nil {
			t.Fatal(err)
		}
		return d.Reason
	}
	uri := "URI=" + billingWorkload
	for _, row := range []struct {
		name, peer string
		xfcc       []string
		want       string
	}{
		{"not a listed gateway", reportsWorkload, []string{uri}, "binding_mismatch"},
		{"no gateway at all", "", []string{uri}, "binding_mismatch"},
		{"the gateway's name, longer", gateway + "/x", []string{uri}, "binding_mismatch"},
		{"the gateway in a Subject", "CN=" + gateway, []string{uri}, "binding_mismatch"},
		{"no header", gateway, nil, "binding_mismatch"},
		{"an empty header", gateway, []string{""}, "binding_mismatch"},
		{"another client", gateway, []string{"URI=" + reportsWorkload}, "binding_mismatch"},
		{"two URIs", gateway, []string{uri + ";URI=" + reportsWorkload}, "binding_mismatch"},
		{"a DNS name", gateway, []string{"DNS=" + billingWorkload}, "binding_mismatch"},
		{"a Subject", gateway, []string{`Subject="CN=` + billingWorkload + `"`}, "binding_mismatch"},
		{"the first of two elements", gateway, []string{uri + ",URI=" + reportsWorkload}, "binding_mismatch"},
		{"hidden in a quoted value", gateway, []string{`Subject="x,` + uri + `";URI=` + reportsWorkload}, "binding_mismatch"},
		{"an open quote", gateway, []string{`Subject="x;` + uri}, "binding_mismatch"},
		{"twin: quoted separators before it", gateway, []string{`Subject="CN=a\",b;c=d";` + uri}, "allowed"},
		{"twin: key in another case", gateway, []string{"uri=" + billingWorkload}, "allowed"},
		{"twin: the last of two elements", gateway, []string{"URI=" + reportsWorkload + "," + uri}, "allowed"},
	} {
		t.Run("A26 "+row.name, func(t *testing.T) {
			if got := ask(t, gateway, "By=spiffe://bank.example.com/envoy;"+uri); got != "allowed" {
				t.Fatalf("the twin: %s", got)
			}
			if got := ask(t, row.peer, row.xfcc...); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

// A27: what jwt_authn, or a filter that only extracts, says in metadata is
// nobody's proof. The twin brings the token itself.
func TestA27MetadataIsNotRead(t *testing.T) {
	w, asked := served(t, nil)
	r, err := w.credentialed(own())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := asked.Check(t.Context(), "", r)
	if err != nil || !answer.Allowed {
		t.Fatalf("the twin: %+v, %v", answer, err)
	}
	payload, err := structpb.NewStruct(map[string]any{"sub": "ada", "iss": w.Corp.Issuer(), "client_id": "web", "aud": Audience})
	if err != nil {
		t.Fatal(err)
	}
	fields := &structpb.Struct{Fields: map[string]*structpb.Value{"payload": structpb.NewStructValue(payload), "corp": structpb.NewStructValue(payload)}}
	for _, name := range []string{"envoy.filters.http.jwt_authn", "istio_authn", "envoy.filters.http.oauth2"} {
		q := question("", Request{Method: "GET", Target: ownAccount, Host: Host})
		q.Attributes.MetadataContext = &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{name: fields}}
		q.Attributes.RouteMetadataContext = q.Attributes.MetadataContext
		q.Attributes.Request.Http.Headers = nil
		resp, err := asked.client.Check(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if got := reasonOf(t, w, resp); got != "credential_missing" {
			t.Errorf("%s: got %s, want credential_missing", name, got)
		}
	}
}

func reasonOf(t *testing.T, w *World, resp *authv3.CheckResponse) string {
	t.Helper()
	denied := resp.GetDeniedResponse()
	if resp.GetStatus().GetCode() == 0 || denied == nil {
		return fmt.Sprintf("allowed: %v", resp)
	}
	d, err := w.Tiergate.Decision(t.Context(), values(denied.GetHeaders())[decisionKey])
	if err != nil {
		t.Fatal(err)
	}
	return d.Reason
}
