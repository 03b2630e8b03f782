package diff

import (
	"fmt"
	"strings"
	"testing"
)

// Lines that come, go beside a wider one, or mean something else are named, whoever
// may do what they say in any case.
func TestChangedLinesMayGain(t *testing.T) {
	const (
		read  = "GET /notes/{id} -> read note/{id}"
		other = "POST /q -> read note/{body.id}"
		two   = "POST /q -> read note/{body.a}, delete note/{body.b}"
		wild  = "*.example.com"
		here  = "bank.example.com"
	)
	host := func(name string, lines ...string) string {
		text := fmt.Sprintf("  - host: %q\n    map:\n", name)
		for _, l := range lines {
			if !strings.HasPrefix(l, "{") {
				l = fmt.Sprintf("%q", l)
			}
			text += "      - " + l + "\n"
		}
		return text
	}
	base, _, _ := strings.Cut(world, "routes:")
	text := func(hosts ...string) string {
		return strings.Replace(base, "{ type: note, tier: public }", "{ type: note, tier: public, attributes: { tenant: string } }", 1) + `
identities:
  - { name: people, kind: human, match: { issuer: corp, client: [web] }, purpose: [support, audit] }
rules:
  - { id: r, allow: people, to: [read, delete, list, create], on: note, up_to: public, unbounded: true, because: x, owner: y, review_by: 2028-01-01 }
routes:
` + strings.Join(hosts, "")
	}
	lines := func(of ...string) string { return text(host(here, append([]string{read}, of...)...)) }
	with := func(line, options string) string { return fmt.Sprintf("{ %q: { %s } }", line, options) }
	const none, loss, gain = "", "nobody gains", "may gain"
	for _, row := range []struct {
		name     string
		old, now string
		want     string
	}{
		{"a line with a right that all have comes", lines(), lines("DELETE /notes/{id} -> read note/{id}"), gain},
		{"twin: it goes", lines("DELETE /notes/{id} -> read note/{id}"), lines(), none},
		{"twin: it stays, in another place", lines("DELETE /notes/{id} -> read note/{id}", other), lines(other, "DELETE /notes/{id} -> read note/{id}"), none},
		{"a line has another action", lines("DELETE /notes/{id} -> delete note/{id}"), lines("DELETE /notes/{id} -> read note/{id}"), gain},
		{"another capture", lines(other), lines("POST /q -> read note/{body.target}"), gain},
		{"another query parameter", lines("GET /l?tenant={t} -> list note[tenant={t}]"), lines("GET /l?x={t} -> list note[tenant={t}]"), gain},
		{"twin: the capture has another name", lines("GET /l?tenant={t} -> list note[tenant={t}]"), lines("GET /l?tenant={x} -> list note[tenant={x}]"), none},
		{"twin: so has one of the path", lines(), text(host(here, "GET /notes/{x} -> read note/{x}")), none},
		{"two captures change places", lines("GET /x/{a}/{b} -> read note/{a}, delete note/{b}"), lines("GET /x/{b}/{a} -> read note/{a}, delete note/{b}"), gain},
		{"twin: their names do", lines("GET /x/{a}/{b} -> read note/{a}, delete note/{b}"), lines("GET /x/{b}/{a} -> read note/{b}, delete note/{a}"), none},
		{"another fixed id", lines("GET /a -> read note/a"), lines("GET /a -> read note/b"), gain},
		{"a bound from elsewhere", lines("POST /c -> create note[tenant={body.tenant}]"), lines("POST /c -> create note[tenant={query.tenant}]"), gain},
		{"targets change places", lines(two), lines("POST /q -> read note/{body.b}, delete note/{body.a}"), gain},
		{"the order of targets", lines(two), lines("POST /q -> delete note/{body.b}, read note/{body.a}"), gain},
		{"a target goes", lines(two), lines("POST /q -> read note/{body.a}"), gain},
		{"twin: it comes", lines("POST /q -> read note/{body.a}"), lines(two), loss},
		{"it comes with a body", lines("GET /q/{a} -> read note/{a}"), lines("GET /q/{a} -> read note/{a}, delete note/{body.b}"), gain},
		{"a target may be left out", lines(two), lines("POST /q -> read note/{body.a}, delete note/{body.b?}"), gain},
		{"a narrower line goes", lines("GET /notes/a -> delete note/a"), lines(), gain},
		{"it differs in case", lines("GET /Notes/a -> delete note/a"), lines(), gain},
		{"twin: an open one", lines(with("GET /notes/a -> open", "because: x, owner: y")), lines(), none},
		{"the purpose of a line comes", lines("GET /q/{a} -> read note/{a}"), lines(with("GET /q/{a} -> read note/{a}", "purpose: audit")), gain},
		{"it goes with its line", lines(with("GET /q/{a} -> read note/{a}", "purpose: audit")), lines(), none},
		{"it differs", lines(with("GET /q/{a} -> read note/{a}", "purpose: support")), lines(with("GET /q/{a} -> read note/{a}", "purpose: audit")), gain},
		{"max of a line", lines(other), lines(with(other, "max: 2")), gain},
		{"max of a line that has another capture name", lines("GET /q/{a} -> read note/{a}"), lines(with("GET /q/{b} -> read note/{b}", "max: 2")), gain},
		{"a host goes, a wider one has its requests", text(host(here, "GET /a -> read note/a"), host(wild, read)), text(host(wild, read)), gain},
		{"twin: none has", text(host("a.other.example", "GET /a -> read note/a"), host(wild, read)), text(host(wild, read)), none},
		{"a host's line goes, a wider host is not asked", text(host(here, read, "GET /notes/a/b -> read note/a"), host(wild, "GET /notes/a/{id} -> read note/{id}")), text(host(here, read), host(wild, "GET /notes/a/{id} -> read note/{id}")), none},
		{"a host's text is compared without case", lines(), strings.Replace(lines(), "    map:", "    case: ignore\n    map:", 1), gain},
		{"twin: the other way round", strings.Replace(lines(), "    map:", "    case: ignore\n    map:", 1), lines(), gain},
		{"a slash behind is ignored", lines(), strings.Replace(lines(), "    map:", "    trailing_slash: ignore\n    map:", 1), gain},
		{"cors comes", lines(), strings.Replace(lines(), "    map:", "    cors: true\n    map:", 1), gain},
		{"twin: it goes", strings.Replace(lines(), "    map:", "    cors: true\n    map:", 1), lines(), loss},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _ := compared(t, row.old, row.now)
			got := none
			for _, u := range r.Unjudged {
				if strings.HasPrefix(u.Of, "host ") || strings.HasPrefix(u.Of, "line ") {
					if got != gain {
						got = loss
					}
					if u.MayGain {
						got = gain
					}
				}
			}
			if got != row.want || row.want == gain && !r.Gains() {
				t.Errorf("%q, want %q: %+v", got, row.want, r)
			}
		})
	}
}
