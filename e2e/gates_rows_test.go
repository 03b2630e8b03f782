//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/e2e/idp"
)

// notOverHTTP says which attacks of the list no HTTP request carries to
// tiergate, and which test shows them instead.
var notOverHTTP = map[string]string{
	"A05 connections to jku and x5u":                  "none must be made: counted in TestGates, at the attacker's listener",
	"A07 CR and LF in a segment":                      "Envoy drops a bare CR for everybody behind it, and refuses a bare LF with 400; the package's TestSpellingAttacks hands them to the parser",
	"A13 5 MB, a million dots":                        "Envoy refuses headers over 60 KiB with 431; the package's TestSpellingAttacks goes on to tiergate's own limit",
	"A20 a clock that jumps back":                     "no request sets our clock: the package's TestSkew and its tests of the cache have their own",
	"A21 keys past max_stale":                         "takes longer than a test may: the package's TestJ2KeysServeUntilMaxStale has its own clock; all else of A21 is in TestRotations",
	"A24 replay at another replica":                   "passes once there, as docs/identity.md says: what a replica has seen is its own",
	"A26 a certificate that nobody vouches for":       "Envoy ends the connection: TestHardenedAsks; what tiergate makes of one is in the package's tests of bundles",
	"A26 x-forwarded-client-cert of a listed gateway": "our bootstrap drops the header: TestA26BehindAGateway asks over gRPC",
	"A27 metadata of jwt_authn":                       "is no header: TestA27MetadataIsNotRead asks over gRPC",
}

func gateRows() []gateRow {
	return slices.Concat(algorithmRows(), headerRows(), signatureRows(), shapeRows(), namesRows(), dateRows(), audienceRows(), issuerRows(),
		credentialRows(), kindRows(), keyRows(), boundRows(), actorRows(), peerRows())
}

// keyRows are A23: tokens that verify under a key which nobody should trust.
func keyRows() []gateRow {
	var rows []gateRow
	for _, flaw := range idp.Flaws() {
		if flaw != idp.Symmetric { // A03
			rows = append(rows, gateRow{name: "A23 signed with " + string(flaw), issuer: "flawed", want: "token_key_unknown", bad: signedBy(string(flaw))})
		}
	}
	return rows
}

// TestGates plays every row.
func TestGates(t *testing.T) {
	g := openGates(t, func(g *gates, _ Settings) {
		for _, flaw := range idp.Flaws() {
			key, err := idp.NewFlawedKey(string(flaw), flaw)
			if err != nil {
				t.Fatal(err)
			}
			g.providers["flawed"].Announce(key)
		}
		canary, err := idp.Start(idp.Options{Name: "canary", Alg: "ES256"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { canary.Stop() })
		g.providers["canary"] = canary
		g.issueOddCertificates(t)
	})
	for _, row := range gateRows() {
		t.Run(row.name, func(t *testing.T) { g.play(t, row) })
	}
	if n := g.providers["canary"].Fetches(); n != 0 {
		t.Errorf("A05: %d connections to the listener that jku and x5u name, want none", n)
	}
}

// Every attack of the list has a row, and every row is of the list.
func TestEveryAttackHasARow(t *testing.T) {
	seen := map[string]int{}
	for _, row := range gateRows() {
		id, _, _ := strings.Cut(row.name, " ")
		seen[id]++
	}
	for n := 1; n <= 27; n++ {
		id := fmt.Sprintf("A%02d", n)
		if seen[id] == 0 && !slices.Contains(elsewhere, id) {
			t.Errorf("%s has no row", id)
		}
		delete(seen, id)
	}
	if len(seen) != 0 {
		t.Errorf("rows that name no attack: %v", seen)
	}
	for what := range notOverHTTP {
		if id, _, _ := strings.Cut(what, " "); len(id) != 3 || id[0] != 'A' {
			t.Errorf("%q names no attack", what)
		}
	}
}

// elsewhere are the attacks that have a test of their own in this package.
var elsewhere = []string{
	"A21", "A22", // faults of a provider
}
