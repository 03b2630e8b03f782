package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/cobra"
)

// The five-minute tour of the README and the getting-started page work as they
// stand: their files beside each other, their commands in their order.
func TestPagesWorkAsWritten(t *testing.T) {
	for page, want := range map[string][]string{
		"../../README.md": {
			`fine: 2 files, 1 object types, 2 map lines, 1 identities, 1 rules`,
			`ok: 2 tests, 0 failed`,
			`ALLOW  allowed 200`,
			`containment gain 0.500`,
		},
		"../../docs/getting-started.md": {
			`not reached .*: GET /users/\{u\}/notes`,
			`ok: 5 tests, 0 failed`,
			`signature +passed`,
			`match     PATCH /notes/\{id\}`,
			`people .*\(100.0 %\)`,
			`DENY  no_route 403`,
		},
	} {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) {
			var commands strings.Builder
			for _, x := range examples(t, page) {
				if x.language == "sh" && runsHere(x.text) {
					commands.WriteString(x.text)
				}
			}
			follow(t, page, commands.String(), want)
		})
	}
}

// Every example of every help text works in the folder of the README's tour:
// the answer may be no, but it can always be given.
func TestHelpExamplesWork(t *testing.T) {
	commands := "echo a.b.c > token.jwt\n" +
		`echo '{"openapi":"3.0.3","info":{"title":"a","version":"1"},"servers":[{"url":"https://api.example.com"}],"paths":{"/v1/pets/{id}":{"get":{"responses":{}}}}}' > api.yaml` + "\n" +
		"cp api.yaml api-1.yaml\ncp api.yaml api-2.yaml\necho 'type Query { pet(id: ID!): String }' > schema.graphql\n" +
		"echo Ck0KB2EucHJvdG8SAWEiFQoDUGV0Eg4KAmlkGAEgASgJUgJpZDIgCgRQZXRzEhgKBkdldFBldBIGLmEuUGV0GgYuYS5QZXRiBnByb3RvMw== | base64 -d > api.binpb\n" + // one service, one method
		`echo '{"tools":[{"name":"get_pet","inputSchema":{"properties":{"pet_id":{}}}}]}' > tools.json` + "\n" +
		"echo 'checks: [ { id: a, each: rule, demand: \"rule.id.size() > 2\", says: too short } ]' > house.yaml\n"
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Example == "" && cmd.Name() != "completion" { // cobra's own: its shells say how to load it
			t.Errorf("%s --help has no example", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			line = strings.TrimSpace(line)
			if asksServer.MatchString(line) { // none runs: only its flags are read
				line = asksServer.ReplaceAllString(line, "$0 --help")
			}
			if strings.HasPrefix(line, "tiergate import ") { // what it proposes needs an owner before it loads
				line = strings.ReplaceAll(line, "-o rules", "-o "+strings.Fields(line)[2])
			}
			commands += line + " || test $? -eq 1\n"
		}
		for _, c := range cmd.Commands() {
			if cmd.Name() != "completion" {
				visit(c)
			}
		}
	}
	visit(newRoot())
	follow(t, "../../README.md", commands, []string{`ALLOW  allowed 200`, `token_malformed`, `"version":"dev"`})
}

// The README stays short enough to be read.
func TestReadmeIsShort(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n > 150 {
		t.Errorf("README.md has %d lines, want at most 150", n)
	}
}

// runsHere says whether a block of commands needs no more than the binary under
// test and OpenSSL: no Envoy, and no checkout.
func runsHere(block string) bool {
	return regexp.MustCompile(`^(tiergate|openssl) |^last=`).MatchString(block)
}

// asksServer are commands that want a server, or a database, that is not here.
var asksServer = regexp.MustCompile(`^tiergate (revoke|revocations \S+|catalog (accept|outbox)|rules accept)`)

var serves = regexp.MustCompile(`(?m)^tiergate serve -c (\S+)`)

// The decision that pages and help texts ask about, as the server logs it.
const logged = `{"v":1,"seq":1,"id":"vtyey9fmta24v5tbmqe8cc3xk4","time":"2026-11-21T10:00:00Z","effect":"deny","status":403,"reason":"no_route"}` + "\n"

// follow has a shell run the commands beside the files that a page names, and
// looks for what they must print. A server would end only with a signal: in its
// place what would be served is checked.
func follow(t *testing.T, page, commands string, want []string) {
	t.Helper()
	a := txtar.Archive{Comment: []byte("[!exec:openssl] skip 'no openssl'\nexec sh -e commands.sh\n")}
	for _, w := range want {
		a.Comment = fmt.Appendf(a.Comment, "stdout '%s'\n", w)
	}
	a.Files = []txtar.File{
		{Name: "commands.sh", Data: serves.ReplaceAll([]byte(commands), []byte("tiergate check -c $1"))},
		{Name: "decisions.jsonl", Data: []byte(logged)},
	}
	for _, x := range examples(t, page) {
		if x.named != "" {
			a.Files = append(a.Files, txtar.File{Name: x.named, Data: []byte(x.text)})
		}
	}
	path := filepath.Join(t.TempDir(), "follow.txtar")
	if err := os.WriteFile(path, txtar.Format(&a), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Files: []string{path}, RequireExplicitExec: true})
}
