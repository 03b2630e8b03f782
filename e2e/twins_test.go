//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tiergate/tiergate/e2e/idp"
)

// A07: whoever has a token has its twin signature too. It is the same token to
// the cache's caller, and to a revocation.
func TestA07ATwinIsRevokedWithItsToken(t *testing.T) {
	w, asked := served(t, func(s Settings) { s["control"] = map[string]any{"socket": "./state/control.sock"} })
	token, err := w.Acme.Token(idp.Claims{"sub": "acme-sync", "client_id": "acme-sync", "aud": Audience, "jti": "stolen"})
	if err != nil {
		t.Fatal(err)
	}
	twin, err := idp.Resign(token, idp.TwinES256)
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.Acme.Token(idp.Claims{"sub": "acme-sync", "client_id": "acme-sync", "aud": Audience, "jti": "kept"})
	if err != nil {
		t.Fatal(err)
	}
	wants := func(name, token, want string) {
		t.Helper()
		r := Request{Method: "GET", Target: "/v1/accounts/AC400001", Host: Host, Header: []string{"Authorization: Bearer " + token}}
		answer, err := asked.Check(t.Context(), "", r)
		if err != nil {
			t.Fatal(err)
		}
		d, err := w.Tiergate.Decision(t.Context(), answer.Decision)
		if err != nil {
			t.Fatal(err)
		}
		if d.Reason != want {
			t.Errorf("%s: %s, want %s", name, d.Reason, want)
		}
	}
	wants("the token", token, "allowed")
	wants("its twin", twin, "allowed")
	socket := filepath.Join(filepath.Dir(w.Tiergate.Config), "state", "control.sock")
	out, err := exec.CommandContext(t.Context(), w.programs.Tiergate, "revoke", "--peers", "unix:"+socket,
		"--issuer", "acme-idp", "--token-id", "stolen", "--because", "seen elsewhere").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wants("the token, revoked", token, "revoked")
	wants("its twin, revoked", twin, "revoked")
	wants("another of the same client", other, "allowed")
}
