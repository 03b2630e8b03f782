//go:build e2e

package packages

import "testing"

// Everything that other packages' tests run can be had. Where it cannot, this says
// for all of them that they did not run.
func TestPackagesAreHere(t *testing.T) {
	_, err := Node(t.Context())
	Need(t, err)
	for _, set := range []string{Python, PythonMCP1} {
		_, err := Interpreter(t.Context(), set)
		Need(t, err)
	}
}
