package extauthz

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

var update = flag.Bool("update", false, "rewrite want.json of testdata/check")

// bearer verifies nothing: the token is the subject. What is tested is the way
// from Envoy's message to Envoy's message.
type bearer struct{}

func (bearer) Verify(_ context.Context, req *rules.Request) (rules.Evidence, error) {
	value, ok := req.Header("authorization")
	if !ok {
		return rules.Evidence{Verified: &rules.Verified{Anonymous: true}}, nil
	}
	subject, ok := strings.CutPrefix(value, "Bearer ")
	if !ok || subject == "expired" {
		return rules.Evidence{}, &rules.Fault{Reason: rules.TokenExpired}
	}
	return rules.Evidence{Verified: &rules.Verified{Issuer: "corp", Subject: subject, ClientID: "web"}}, nil
}

func goldenPolicy(t *testing.T, fsys fs.FS) *policy.Policy {
	t.Helper()
	objects, err := catalog.New(catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := policy.Load(fsys, policy.Options{
		Verifier: bearer{}, Catalog: objects, Resolve: resolver.Options{MaxBody: 1 << 10},
		Env: rules.Env{Issuers: map[string]rules.IssuerEnv{"corp": {}}, Managed: []string{"x-account-tenant", "x-customer"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCheck sends check.json to a policy of rules/ and compares the answer with
// want.json, over TCP and over a Unix socket. Decision ids read ID.
func TestCheck(t *testing.T) {
	paths, err := filepath.Glob("testdata/check/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files := fstest.MapFS{}
			for _, f := range ar.Files {
				if name, ok := strings.CutPrefix(f.Name, "rules/"); ok {
					files[name] = &fstest.MapFile{Data: f.Data}
				}
			}
			o := options(t, goldenPolicy(t, files).Check)
			o.Managed = []string{"x-account-tenant", "x-customer"}
			o.ExposeReason = bytes.Contains(ar.Comment, []byte("expose_reason"))
			o.Listeners = append(o.Listeners, Listener{Address: "unix:" + filepath.Join(t.TempDir(), "s"), Serves: o.Listeners[0].Serves})
			s := start(t, o)
			var in authv3.CheckRequest
			if err := protojson.Unmarshal(content(t, ar, "check.json"), &in); err != nil {
				t.Fatal(err)
			}
			for _, addr := range s.Addrs() {
				resp, err := authv3.NewAuthorizationClient(dial(t, addr)).Check(t.Context(), &in)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, path, ar, resp)
			}
		})
	}
}

func content(t *testing.T, ar *txtar.Archive, name string) []byte {
	t.Helper()
	for _, f := range ar.Files {
		if f.Name == name {
			return f.Data
		}
	}
	t.Fatalf("no %s", name)
	return nil
}

var decisionID = regexp.MustCompile(`\b[0-9a-z]{26}\b`)
var policyHash = regexp.MustCompile(`\b[0-9a-f]{64}\b`)

func compare(t *testing.T, path string, ar *txtar.Archive, resp *authv3.CheckResponse) {
	t.Helper()
	text, err := protojson.Marshal(resp)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, text, "", "  "); err != nil { // protojson's own spaces are random
		t.Fatal(err)
	}
	got.WriteByte('\n')
	stable := policyHash.ReplaceAll(decisionID.ReplaceAll(got.Bytes(), []byte("ID")), []byte("HASH"))
	if *update {
		for i := range ar.Files {
			if ar.Files[i].Name == "want.json" {
				ar.Files[i].Data = stable
			}
		}
		writeFile(t, path, txtar.Format(ar))
		return
	}
	if diff := cmp.Diff(string(content(t, ar, "want.json")), string(stable)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
