package extauthz

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/rules"
)

// A whole outcome becomes a whole record, and nothing of the request is in it
// but its trace.
func TestRecordHasEverythingThatWasDecided(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	at := rules.Pos{File: "a.yaml", Line: 3, Col: 5}
	out := &rules.Outcome{
		Decision: rules.Decision{
			Reason: rules.NoRule, Detail: "detail",
			Targets: []rules.Verdict{
				{Effect: rules.Allow, Reason: rules.Allowed, Action: "debit", Type: "account", ID: "A", Tier: "low", TierFrom: "row", Categories: []string{"pii"}, Rule: "r1", Pos: at},
				{
					Reason: rules.NoRule, Action: "credit", Type: "account", ID: "B", Missing: "up_to",
					Inputs: []rules.Input{{Name: "object.tenant", Value: "eu"}, {Name: "object.ssn", Value: "canary", Sensitive: true}, {Name: "object.x", Sensitive: true}},
				},
			},
			Shadow: &rules.ShadowVerdict{Effect: rules.Allow, Reason: rules.Allowed, Rule: "r2", By: "rules"},
		},
		Caller: &rules.Caller{
			Verified: &rules.Verified{Issuer: "corp", Subject: "ada", ClientID: "web", TokenID: "jti", KeyID: "k1", Keys: 4},
			Kind:     rules.Service, Identity: &rules.Identity{Name: "svc"}, Peer: "spiffe://a", Bound: rules.ByWorkload, Purpose: "billing",
			Actor: &rules.Caller{Kind: rules.Agent},
		},
		Operation: "POST /t -> debit account/{body.from}", OpPos: at, Policy: "p1", Catalog: 9, TokenHit: true, Hits: 1, Misses: 2, Stale: 1,
		Took: [rules.Steps]time.Duration{1000, 2000, 3000, 4000, 5000},
	}
	raw := &rules.RawRequest{
		ID: "id1", Now: now, ProxyID: "17", Path: "/t?canary", Body: []byte("canary"), Source: netip.MustParseAddr("192.0.2.1"),
		Headers: []rules.Header{{Name: "cookie", Value: "canary"}, {Name: "traceparent", Value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}},
	}
	s := &Server{o: Options{Hasher: stars{}, Config: "c1"}}
	var got audit.Record
	s.fill(&got, out, raw, 20*time.Microsecond)
	pos := audit.Pos(at)
	want := audit.Record{
		ID: "id1", EnvoyID: "17", Trace: "0af7651916cd43dd8448eb211c80319c", Time: now,
		Caller: audit.Caller{Kind: "service", Identity: "svc", Issuer: "corp", Subject: "ada", Client: "web", Token: "jti", Key: "k1", Bound: true, BoundBy: "workload", Purpose: "billing"},
		Actor:  &audit.Caller{Kind: "agent"}, Peer: "spiffe://a", Op: "POST /t -> debit account/{body.from}", OpPos: pos,
		Targets: []audit.Target{
			{Action: "debit", Type: "account", ID: "A", Tier: "low", TierFrom: "row", Categories: []string{"pii"}, Effect: "allow", Reason: "allowed", Rule: "r1", Pos: pos},
			{Action: "credit", Type: "account", ID: "B", Effect: "deny", Reason: "no_rule", Missing: "up_to"},
		},
		Effect: "deny", Status: 403, Reason: "no_rule", Detail: "detail",
		Shadow:   &audit.Shadow{Effect: "allow", Reason: "allowed", Rule: "r2", By: "rules"},
		Versions: audit.Versions{Policy: "p1", Config: "c1", Catalog: 9, Keys: 4},
		Inputs:   []audit.Input{{Target: 1, Name: "object.tenant", Value: "eu"}, {Target: 1, Name: "object.ssn", Hash: "****"}, {Target: 1, Name: "object.x"}},
		Cache:    audit.Cache{Token: true, Hits: 1, Misses: 2, Stale: 1},
		Us:       audit.Us{Decode: 1, Match: 2, Identify: 3, Resolve: 4, Decide: 5, Total: 20},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.fill(&got, &rules.Outcome{}, &rules.RawRequest{ID: "id2"}, 0)
	if len(got.Targets)+len(got.Inputs) != 0 || got.Caller != (audit.Caller{}) || got.Actor != nil || got.Reason != "" {
		t.Errorf("the next record has something of the last one: %+v", got)
	}
}

func TestTraceIDs(t *testing.T) {
	const id = "0af7651916cd43dd8448eb211c80319c"
	for value, want := range map[string]string{
		"00-" + id + "-b7ad6b7169203331-01":                  id,
		"cc-" + id + "-b7ad6b7169203331-01-later":            id,
		"00-" + id + "-b7ad6b7169203331":                     "",
		"00-" + strings.ToUpper(id) + "-b7ad6b7169203331-01": "",
		"00-\x1b[31m" + id[5:] + "-b7ad6b7169203331-01":      "",
		"": "",
	} {
		if got := traceID([]rules.Header{{Name: "traceparent", Value: value}}); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
	if got := traceID(nil); got != "" {
		t.Errorf("no header: %q", got)
	}
}

// H3 and S3: whatever secrets a request brings, no output has them: not the
// answer, the record, the log or the metrics.
func TestH3NoOutputHasASecretOfTheRequest(t *testing.T) {
	log := &lines{}
	var file strings.Builder
	for _, check := range []checkFunc{
		alwaysAllow,
		func(ctx ctx, _ *rules.RawRequest) *rules.Outcome { return denial(rules.NoRule, "detail") },
		func(ctx, *rules.RawRequest) *rules.Outcome { panic("canary-panic") },
		func(_ ctx, raw *rules.RawRequest) *rules.Outcome {
			out := allowed()
			out.Obligations.SetHeaders = []rules.Header{{Name: "x-account-tenant", Value: "canary-value\n" + raw.Path}}
			return out
		},
	} {
		o := options(t, check)
		o.Log = log.logger()
		o.ExposeReason = true
		records, err := audit.Open(audit.Options{Out: &file, Buffer: 10, Log: log.logger()})
		if err != nil {
			t.Fatal(err)
		}
		o.Audit = records
		in := request("POST", "/v1/x?token=canary-query", map[string]string{
			"authorization": "Bearer canary-token", "cookie": "session=canary-cookie", "x-api-key": "canary-key", ":path": "/v1/x?token=canary-query",
			"user-agent": "canary-agent\x1b[2J", "traceparent": "canary-trace",
		})
		in.Attributes.Request.Http.RawBody = []byte("canary-body")
		in.Attributes.Source = &authv3.AttributeContext_Peer{Certificate: "canary-certificate"}
		s := start(t, o)
		resp, err := client(t, s).Check(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		metrics := get(t, s, "/metrics", "")
		if err := records.Close(); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"answer": resp.String(), "record": file.String(), "log": log.String(), "metrics": metrics.body} {
			if i := strings.Index(text, "canary"); i >= 0 {
				t.Errorf("the %s has %.60q", name, text[i:])
			}
			if text == "" {
				t.Errorf("the %s is empty", name)
			}
		}
	}
}

// L7: a client that puts a token where an id should be finds it in no output. The
// twin has a text of the same letters there, which is an id.
func TestL7ATokenInPlaceOfAnIDIsNotWrittenDown(t *testing.T) {
	const canary = "eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiJjYW5hcnkifQ.c2lnbmF0dXJl"
	for id, written := range map[string]bool{canary: false, strings.ReplaceAll(canary, ".", "-"): true} {
		log, file := &lines{}, strings.Builder{}
		o := options(t, func(ctx, *rules.RawRequest) *rules.Outcome {
			out := denial(rules.NoRule, "detail")
			out.Targets = []rules.Verdict{{Reason: rules.NoRule, Action: "read", Type: "file", ID: "a/" + id, Inputs: []rules.Input{{Name: "object.id", Value: id}}}}
			return out
		})
		o.Log = log.logger()
		records, err := audit.Open(audit.Options{Out: &file, Buffer: 10, Log: log.logger()})
		if err != nil {
			t.Fatal(err)
		}
		o.Audit = records
		resp, err := client(t, start(t, o)).Check(t.Context(), request("GET", "/v1/files/a/"+id, nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := records.Close(); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"metadata": resp.String(), "record": file.String()} {
			if got := strings.Contains(text, id); got != written {
				t.Errorf("%.40s stands in the %s: %v, want %v\n%s", id, name, got, written, text)
			}
			if got := strings.Contains(text, "a/[token sha256:"); got == written {
				t.Errorf("the %s has a mark in its place: %v, want %v", name, got, !written)
			}
		}
		if strings.Contains(log.String(), id) {
			t.Errorf("the log has the id: %s", log)
		}
	}
}
