package extauthz

import (
	"encoding/json"
	"strings"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tiergate/tiergate/rules"
)

func field(t *testing.T, w wire) []byte {
	t.Helper()
	_, _, n := protowire.ConsumeTag(w)
	content, m := protowire.ConsumeBytes(w[n:])
	if n < 0 || m < 0 {
		t.Fatal("no field")
	}
	return content
}

func denied(t *testing.T, a *answers, d rules.Decision, raw *rules.RawRequest) (*authv3.DeniedHttpResponse, map[string]string) {
	t.Helper()
	return deniedOutcome(t, a, &rules.Outcome{Decision: d}, raw)
}

func deniedOutcome(t *testing.T, a *answers, out *rules.Outcome, raw *rules.RawRequest) (*authv3.DeniedHttpResponse, map[string]string) {
	t.Helper()
	r := parsed(t, a.deny(out, raw))
	if r.GetStatus().GetCode() == 0 || r.GetDeniedResponse() == nil {
		t.Fatalf("not a denial: %v", r)
	}
	headers := map[string]string{}
	for _, h := range r.GetDeniedResponse().GetHeaders() {
		headers[h.GetHeader().GetKey()] = h.GetHeader().GetValue()
	}
	return r.GetDeniedResponse(), headers
}

// Every reason gives an explicit denial that says nothing about the object.
func TestEveryReasonIsAnExplicitDenial(t *testing.T) {
	closed, open := newAnswers(nil, false), newAnswers(nil, true)
	for _, reason := range append(rules.Reasons(), "", "nobody_listed_this") {
		d := rules.Decision{Reason: reason, Detail: "canary"}
		got, headers := denied(t, closed, d, sent())
		var body map[string]any
		if err := json.Unmarshal([]byte(got.GetBody()), &body); err != nil {
			t.Fatalf("%s: %v in %s", reason, err, got.GetBody())
		}
		status := d.Status()
		if int(got.GetStatus().GetCode()) != status || body["status"] != float64(status) || body["decision"] != "id1" || body["reason"] != nil {
			t.Errorf("%s: %d %s, want %d", reason, got.GetStatus().GetCode(), got.GetBody(), status)
		}
		if (headers["www-authenticate"] != "") != (status == 401) || (headers["retry-after"] != "") != (status == 503) {
			t.Errorf("%s: headers %v", reason, headers)
		}
		if headers[decisionHeader] != "id1" || headers["content-type"] != "application/problem+json" {
			t.Errorf("%s: headers %v", reason, headers)
		}
		if text := got.String(); strings.Contains(text, "canary") {
			t.Errorf("%s: the detail is in the answer: %s", reason, text)
		}
		shown, _ := denied(t, open, d, sent())
		want := string(reason)
		if reason == rules.Revoked || strings.HasPrefix(want, "token_") || strings.HasPrefix(want, "binding_") {
			want = "invalid_token"
		}
		if err := json.Unmarshal([]byte(shown.GetBody()), &body); err != nil || body["reason"] != want {
			t.Errorf("%s: exposed as %v (%v), want %q", reason, body["reason"], err, want)
		}
	}
}

// Who sent a JSON-RPC request learns which one was denied, and no more than others
// do. Without an id there is nobody to tell.
func TestDenialsAnswerJSONRPC(t *testing.T) {
	for _, id := range []string{"7", `"a\"b"`} {
		out := &rules.Outcome{Decision: rules.Decision{Reason: rules.NoRule, Detail: "canary"}, Reply: rules.Reply{ID: id}}
		got, headers := deniedOutcome(t, newAnswers(nil, false), out, sent())
		want := `{"jsonrpc":"2.0","id":` + id + `,"error":{"code":-32001,"message":"This request is not allowed.",` +
			`"data":{"type":"about:blank","title":"Forbidden","status":403,"detail":"This request is not allowed.","decision":"id1"}}}`
		if got.GetBody() != want || headers["content-type"] != "application/json" || got.GetStatus().GetCode() != 403 {
			t.Errorf("got %s, want %s", got.GetBody(), want)
		}
	}
}

// Where the endpoint says so, the error comes with 200, for some clients end their
// session at anything else. Nobody waits without an id; a missing credential and a
// server that is not ready are for HTTP to say.
func TestDenialsInJSONRPCMayBeCalm(t *testing.T) {
	for _, row := range []struct {
		name   string
		reason rules.Reason
		reply  rules.Reply
		want   uint32
	}{
		{"policy says no", rules.NoRule, rules.Reply{ID: "7", Calm: true}, 200},
		{"the message is wrong", rules.MalformedID, rules.Reply{ID: "7", Calm: true}, 200},
		{"twin: not asked for", rules.NoRule, rules.Reply{ID: "7"}, 403},
		{"twin: nobody waits", rules.NoRule, rules.Reply{Calm: true}, 403},
		{"twin: no credential", rules.CredentialMissing, rules.Reply{ID: "7", Calm: true}, 401},
		{"twin: could not decide", rules.CatalogUnavailable, rules.Reply{ID: "7", Calm: true}, 503},
	} {
		got, _ := deniedOutcome(t, newAnswers(nil, false), &rules.Outcome{Decision: rules.Decision{Reason: row.reason}, Reply: row.reply}, sent())
		if code := uint32(got.GetStatus().GetCode()); code != row.want {
			t.Errorf("%s: got %d, want %d", row.name, code, row.want)
		}
	}
}

func TestGRPCCallersGetPlainText(t *testing.T) {
	for contentType, plain := range map[string]bool{
		"application/grpc": true, "application/grpc+proto": true, "application/grpc-web": false, "application/grpc; x": false,
		"Application/grpc": false, "application/json": false, "": false,
	} {
		raw := &rules.RawRequest{ID: "id1", Headers: []rules.Header{{Name: "content-type", Value: contentType}}}
		got, headers := denied(t, newAnswers(nil, false), rules.Decision{Reason: rules.NoRule}, raw)
		if json.Valid([]byte(got.GetBody())) == plain || (headers["content-type"] == "") != plain {
			t.Errorf("%q: %s %v", contentType, got.GetBody(), headers)
		}
	}
}

// An allow that ends up here is denied all the same.
func TestDenyNeverAllows(t *testing.T) {
	got, _ := denied(t, newAnswers(nil, false), rules.Decision{Effect: rules.Allow, Reason: rules.Allowed}, sent())
	if got.GetStatus().GetCode() != 503 {
		t.Errorf("status %v", got.GetStatus())
	}
}
