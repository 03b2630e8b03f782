//go:build e2e

package e2e

import (
	"strings"

	"github.com/tiergate/tiergate/e2e/idp"
)

// boundRows are A24: a token that is worth nothing without the key it is bound to.
func boundRows() []gateRow {
	cnf := func(name string, cnf any, want string) gateRow {
		return claim("A24 "+name, idp.Claims{"cnf": cnf}, want)
	}
	hash := strings.Repeat("A", 43)
	return []gateRow{
		cnf("bound to a key, as a bearer", map[string]any{"jkt": hash}, "binding_missing"),
		cnf("bound to a certificate, without one", map[string]any{"x5t#S256": hash}, "binding_missing"),
		cnf("bound to both", map[string]any{"jkt": hash, "x5t#S256": hash}, "binding_missing"),
		cnf("bound to what nobody can prove", map[string]any{"kid": "k-1"}, "binding_missing"),
		cnf("a confirmation that is no object", "jkt", "binding_missing"),
		cnf("a thumbprint in hex", map[string]any{"x5t#S256": strings.Repeat("ab", 32)}, "binding_missing"),
		cnf("a name twice in another case", map[string]any{"jkt": hash, "JKT": hash}, "binding_missing"),
	}
}
