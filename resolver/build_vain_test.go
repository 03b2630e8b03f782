package resolver

import (
	"strings"
	"testing"
)

func TestLinesThatCanNeverAllow(t *testing.T) {
	const never, both = "so each request with it is denied", "no request brings both "
	for _, c := range []struct{ line, want string }{
		{"GET /v1/{id} -> read file/{id}, read file/{query.id}", "rules.yaml:2:45: {query.id} has the name of {id}, " + never},
		{"GET /v1/{id} -> read file/{id}, read file/{query.ID?}", "{query.ID?} has the name of {id}, " + never},
		{"GET /v1/{id}?Id={x} -> read file/{id}, read file/{x}", "{query.Id} has the name of {id}, " + never},
		{"POST /v1/{id} -> read file/{id}, read file/{form.id}", "{form.id} has the name of {id}, " + never},
		{"POST /v1/{id} -> read file/{id}, read file/{body.id}", ""},
		{"GET /v1/{id} -> read file/{id}, read file/{query.ids}", ""},
		{"GET /v1 -> read file/{query._method}", never},
		{"GET /v1?_METHOD={x} -> read file/{x}", never},
		{"POST /v1 -> read file/{body._method}", never},
		{"POST /v1 -> read file/{form._method.x}", never},
		{"POST /v1 -> read file/{body.a._method}", ""},
		{"GET /v1 -> read file/{query.a}, read file/{query.A}", both + "{query.a} and {query.A}"},
		{"POST /v1 -> read file/{query.a}, read file/{form.a}", both},
		{"POST /v1 -> read file/{query.a}, read file/{body.a}", ""},
		{"GET /v1 -> read file/{query.a}, update file/{query.a}", ""},
		{"POST /v1 -> read file/{body.a}, read file/{body.A}", both + "{body.a} and {body.A}"},
		{"POST /v1 -> read file/{body.x.a}, read file/{body.x.A}", both},
		{"POST /v1 -> read file/{body.x.a}, read file/{body.y.A}", ""},
		{"POST /v1 -> read file/{body.a}, read file/{body.a.b}", both + "{body.a} and {body.a.b}"},
		{"POST /v1 -> read file/{body.a.b?}, read file/{body.a?}", both},
		{"POST /v1 -> read file/{body.a}, read file/{body.a[]}", both},
		{"POST /v1 -> read file/{form.a}, read file/{form.a[]}", ""},
		{"POST /v1 -> read file/{body.a[].b}, read file/{body.a[].c}", ""},
		{"POST /v1 -> read file/{body.a[].b}, read file/{body.a.b}", both},
		{"POST /v1 -> read file/{body[].b}, read file/{body.b}", both},
		{"POST /v1 -> read file/{body.a}, read file/{body.a}", ""},
		{"POST /v1 -> read file/{body.a}/{body.A}", both},
		{"POST /v1 -> list account[tenant={body.a},owner={body.a.b}]", both},
	} {
		got := mistakes(c.line)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
			t.Errorf("%s: got %q, want %q", c.line, got, c.want)
		}
	}
}
