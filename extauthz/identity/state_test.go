package identity

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiergate/tiergate/rules"
)

var errDown = errors.New("connection refused")

// keptFile is the one file below a state directory.
func keptFile(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "keys", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("kept %v, %v, want one file", found, err)
	}
	return found[0]
}

// refreshAll does the first thing that Run does: it gets the keys and keeps them on disk.
func refreshAll(v *Verifier) {
	for _, i := range v.order {
		i.keys.refresh(context.Background())
	}
}

// A command that asks an issuer for its keys is not the server, and perhaps not
// even its user: it must not write what the server will trust.
func TestOnlyRunWritesToDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		v := verifier(t, p, Options{Now: time.Now, StateDir: dir})
		if err := v.Fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("Fetch wrote %v, %v", left, err)
		}
		wants(t, v, ecKey().mint(nil, lasting()), "")
		start(t, v) // twin
		keptFile(t, dir)
	})
}

// J1: a restart during an outage serves from disk, as long as max_stale allows.
func TestRestartDuringAnOutage(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		o := Options{Now: time.Now, StateDir: dir, Issuers: []IssuerConfig{config(func(c *IssuerConfig) {
			c.JWKS.MaxStale, c.Required = 2*time.Hour, true
		})}}
		refreshAll(verifier(t, p, o))
		p.set(func(p *provider) { p.err = errDown })
		token := ecKey().mint(nil, lasting())
		time.Sleep(time.Hour)
		v := verifier(t, p, o)
		if got := v.Ready(); got != nil {
			t.Errorf("Ready() = %v with keys on disk", got)
		}
		start(t, v)
		wants(t, v, token, "")
		wants(t, v, edKey().named("x").mint(nil, lasting()), rules.TokenKeyUnknown)
		time.Sleep(time.Hour) // two hours since the issuer confirmed them
		wants(t, v, token, "")
		time.Sleep(time.Second)
		wants(t, v, token, rules.JWKSUnavailable)
		wants(t, verifier(t, p, o), token, rules.JWKSUnavailable)
	})
}

func TestKeptKeysThatAreNotUsed(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*kept)
	}{
		{"of another issuer", func(k *kept) { k.Issuer += "/" }},
		{"from another place", func(k *kept) { k.From = "https://evil.example/" }},
		{"of another version", func(k *kept) { k.Version++ }},
		{"from the future", func(k *kept) { k.Fetched = k.Fetched.Add(time.Hour) }},
		{"too old", func(k *kept) { k.Fetched = k.Fetched.Add(-25 * time.Hour) }},
		{"without keys", func(k *kept) { k.JWKS = []byte(`{"keys":[]}`) }},
		{"with a symmetric key", func(k *kept) { k.JWKS = []byte(`{"keys":[{"kty":"oct","kid":"ec-1","k":"AAAA"}]}`) }},
		{"not even JSON", nil},
		{"twin: untouched", func(*kept) {}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, o := serving(ecKey()), Options{StateDir: t.TempDir()}
			refreshAll(verifier(t, p, o))
			path := keptFile(t, o.StateDir)
			text := []byte("{")
			if row.change != nil {
				var k kept
				if err := json.Unmarshal(must(os.ReadFile(path)), &k); err != nil {
					t.Fatal(err)
				}
				row.change(&k)
				text = must(json.Marshal(k))
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			want := rules.JWKSUnavailable
			if strings.HasPrefix(row.name, "twin") {
				want = ""
			}
			v := verifier(t, p, o)
			if _, got := verify(t, v, ecKey().mint(nil, goodClaims())); got != want {
				t.Errorf("refused for %q, want %q", got, want)
			}
			if got := v.Stats()[0].Generation; (got == 0) != (want != "") {
				t.Errorf("generation %d", got)
			}
		})
	}
}

func TestKeptFile(t *testing.T) {
	dir := t.TempDir()
	s := newStore(dir, iss, jwksURL)
	if _, _, err := s.load(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("load() = %v, want ErrNotExist", err)
	}
	for _, text := range []string{"first", "second"} {
		if err := s.save(document{body: []byte(text)}, now); err != nil {
			t.Fatal(err)
		}
		doc, at, err := s.load()
		if err != nil || string(doc.body) != text || !at.Equal(now) {
			t.Errorf("load() = %q, %v, %v, want %q", doc.body, at, err, text)
		}
	}
	info, err := os.Stat(keptFile(t, dir)) // and no temporary file beside it
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v, want 0600", info.Mode(), err)
	}
	if newStore(dir, iss+"/", jwksURL).path == s.path {
		t.Error("two issuers share a file")
	}
}

func TestAFailedSaveLeavesNothingBehind(t *testing.T) {
	s := newStore(t.TempDir(), iss, jwksURL)
	if err := os.MkdirAll(filepath.Join(s.path, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.save(document{body: []byte("x")}, now); err == nil {
		t.Error("save() over a directory = nil")
	}
	left, err := os.ReadDir(filepath.Dir(s.path))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Keys that were discovered are not those of a configured URL, and the other way.
func TestKeptKeysBelongToTheirPlace(t *testing.T) {
	p, dir := serving(ecKey()), t.TempDir()
	p.urls = map[string][]byte{iss + "/.well-known/openid-configuration": metadata(iss, jwksURL)}
	found := Options{StateDir: dir, Issuers: []IssuerConfig{config(discovering)}}
	refreshAll(verifier(t, p, found))
	token := ecKey().mint(nil, goodClaims())
	if _, got := verify(t, verifier(t, p, found), token); got != "" {
		t.Errorf("twin: refused for %q", got)
	}
	if _, got := verify(t, verifier(t, p, Options{StateDir: dir}), token); got != rules.JWKSUnavailable {
		t.Errorf("refused for %q, want %q", got, rules.JWKSUnavailable)
	}
}

// L5: a disk that fails is an alarm, and the keys serve all the same.
func TestDiskFailureCostsNoKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	v := verifier(t, serving(ecKey()), Options{StateDir: dir})
	refreshAll(v)
	if _, got := verify(t, v, ecKey().mint(nil, goodClaims())); got != "" {
		t.Errorf("refused for %q", got)
	}
	if err := newStore(dir, iss, jwksURL).save(document{}, now); err == nil {
		t.Error("save() below a file = nil")
	}
}
