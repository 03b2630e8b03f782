package oracle

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// slip is one slip of the pen in what operators write, after which nothing may
// load: a misspelt deny must not allow.
type slip struct {
	name string
	file string         // a pattern of paths below the run's directory
	from *regexp.Regexp // the first match of it is replaced
	to   string
}

func slipOf(name, file, from, to string) slip { return slip{name, file, regexp.MustCompile(from), to} }

// slips are the ones that each seed tries some of.
var slips = []slip{
	slipOf("a key of a rule", "rules/*.yaml", `, up_to: `, `, upto: `),
	slipOf("a key of a deny rule", "rules/*.yaml", `, from_tier: `, `, fromtier: `),
	slipOf("the verb of a rule", "rules/*.yaml", `, deny: \[`, `, dney: [`),
	slipOf("a condition's key", "rules/*.yaml", `, when: `, `, whenn: `),
	slipOf("a tier of a rule", "rules/*.yaml", `up_to: "`, `up_to: "un`),
	slipOf("an action of a rule", "rules/*.yaml", `to: \["`, `to: ["un`),
	slipOf("a type of a rule", "rules/*.yaml", `on: \["`, `on: ["un`),
	slipOf("an identity of a rule", "rules/*.yaml", `allow: \["`, `allow: ["un`),
	slipOf("a demand of a rule", "rules/*.yaml", `bound_token: true`, `bound_tokn: true`),
	slipOf("a demand that is false", "rules/*.yaml", `bound_token: true`, `bound_token: "yes, please"`),
	slipOf("a tier of a type", "rules/objects.yaml", `tier: "`, `tier: "un`),
	slipOf("a key of a type", "rules/objects.yaml", `writable: `, `writeable: `),
	slipOf("a key of a classification", "rules/objects.yaml", `classify: \[\{ when: `, `classify: [{ whenn: `),
	slipOf("an attribute in a classification", "rules/objects.yaml", `classify: (.*)when: "(.*)object\.`, `classify: ${1}when: "${2}object.un`),
	slipOf("a category", "rules/*.yaml", `category: \["`, `category: ["un`),
	slipOf("a key of an identity", "rules/identities.yaml", `, owner: `, `, ownr: `),
	slipOf("an owner that its kind demands", "rules/identities.yaml", `, owner: "team-oracle"`, ``),
	slipOf("a demand of a kind", "rules/identities.yaml", `require: \{ owner`, `require: { ownr`),
	slipOf("a kind", "rules/identities.yaml", `, kind: "`, `, kind: "un`),
	slipOf("a status", "rules/identities.yaml", `status: "`, `status: "un`),
	slipOf("a range of addresses", "rules/identities.yaml", `network: \["`, `network: ["300.`),
	slipOf("whom an agent may act for", "rules/identities.yaml", `on_behalf_of: \["`, `on_behalf_of: ["un`),
	slipOf("a peer", "rules/identities.yaml", `peer: "spiffe://`, `peer: "spife://`),
	slipOf("a column of a catalog", "catalog/*.csv", `(?m)^id(.*),owner`, `id$1,onwer`),
	slipOf("a column in capitals", "catalog/*.csv", `(?m)^id(.*),tenant`, `id$1,Tenant`),
	slipOf("a member of a row", "catalog/*.jsonl", `"owner":`, `"ownre":`),
	slipOf("a tier of a row", "catalog/*.yaml", `"tier":"`, `"tier":"un`),
	slipOf("a status of a subject", "catalog/subjects-*", `"status":"active"`, `"status":"activ"`),
	slipOf("a column of subjects", "catalog/subjects-*.csv", `(?m)^id(.*),status`, `id$1,statuss`),
	slipOf("a key of a revocation", "revoked.yaml", `\{ issuer: `, `{ isuer: `),
	slipOf("the issuer of a revocation", "revoked.yaml", `\{ issuer: "`, `{ issuer: "un`),
	slipOf("a revocation of two things", "revoked.yaml", `, subject: `, `, all: true, subject: `),
	slipOf("an identity that is revoked", "revoked.yaml", `identity: "`, `identity: "un`),
	slipOf("a key of an issuer", "tiergate.yaml", `require_bound: `, `requires_bound: `),
	slipOf("what tokens must be bound by", "tiergate.yaml", `require_bound: "`, `require_bound: "un`),
	slipOf("a directory", "tiergate.yaml", `subjects: \{ catalog: "`, `subjects: { catalog: "un`),
	slipOf("who has no row", "tiergate.yaml", `absent: "deny"`, `absent: "denied"`),
	slipOf("a nonce", "tiergate.yaml", `nonce: "required"`, `nonce: "requird"`),
	slipOf("an algorithm of proofs", "tiergate.yaml", `dpop: \{(.*)algorithms: \["ES256`, `dpop: {${1}algorithms: ["HS256`),
	slipOf("an origin", "tiergate.yaml", `origins: \{ `, `origin: { `),
}

// slipsASeed are how many slips each seed tries.
const slipsASeed = 3

// slipped tries some slips on the files of the run, and returns what `check` let
// pass; tried are the names of the slips that had something to spoil.
func (r *run) slipped(ctx context.Context) (tried, missed []string, err error) {
	before, err := r.check(ctx)
	if err != nil {
		return nil, nil, err
	}
	from := int(r.w.Seed*slipsASeed) % len(slips)
	for n := range slips {
		s := slips[(from+n)%len(slips)]
		if len(tried) == slipsASeed {
			break
		}
		path, text, changed := s.find(r.dir)
		if path == "" {
			continue
		}
		tried = append(tried, s.name)
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			return nil, nil, err
		}
		after, err := r.check(ctx)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, nil, err
		}
		if err != nil {
			return nil, nil, err
		}
		if !slices.ContainsFunc(after, func(line string) bool {
			return strings.Contains(line, filepath.Base(path)+":") && !slices.Contains(before, line)
		}) {
			missed = append(missed, fmt.Sprintf("%s in %s: check says nothing of it", s.name, path))
		}
	}
	return tried, missed, nil
}

// find returns the first file that has something to spoil, as it is and spoilt.
func (s slip) find(dir string) (path, text, changed string) {
	paths, err := filepath.Glob(filepath.Join(dir, s.file))
	if err != nil {
		return "", "", ""
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if changed, ok := s.on(string(raw)); ok {
			return path, string(raw), changed
		}
	}
	return "", "", ""
}

// on makes the slip in a text, if there is a place for it.
func (s slip) on(text string) (string, bool) {
	at := s.from.FindStringSubmatchIndex(text)
	if at == nil {
		return text, false
	}
	return text[:at[0]] + string(s.from.ExpandString(nil, s.to, text, at)) + text[at[1]:], true
}

// check returns the lines in which `tiergate check` reports mistakes. The rows that
// are bad on purpose are among them.
func (r *run) check(ctx context.Context) ([]string, error) {
	cmd := exec.CommandContext(ctx, r.o.Tiergate, "check", "-c", filepath.Join(r.dir, "tiergate.yaml"))
	said, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed { //nolint:errorlint // of this very command
		return nil, err
	}
	lines := slices.DeleteFunc(strings.Split(string(said), "\n"), func(line string) bool { return strings.Contains(line, ": warning: ") })
	if err == nil { // it says that nothing is wrong
		return nil, nil
	}
	return lines, nil
}
