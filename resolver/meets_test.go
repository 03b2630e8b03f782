package resolver

import (
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// Lines meet where a request may be either's.
func TestLinesMeet(t *testing.T) {
	const accounts, below = "bank.example.com", "*.example.com"
	for _, row := range []struct {
		host, line    string
		other, beside string
		want          bool
	}{
		{accounts, "GET /files/a -> list account", accounts, "GET /files/{id} -> read account/{id}", true},
		{accounts, "GET /files/a -> list account", accounts, "GET /notes/{id} -> read account/{id}", false},
		{accounts, "GET /files/a -> list account", accounts, "DELETE /files/{id} -> close account/{id}", false},
		{accounts, "GET /files/a -> list account", accounts, "ANY /files/{id} -> read account/{id}", true},
		{accounts, "GET /files/a -> list account", accounts, "GET /Files/{id} -> read account/{id}", true},
		{accounts, "GET /files/a -> list account", accounts, "GET /files/{id}/x -> read account/{id}", false},
		{accounts, "GET /files/a -> list account", accounts, "GET /{id=**} -> read account/{id}", true},
		{accounts, "GET /files/a -> list account", below, "GET /files/{id} -> read account/{id}", true},
		{below, "GET /files/a -> list account", accounts, "GET /files/{id} -> read account/{id}", true},
		{accounts, "GET /files/a -> list account", "*.example.org", "GET /files/{id} -> read account/{id}", false},
		{accounts, "GET /files/a -> list account", "example.com", "GET /files/{id} -> read account/{id}", false},
	} {
		a, b := lineAt(t, row.host, row.line), lineAt(t, row.other, row.beside)
		if got := a.Meets(b); got != row.want || b.Meets(a) != got {
			t.Errorf("%v and %v meet: %t, want %t", a, b, got, row.want)
		}
	}
}

func lineAt(t *testing.T, host, line string) *Operation {
	t.Helper()
	d := declare(line)
	d.Host.V = host
	routes, ms := Compile([]rules.HostDecl{d}, bank())
	if len(ms) > 0 {
		t.Fatal(ms)
	}
	return routes.Operations()[0]
}
