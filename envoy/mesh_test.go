package envoy

import (
	"strings"
	"testing"
)

// What only tests ask of the listener for certificates is off unless they do.
func TestMeshAcceptsAndForwardsOnlyWhenAsked(t *testing.T) {
	odd := []string{`"trust_chain_verification":"ACCEPT_UNTRUSTED"`, `"forward_client_cert_details":"APPEND_FORWARD"`, `"set_current_client_cert_details":{"cert":true,"uri":true}`}
	for _, asked := range []bool{true, false} {
		m := &Mesh{Listen: "127.0.0.1:0", CertFile: "c", KeyFile: "k", ClientCAFile: "ca"}
		if asked {
			m.AcceptUntrusted, m.Forward = true, "APPEND_FORWARD"
		}
		text, err := Bootstrap(Options{Profile: Hardened, Mesh: m})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range odd {
			if got := strings.Count(strings.Join(strings.Fields(string(text)), ""), want); got != map[bool]int{true: 1}[asked] {
				t.Errorf("asked %v: %d times %s", asked, got, want)
			}
		}
	}
}
