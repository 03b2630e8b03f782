package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e/idp"
)

// providersPage has, in turn, an issuer's block and a token that it must take.
const providersPage = "../../docs/identity-providers.md"

// sampleToken is a token as the page shows it.
type sampleToken struct {
	Header idp.Header `json:"header"`
	Claims idp.Claims `json:"claims"`
}

// Every block of the page loads as it stands, beside the identities that follow
// it, and the token below it passes every gate, signed with a key of our own.
func TestProviderBlocksLoad(t *testing.T) {
	blocks := examples(t, providersPage)
	issuers := 0
	for i, x := range blocks {
		if x.language != "yaml" || !strings.HasPrefix(x.text, "issuers:") {
			continue
		}
		issuers++
		if i+1 == len(blocks) || blocks[i+1].language != "json" {
			t.Errorf("%s:%d: no token after the block", providersPage, x.line)
			continue
		}
		identities := ""
		if i+2 < len(blocks) && strings.HasPrefix(blocks[i+2].text, "identities:") {
			identities = blocks[i+2].text
		}
		t.Run(nameOfIssuer(x.text), func(t *testing.T) { checkProvider(t, x.text, blocks[i+1].text, identities) })
	}
	if issuers != 10 {
		t.Errorf("the page has %d blocks, want one for each provider and two for Entra ID", issuers)
	}
}

var issuerName = regexp.MustCompile(`- name: (\S+)`)

func nameOfIssuer(block string) string { return issuerName.FindStringSubmatch(block)[1] }

func checkProvider(t *testing.T, block, token, identities string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const rest = "listen: { grpc: [ { address: 127.0.0.1:0, serves: [accounts.example.com] } ] }\nrules: [./rules]\n"
	write("rules/tiers.yaml", "tiers: [ { name: public } ]\nunclassified: public\n")
	write("rules/identities.yaml", identities+"rules: []\n")
	key, text := signSample(t, token)
	set, err := json.Marshal(map[string]any{"keys": []any{key.JWK()}})
	if err != nil {
		t.Fatal(err)
	}
	write("cluster-jwks.json", string(set))

	var out bytes.Buffer
	if code := run([]string{"check", "-c", write("tiergate.yaml", rest+block)}, &out, &out); code != exitFine {
		t.Fatalf("check: exit %d\n%s", code, &out)
	}
	ours := regexp.MustCompile(`(?m)^    jwks: .*$`).ReplaceAllString(block, "    jwks: { file: ./cluster-jwks.json }")
	out.Reset()
	if code := run([]string{"token", "explain", "--fetch", "-c", write("ours.yaml", rest+ours), text}, &out, &out); code != exitFine {
		t.Fatalf("token explain: exit %d\n%s", code, &out)
	}
	if !strings.Contains(out.String(), "signature") {
		t.Errorf("no gates were shown:\n%s", &out)
	}
	if refused := regexp.MustCompile(`(?m)^.*(failed|not reached).*$`).FindString(out.String()); refused != "" {
		t.Errorf("the token is refused: %s\n%s", refused, &out)
	}
}

// signSample gives the page's token the times of now and a signature.
func signSample(t *testing.T, token string) (*idp.Key, string) {
	t.Helper()
	var sample sampleToken
	if err := json.Unmarshal([]byte(token), &sample); err != nil {
		t.Fatalf("%v\n%s", err, token)
	}
	alg, _ := sample.Header["alg"].(string)
	key, err := idp.NewKey("k-1", alg)
	if err != nil {
		t.Fatal(err)
	}
	header := idp.Header{"typ": nil}
	maps.Copy(header, sample.Header)
	now := time.Now()
	sample.Claims["iat"], sample.Claims["exp"] = now.Unix(), now.Add(10*time.Minute).Unix()
	text, err := key.Sign(header, sample.Claims)
	if err != nil {
		t.Fatal(err)
	}
	return key, text
}
