package policy

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/rules"
)

// teamsOfTest are what the top layer of every random set gives away.
const teamsOfTest = `
teams:
  - name: billing
    files: teams/billing/
    owns: { types: [account, card], hosts: [shop.example.com, pay.example.com], up_to: internal, headers: [x-note] }
  - name: memos
    files: teams/memos.yaml
    owns: { types: [memo], hosts: [shop.example.com, "*.memo.example.com"], up_to: secret, actions: [read], open: true }
`

const baseOfTest = `
tiers: [ { name: public }, { name: internal }, { name: secret, require: { max_token_age: 5m } } ]
unclassified: secret
broad_above: secret
objects: [ { type: account, tier: internal, actions: { delete: { tier: secret } } }, { type: doc, tier: internal } ]
identities:
  - { name: customers, kind: human, match: { issuer: corp, client: [web] } }
  - { name: staff, kind: human, match: { issuer: corp, client: [desk] } }
`

const linesOfTest = `
routes:
  - host: shop.example.com
    map: ["GET /docs/{id} -> read doc/{id}", "DELETE /docs/{id} -> delete doc/{id}", "DELETE /accounts/{id} -> delete account/{id}"]
  - { host: doc.example.com, map: ["GET /accounts/{id} -> read account/{id}"] }
rules:
  - { id: docs, allow: customers, to: [read, delete], on: doc, up_to: internal, when: caller.subject == "ada" }
  - { id: not-eve, deny: customers, to: [read], on: account, when: caller.subject == "eve" }
`

// writer makes random layers, of which one part may be about what is not the
// writer's: such a set loads exactly where nothing refuses that part.
type writer struct {
	*rand.Rand
	strays *string // the part, or ""
}

var strayParts = []string{"", "", "object", "path", "path", "target", "target", "option", "host", "on", "when", "then", "up_to", "to", "words"}

func (w writer) of(words ...string) string { return words[w.IntN(len(words))] }

func (w writer) some(most int, one func() string) (out []string) {
	for range w.IntN(most + 1) {
		out = append(out, one())
	}
	return out
}

// mine is a word of one's own or, in the part that strays, one of any.
func (w writer) mine(part string, own []string, any ...string) string {
	if part == *w.strays && w.IntN(2) == 0 {
		return w.of(any...)
	}
	return w.of(own...)
}

// hand is who writes a file, with what is its own.
type hand struct {
	writer
	id                                    string
	objects, hosts, paths, targets, types []string
	n                                     int // of rules
}

func (h *hand) line() string {
	path := h.mine("path", h.paths, "/docs/x", "/docs/x", "/{id}/x", "/both/x", "/cards/{id}", "/memos/{id}", "/{id=**}", "/DOCS/{id}", "/docs")
	target := h.mine("target", h.targets, "read doc/{id}", "read account/{id}", "read card/{id}", "open: { because: a test, owner: test }")
	if !strings.Contains(path, "{id}") {
		target = strings.ReplaceAll(target, "{id}", h.of("x", "x", "y"))
	}
	if strings.HasPrefix(target, "open") {
		return fmt.Sprintf("%q: { because: a test, owner: test }", h.of("GET", "POST")+" "+strings.ReplaceAll(path, "{id}", h.of("x", "1"))+" -> open")
	}
	return fmt.Sprintf("%q", h.of("GET", "GET", "GET", "DELETE", "POST", "ANY")+" "+path+" -> "+target)
}

func (h *hand) routes() string {
	lines := append(h.some(1, h.line), h.line())
	option := h.mine("option", []string{""}, " cors: true,", " case: ignore,", " trailing_slash: ignore,", " shadow: [{ until: 2026-12-20 }],")
	host := h.mine("host", h.hosts, "shop.example.com", "pay.example.com", "*.example.com", "doc.example.com", "a.memo.example.com")
	return fmt.Sprintf("  - { host: %q,%s map: [%s] }\n", host, option, strings.Join(lines, ", "))
}

func (h *hand) rule() string {
	h.n++
	id := fmt.Sprintf("%s%d", h.id, h.n)
	to, who := h.mine("to", []string{"read", "read", "read, delete"}, `"*"`, "delete"), h.of("customers", "customers", "staff", "{ kind: human }", "{ kind: anonymous }")
	on := h.mine("on", h.types, "doc", "account", "card", `"*"`)
	when := h.of("", "", "", ", when: caller.subject == \"ada\"", ", mode: shadow")
	when = h.mine("when", []string{when}, ", when: mine")
	if h.IntN(3) == 0 {
		return fmt.Sprintf("  - { id: %s, deny: %s, to: [%s], on: %s%s }\n", id, who, to, on, when)
	}
	then := h.mine("then", []string{"", ""}, `, then: { set_headers: { x-note: `+id+` } }`, `, then: { set_headers: { x-note: `+id+` } }`, `, then: { set_query: { by: `+id+` } }`)
	return fmt.Sprintf("  - { id: %s, allow: %s, to: [%s], on: %s, up_to: %s%s%s, because: a test, owner: test, review_by: 2027-01-31 }\n",
		id, who, to, on, h.mine("up_to", []string{"public", "internal", "internal"}, "secret"), when, then)
}

func (h *hand) file() string {
	text := h.mine("words", []string{""}, "define: { mine: caller.subject != \"eve\" }\n", "action_groups: { read: [delete] }\n")
	section := func(name string, lines []string) {
		if len(lines) > 0 {
			text += name + ":\n" + strings.Join(lines, "")
		}
	}
	if len(h.objects) > 0 {
		text += "objects:\n  - " + h.mine("object", h.objects, "{ type: card, tier: public, parent: doc }", "{ type: doc, tier: public }", "{ type: note, tier: public }",
			"{ type: card, tier: public, shadow: [{ until: 2026-12-20 }] }") + "\n"
	}
	section("routes", append(h.some(1, h.routes), h.routes()))
	section("rules", h.some(3, h.rule))
	return text
}

func (w writer) layers() fstest.MapFS {
	platform := &hand{writer: w, id: "p", hosts: []string{"shop.example.com", "shop.example.com", "pay.example.com"},
		paths:   []string{"/docs/{id}/x", "/docs", "/both/{id}", "/both/{id}"},
		targets: []string{"read doc/{id}", "delete doc/{id}", "read account/{id}", "read account/{id}, read doc/{id}"}, types: []string{"doc", "account", `"*"`, "[doc, account]"}}
	billing := &hand{writer: w, id: "b", hosts: []string{"shop.example.com", "shop.example.com", "pay.example.com"}, objects: []string{"{ type: card, tier: public }", "{ type: card, tier: internal }"},
		paths: []string{"/cards/{id}", "/accounts/{id}", "/accounts/{id}/close"}, targets: []string{"read card/{id}", "read account/{id}", "delete account/{id}", "read account/{id}, read card/{id}"},
		types: []string{"card", "account", "[card, account]"}}
	memos := &hand{writer: w, id: "m", hosts: []string{"shop.example.com", "a.memo.example.com"}, objects: []string{"{ type: memo, tier: public }", "{ type: memo, tier: secret }"},
		paths: []string{"/memos/{id}", "/{id}/1/2"}, targets: []string{"read memo/{id}", "delete memo/{id}", "open"}, types: []string{"memo"}}
	files := fstest.MapFS{"platform/base.yaml": {Data: []byte(baseOfTest + linesOfTest)}, "platform/more.yaml": {Data: []byte(platform.file())}, "platform/teams.yaml": {Data: []byte(teamsOfTest)}}
	if w.IntN(4) > 0 {
		files["teams/billing/all.yaml"] = &fstest.MapFile{Data: []byte(billing.file())}
	}
	if len(files) == 3 || w.IntN(2) == 0 {
		files["teams/memos.yaml"] = &fstest.MapFile{Data: []byte(memos.file())}
	}
	return files
}

// TestLowerLayersNeverWiden draws layers at random. Where they load, no request is
// allowed with the lower layers that the top layer alone denies, but for those that
// touch one team's own types, on its own host, up to its own tier.
func TestLowerLayersNeverWiden(t *testing.T) {
	n := 300
	if os.Getenv("TIERGATE_FULL") != "" {
		n = 30_000
	}
	w := writer{rand.New(rand.NewPCG(7, 17)), new(string)}
	caller := &stated{}
	o := options(t, caller)
	var loaded, gained, kept int
	for range n {
		*w.strays = w.of(strayParts...)
		files := w.layers()
		all, _, err := Load(rules.Layers(files, "platform", "teams"), o)
		if err != nil {
			continue
		}
		alone := fstest.MapFS{}
		for name, f := range files {
			if strings.HasPrefix(name, "platform/") {
				alone[name] = f
			}
		}
		top, _, err := Load(alone, o)
		if err != nil {
			t.Fatalf("the top layer does not load alone: %v\n%s", err, texts(files))
		}
		loaded++
		for range 120 {
			raw := w.request(caller)
			was, is := top.Check(t.Context(), raw), all.Check(t.Context(), raw)
			if is.Effect != rules.Allow {
				continue
			}
			if was.Effect == rules.Allow {
				kept++
			} else {
				gained++
			}
			if why := widened(all.Set(), was, is, raw.Host); why != "" {
				t.Fatalf("%s\n%s https://%s%s by %+v\nalone: %s %s\nwith all: %s %+v\n%s", why, raw.Method, raw.Host, raw.Path, caller.v,
					was.Reason, was.OpPos, is.Reason, is.Targets, texts(files))
			}
		}
	}
	t.Logf("%d of %d sets load; %d requests were allowed before, %d only with the lower layers", loaded, n, kept, gained)
	if loaded < n/10 || gained < loaded/10 || kept < loaded/10 {
		t.Errorf("%d of %d sets load, %d requests gained, %d kept: the test tests little", loaded, n, gained, kept)
	}
}

func (w writer) request(caller *stated) *rules.RawRequest {
	v := ada()
	v.ClientID, v.Subject = w.of("web", "web", "desk", "else"), w.of("ada", "eve")
	if w.IntN(4) == 0 {
		v.IssuedAt = now.Add(-1e12) // some 16 minutes
	}
	if w.IntN(6) == 0 {
		v = &rules.Verified{Anonymous: true}
	}
	caller.v = v
	path := w.of("/docs/x", "/docs/1", "/accounts/1", "/accounts/1/close", "/cards/1", "/memos/1", "/DOCS/1", "/docs", "/x/x", "/x/1/2", "/1/1/2", "/docs/1/x", "/both/x", "/both/1")
	raw := request(w.of("GET", "GET", "GET", "DELETE", "DELETE", "POST", "OPTIONS") + " " + path)
	raw.Host = w.of("shop.example.com", "shop.example.com", "pay.example.com", "x.example.com", "doc.example.com", "a.memo.example.com")
	raw.Serves = rules.NewHostSet(raw.Host)
	if raw.Method == http.MethodOptions {
		raw.Headers = append(raw.Headers, rules.Header{Name: "origin", Value: "https://a.example"}, rules.Header{Name: "access-control-request-method", Value: "GET"})
	}
	return raw
}

// widened says how an allow with all layers goes beyond what the top layer gives.
func widened(set *rules.Set, was, is *rules.Outcome, host string) string {
	for _, h := range is.Obligations.SetHeaders {
		if strings.HasPrefix(h.Value, "b") && !set.TeamOf("teams/billing/all.yaml").OwnsHost(host) {
			return "a header of billing's goes to a foreign host"
		}
	}
	if was.Effect == rules.Allow {
		return ""
	}
	if was.Reason == rules.DeniedByRule {
		return "what the top layer denies is allowed"
	}
	if len(was.Targets) > 0 && strings.HasPrefix(was.Targets[len(was.Targets)-1].Missing, "tier ") {
		return "a demand of a tier is no longer made"
	}
	if was.Operation != "" && was.OpPos != is.OpPos {
		return "another line decides"
	}
	t := set.TeamOf(is.OpPos.File)
	if len(is.Targets) == 0 {
		switch {
		case is.Reason == rules.OpenRoute && t != nil && t.Open && t.OwnsHost(host):
			return ""
		case is.Reason == rules.Preflight && slices.ContainsFunc([]string{"teams/billing/all.yaml", "teams/memos.yaml"}, func(f string) bool { return set.TeamOf(f).OwnsHost(host) }):
			return ""
		}
		return "allowed without a target"
	}
	if t != nil && !t.OwnsHost(host) {
		return "the line is for a host that is not the team's"
	}
	for i := range is.Targets {
		v := &is.Targets[i]
		by := set.TeamOf(v.Pos.File) // nil: a rule of the top layer's own
		tier, _ := set.Schema().TierByName(v.Tier)
		switch {
		case t != nil && !t.OwnsType(v.Type):
			return "the line is about a foreign type"
		case by != nil && !by.OwnsType(v.Type):
			return "the rule is about a foreign type"
		case by != nil && tier > by.UpTo:
			return "the tier is above what the team may give"
		case by != nil && by.Actions != nil && !slices.Contains(by.Actions, v.Action):
			return "the action is not the team's to give"
		}
	}
	return ""
}

func texts(files fstest.MapFS) string {
	var b strings.Builder
	for name, f := range files {
		if name != "platform/base.yaml" && name != "platform/teams.yaml" {
			fmt.Fprintf(&b, "-- %s --\n%s", name, f.Data)
		}
	}
	return b.String()
}
