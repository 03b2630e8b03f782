package lint

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tiergate/tiergate/rules"
)

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// base is a directory in which every shipped check is content.
const base = `
tiers: [ { name: public }, { name: internal }, { name: secret } ]
objects:
  - { type: box, tier: internal, id: "[a-z]+", attributes: { owner: string }, writable: { create: [label], update: [label] } }
  - { type: note, tier: public, max_row_tier: public }
identities:
  - { name: people, kind: human, match: { issuer: corp, client: [web, app] } }
  - { name: robot, kind: service, match: { issuer: corp, subject: robot }, review_by: 2027-01-01, network: [10.0.0.0/8], purpose: [sorting] }
  - { name: idle, kind: service, match: { issuer: corp, subject: idle }, review_by: 2027-01-01, network: [10.0.0.0/8] }
rules:
  - { id: own, allow: people, to: [read, update], on: box, up_to: internal, own: owner }
  - { id: sort, allow: robot, to: [read], on: box, up_to: internal, for: [sorting], because: it sorts, owner: ops, review_by: 2027-01-01 }
`

func world(t *testing.T, text string, lines ...Line) *World {
	t.Helper()
	src, ms := rules.Parse(fstest.MapFS{"r.yaml": {Data: []byte(text)}})
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	set, ms := rules.Compile(src, rules.Env{Partial: true, Now: now})
	if err := ms.Err(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	w := &World{Set: set, Source: src, Now: now}
	for i := range lines {
		w.Lines = append(w.Lines, LineAt{Line: lines[i]})
	}
	return w
}

func compiledOf(t *testing.T, houses ...string) *Checks {
	t.Helper()
	shipped, ms := Shipped()
	all := []*House{shipped}
	for _, text := range houses {
		h, wrong := Read("house.yaml", []byte(text))
		all, ms = append(all, h), append(ms, wrong...)
	}
	cs, wrong := Compile(all...)
	if err := append(ms, wrong...).Err(); err != nil {
		t.Fatal(err)
	}
	return cs
}

// found are the findings as "check of name", those that stand first.
func found(cs *Checks, w *World) (standing, excused []string) {
	for _, f := range cs.Run(w) {
		at := f.Check.ID.V + " of " + f.Name
		if f.Pardons != "" {
			excused = append(excused, at)
		} else {
			standing = append(standing, at)
		}
	}
	return standing, excused
}

// Every shipped check finds what it is for, and nothing else finds it: the twin
// is base itself.
func TestShippedChecks(t *testing.T) {
	if got, _ := found(compiledOf(t), world(t, base)); len(got) > 0 {
		t.Fatalf("the twin: %v", got)
	}
	broad := ", because: x, owner: y, review_by: 2027-01-01 }"
	for _, row := range []struct {
		want     []string
		old, new string
		lines    []Line
	}{
		{[]string{"api1-every-object of own"}, ", own: owner }", ", because: x, owner: y, review_by: 2027-01-01 }", nil},
		{
			[]string{"api1-every-object of own", "api1-unbounded-list of own"},
			"to: [read, update], on: box, up_to: internal, own: owner }", "to: [read, list, update], on: box, up_to: internal, unbounded: true" + broad, nil,
		},
		{[]string{"api1-any-id of box"}, `id: "[a-z]+", `, ``, nil},
		{[]string{"api3-any-property of box"}, ", writable: { create: [label], update: [label] }", "", nil},
		{
			[]string{"api5-any-action of own"},
			"to: [read, update], on: box, up_to: internal, own: owner }", `to: "*", on: box, up_to: internal, own: owner` + broad,
			[]Line{{Text: "GET", Actions: []string{"read"}, Types: []string{"box"}}},
		},
		{[]string{"api5-heavy-action of own"}, "to: [read, update]", "to: [read, delete]", nil},
		{
			[]string{"api5-any-action of own", "api5-heavy-action of own"},
			"to: [read, update], on: box, up_to: internal, own: owner }", `to: "*", on: box, up_to: internal, own: owner` + broad,
			[]Line{{Text: "DELETE", Actions: []string{"delete"}, Types: []string{"box"}}},
		},
		{[]string{"api5-open-line of GET /x -> open"}, "", "", []Line{{Text: "GET /x -> open", Open: true, Because: "health"}}},
		{[]string{"nhi5-any-type of sort"}, "to: [read], on: box", `to: [read], on: "*"`, nil},
		{[]string{"nhi5-top-tier of sort"}, "up_to: internal, for: [sorting]", "up_to: secret", nil},
		{[]string{"nhi7-no-end of idle"}, "subject: idle }, review_by: 2027-01-01", "subject: idle }", nil},
		{[]string{"nhi7-bearer-secret of idle"}, "subject: idle }, review_by: 2027-01-01, network: [10.0.0.0/8]", "subject: idle }, review_by: 2027-01-01", nil},
		{[]string{"nhi8-no-environment of idle"}, "subject: robot }", "subject: robot }, environment: prod", nil},
		{
			[]string{"nhi8-no-environment of idle", "nhi8-across-environments of sort"},
			"subject: robot }, review_by: 2027-01-01, network: [10.0.0.0/8], purpose: [sorting] }",
			"subject: robot }, review_by: 2027-01-01, network: [10.0.0.0/8], purpose: [sorting], environment: prod }\n" +
				"  - { name: test-robot, kind: service, match: { issuer: corp, subject: tr }, review_by: 2027-01-01, network: [10.0.0.0/8], environment: test }", nil,
		},
		{[]string{"nhi9-many-callers of idle"}, "{ name: idle, kind: service, match: { issuer: corp, subject: idle }", "{ name: idle, kind: service, match: { issuer: corp, client: [a, b] }", nil},
		{[]string{"nhi9-many-purposes of robot"}, "purpose: [sorting]", "purpose: [sorting, counting]", nil},
	} {
		t.Run(strings.Join(row.want, " and "), func(t *testing.T) {
			text := base
			if row.old != "" {
				if strings.Count(base, row.old) != 1 {
					t.Fatalf("%q is %d times in base", row.old, strings.Count(base, row.old))
				}
				text = strings.Replace(base, row.old, row.new, 1)
			}
			if strings.Contains(row.want[len(row.want)-1], "across") {
				text = strings.Replace(text, "allow: robot,", "allow: [robot, test-robot],", 1)
			}
			if got, _ := found(compiledOf(t), world(t, text, row.lines...)); !slices.Equal(got, row.want) {
				t.Errorf("found %v, want %v", got, row.want)
			}
		})
	}
}

// No shipped check is without a row above.
func TestShippedChecksAreTested(t *testing.T) {
	cs := compiledOf(t)
	if len(cs.All()) != 15 {
		t.Errorf("%d shipped checks, TestShippedChecks has rows for 15", len(cs.All()))
	}
	for _, c := range cs.All() {
		if c.See.V == "" || !c.Shipped {
			t.Errorf("%s names no reference", c.ID.V)
		}
	}
}

func TestHouseRules(t *testing.T) {
	for _, row := range []struct{ name, house, text, standing, excused string }{
		{
			"the rule itself", `checks: [ { id: owned, each: rule, demand: 'rule.on != "*" || rule.owner != ""', says: nobody answers for it } ]`,
			base + `  - { id: never, deny: idle, to: [read], on: "*" }`, "owned of never", "",
		},
		{
			"the rule itself, twin", `checks: [ { id: owned, each: rule, demand: 'rule.on != "*" || rule.owner != ""', says: nobody answers for it } ]`,
			base + `  - { id: never, deny: idle, to: [read], on: "*", owner: ops }`, "", "",
		},
		{"a date that is near", `checks: [ { id: soon, each: identity, demand: '!has(identity.review_by) || identity.review_by > now + duration("2400h")', says: due } ]`, base, "soon of robot, soon of idle", ""},
		{"no date is no date", `checks: [ { id: dated, each: identity, demand: has(identity.review_by), says: no date } ]`, base, "dated of people", ""},
		{"a type", `checks: [ { id: catalogued, each: type, demand: type.catalog != "", says: no catalog } ]`, base, "catalogued of box, catalogued of note", ""},
		{
			"excused by name", `{ checks: [ { id: catalogued, each: type, demand: type.catalog != "", says: no catalog } ], except: [ { check: catalogued, of: note, because: small } ] }`,
			base, "catalogued of box", "catalogued of note",
		},
		{
			"excused until a day that is not over", `{ checks: [ { id: catalogued, each: type, demand: type.catalog != "", says: no catalog } ], except: [ { check: catalogued, because: small, until: 2026-11-01 } ] }`,
			base, "", "catalogued of box, catalogued of note",
		},
		{
			"excused until a day that is", `{ checks: [ { id: catalogued, each: type, demand: type.catalog != "", says: no catalog } ], except: [ { check: catalogued, because: small, until: 2026-10-30 } ] }`,
			base, "catalogued of box, catalogued of note", "",
		},
		{"what fails to run is a finding", `checks: [ { id: first, each: rule, demand: 'rule.for[0] == "sorting"', says: another } ]`, base, "first of own", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			standing, excused := found(compiledOf(t, row.house), world(t, row.text))
			standing = slices.DeleteFunc(standing, func(s string) bool { return strings.HasPrefix(s, "api") || strings.HasPrefix(s, "nhi") })
			if got := strings.Join(standing, ", "); got != row.standing {
				t.Errorf("standing: %q, want %q", got, row.standing)
			}
			if got := strings.Join(excused, ", "); got != row.excused {
				t.Errorf("excused: %q, want %q", got, row.excused)
			}
		})
	}
}

func TestFailedCheckSaysWhy(t *testing.T) {
	cs := compiledOf(t, `checks: [ { id: first, each: rule, demand: 'rule.for[0] == "sorting"', says: another } ]`)
	for _, f := range cs.Run(world(t, base)) {
		if f.Check.ID.V == "first" && !strings.Contains(f.Text(), "cannot be judged: index") {
			t.Errorf("it says %q", f.Text())
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, row := range []struct{ name, house, want string }{
		{"a member that is not there", `checks: [ { id: a, each: rule, demand: 'rule.becaus != ""', says: x } ]`, `not a condition over the rule: a rule has no "becaus" (did you mean "because"?)`},
		{"another thing", `checks: [ { id: a, each: rule, demand: 'identity.owner != ""', says: x } ]`, `"identity" is not known here`},
		{"no condition", `checks: [ { id: a, each: rule, demand: 'rule.owner', says: x } ]`, "the demand is string, want true or false"},
		{"no sort", `checks: [ { id: a, each: rulez, demand: 'true', says: x } ]`, `each is "rulez", which is nothing that can be checked (did you mean "rule"?)`},
		{"no id", `checks: [ { each: rule, demand: 'true', says: x } ]`, "the check has no id"},
		{"nothing said", `checks: [ { id: a, each: rule, demand: 'true' } ]`, "the check says nothing of what is wrong"},
		{"no demand", `checks: [ { id: a, each: rule, says: x } ]`, "the check demands nothing"},
		{"one id twice", `checks: [ { id: api1-any-id, each: rule, demand: 'true', says: x } ]`, `check "api1-any-id" is already given at shipped.yaml:`},
		{"an unknown key", `checks: [ { id: a, each: rule, demand: 'true', says: x, level: 3 } ]`, `level`},
		{"an exception from nothing", `except: [ { check: api1-any-idd, because: x } ]`, `there is no check "api1-any-idd" (did you mean "api1-any-id"?)`},
		{"an exception without a reason", `except: [ { check: api1-any-id } ]`, `the exception gives no reason`},
		{"an exception from what", `except: [ { because: x } ]`, `the exception does not say from which check`},
		{"a demand that costs too much to write", `checks: [ { id: a, each: rule, demand: 'rule.for.all(', says: x } ]`, `not a condition over the rule`},
	} {
		t.Run(row.name, func(t *testing.T) {
			shipped, _ := Shipped()
			h, ms := Read("house.yaml", []byte(row.house))
			if len(ms) == 0 {
				_, ms = Compile(shipped, h)
			}
			if err := ms.Err(); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("it says %v, want %q", err, row.want)
			}
		})
	}
}

func TestIdleExceptions(t *testing.T) {
	for _, row := range []struct{ name, house, want string }{
		{"twin: it excuses", `{ checks: [ { id: c, each: type, demand: "false", says: x } ], except: [ { check: c, because: y } ] }`, ""},
		{"nothing to excuse", `except: [ { check: api1-any-id, because: y } ]`, `the exception from "api1-any-id" excuses nothing`},
		{"nothing of that name", `{ checks: [ { id: c, each: type, demand: "false", says: x } ], except: [ { check: c, of: bax, because: y } ] }`, `excuses nothing`},
		{"over", `{ checks: [ { id: c, each: type, demand: "false", says: x } ], except: [ { check: c, because: y, until: 2026-10-01 } ] }`, `ended on 2026-10-01`},
	} {
		t.Run(row.name, func(t *testing.T) {
			cs, w := compiledOf(t, row.house), world(t, base)
			cs.Run(w)
			got := ""
			if ms := cs.Idle(w); len(ms) > 0 {
				got = ms.Error()
			}
			if (row.want == "") != (got == "") || !strings.Contains(got, row.want) {
				t.Errorf("it says %q, want %q", got, row.want)
			}
		})
	}
}
