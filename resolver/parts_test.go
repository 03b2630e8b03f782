package resolver

import (
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// ids are the objects of a request, or the reason of its denial.
func ids(routes *Routes, request string) string {
	targets, err := resolve(routes, raw(request), &rules.Caller{Verified: &rules.Verified{Claims: map[string]any{"org": "acme"}}})
	if err != nil {
		return string(reason(err))
	}
	var out []string
	for i := range targets {
		out = append(out, targets[i].Action+" "+targets[i].Object.Type.Name+"/"+targets[i].Object.ID)
	}
	return strings.Join(out, ", ")
}

func TestIDsOfSeveralParts(t *testing.T) {
	routes := compile(t,
		"GET /repos/{o}/{r} -> read file/{o}/{r}", "POST /repos/{o}/{r}/forks -> read file/{o}/{r}, create file/{body.org}/{body.name}",
		"GET /mine/{r} -> read file/{caller.claims.org}/{r}", "GET /fixed/{r} -> read file/acme/{r}",
		"GET /maybe/{r} -> read file/{query.o?}/{r}, read file/acme/{r}", "GET /in/{o}-{r} -> read file/{o}/{r}")
	for _, c := range []struct{ row, request, want string }{
		{"two segments", "GET /repos/acme/web", "read file/acme/web"},
		{"one of them is missing", "GET /repos/acme", "no_route"},
		{"a segment divided", "GET /in/acme-web", "read file/acme/web"},
		{"a segment that divides in two ways", "GET /in/ac-me-web", "ambiguous_path"},
		{"members of the body", "POST /repos/acme/web/forks\ncontent-type: application/json\n\n" + `{"org":"eve","name":"web"}`, "read file/acme/web, create file/eve/web"},
		{"a part with a slash", "POST /repos/acme/web/forks\ncontent-type: application/json\n\n" + `{"org":"eve/x","name":"web"}`, "malformed_id"},
		{"a part that is empty", "POST /repos/acme/web/forks\ncontent-type: application/json\n\n" + `{"org":"","name":"web"}`, "no_target"},
		{"a part that is absent", "POST /repos/acme/web/forks\ncontent-type: application/json\n\n" + `{"name":"web"}`, "no_target"},
		{"a part of the caller's", "GET /mine/web", "read file/acme/web"},
		{"a fixed part", "GET /fixed/web", "read file/acme/web"},
		{"an optional part", "GET /maybe/web?o=eve", "read file/eve/web, read file/acme/web"},
		{"no optional part", "GET /maybe/web", "read file/acme/web"},
		{"an optional part that is empty", "GET /maybe/web?o=", "no_target"},
		{"too long together", "GET /repos/" + strings.Repeat("a", 600) + "/" + strings.Repeat("b", 600), "malformed_id"},
		{"as long as may be", "GET /repos/" + strings.Repeat("a", 600) + "/" + strings.Repeat("b", 423), "read file/" + strings.Repeat("a", 600) + "/" + strings.Repeat("b", 423)},
	} {
		if got := ids(routes, c.request); got != c.want {
			t.Errorf("%s: %s: got %q, want %q", c.row, c.request, got, c.want)
		}
	}
}

func TestMistakesInParts(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{"GET /a/{x}/{y} -> read file/{x}/{y}", "GET /b/{x}/{y} -> read file/{y}/{x}"}, ""},
		{[]string{"GET /a/{x}/{y} -> read file/{x}/{y}", "GET /b/{x} -> read file/{x}"}, "rules.yaml:3:27: an id of file has 2 parts at rules.yaml:2:31, and 1 here"},
		{[]string{"GET /a/{x} -> read file/{x}", "GET /b/{x} -> read file/a/b/{x}"}, "rules.yaml:3:27: an id of file has 1 parts at rules.yaml:2:27, and 3 here"},
		{[]string{"GET /a/{x}/{y} -> read customer/{x}/{y}", "POST /b/{x} -> create account in customer/{x}"}, "rules.yaml:3:45: an id of customer has 2 parts at rules.yaml:2:35, and 1 here"},
		{[]string{"GET /a/{x}/{y=**} -> read file/{x}/{y}"}, "rules.yaml:2:38: {y} may hold slashes, a part of an id does not"},
		{[]string{"GET /a/{x}/{y=b/*} -> read file/{x}/{y}"}, "rules.yaml:2:39: {y} may hold slashes, a part of an id does not"},
		{[]string{"GET /a/{x} -> read file/{x}/{z}"}, "rules.yaml:2:32: the capture {z} is not defined (write {z} in the path, or {query.z}, {header.z}, {body.z})"},
		{[]string{"GET /a -> read account/AC/123"}, `rules.yaml:2:26: "AC/123" is no id of account, which are [A-Z]{2}[0-9]{6,12}`},
	} {
		if got := mistakes(c.lines...); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.lines, got, c.want)
		}
	}
}

func TestIDsAreInFormNFC(t *testing.T) {
	routes := compile(t, "GET /f/{id} -> read file/{id}", "GET /a/{id=**} -> read file/{id}")
	for _, c := range []struct{ request, want string }{
		{"GET /f/%C3%A9", "read file/é"}, {"GET /f/e%CC%81", "malformed_id"}, {"GET /f/%E2%84%AB", "malformed_id"}, // the Ångström sign
		{"GET /a/x/%C3%A9", "read file/x/é"}, {"GET /a/x/e%CC%81", "malformed_id"},
	} {
		if got := ids(routes, c.request); got != c.want {
			t.Errorf("%s: got %q, want %q", c.request, got, c.want)
		}
	}
}
