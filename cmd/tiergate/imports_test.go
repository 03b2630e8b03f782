package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tiergate/tiergate/"

// mayImport is the table of package directions: everything points at rules.
// A package that is not listed fails the test, so that each new one is placed
// on purpose.
var mayImport = map[string][]string{
	"rules":                        {"rules/regular", "rules/shape"},
	"rules/shape":                  {},                       // what a type reads, for editors and the formatter
	"rules/tidy":                   {"rules", "rules/shape"}, // files in their one form
	"rules/regular":                {},                       // how a file that a user named is opened
	"rules/accepted":               {"rules/regular"},        // what somebody let in although a guard held it
	"rules/dial":                   {"rules/regular"},        // how a host that a user named is reached
	"rules/diff":                   {"rules", "rules/review", "resolver", "extauthz/identity"},
	"rules/many":                   {},                    // large sets of rules, to measure with
	"rules/lint":                   {"rules"},             // how rules are written, not what they decide
	"rules/mutant":                 {"rules", "resolver"}, // rules that are wrong in one place, for tests to notice
	"rules/suite":                  {"rules", "rules/shape", "rules/mutant", "resolver", "resolver/catalog", "extauthz/identity", "extauthz/policy", "extauthz/budget"},
	"rules/review":                 {"rules", "extauthz/audit"},
	"resolver":                     {"rules", "resolver/catalog", "resolver/alike", "resolver/tree", "resolver/mcp", "resolver/graphql", "resolver/rpc", "resolver/form"},
	"resolver/alike":               {}, // which names some server reads as one
	"resolver/tree":                {"resolver/alike"},
	"resolver/form":                {"resolver/alike", "resolver/tree"},
	"resolver/graphql":             {"rules", "resolver/alike", "resolver/tree"},
	"resolver/mcp":                 {"resolver/alike", "resolver/tree"},
	"resolver/rpc":                 {"resolver/tree"},
	"resolver/spec":                {"rules", "resolver", "resolver/mcp"}, // a proposal is what the compiler of lines accepts
	"resolver/catalog":             {"rules", "rules/regular", "rules/accepted"},
	"resolver/catalog/postgres":    {"rules/regular", "resolver/catalog"},                                // rows of a database
	"resolver/catalog/web":         {"rules/regular", "rules/dial", "resolver/tree", "resolver/catalog"}, // rows of an HTTP API
	"resolver/catalog/sqlite":      {"rules", "rules/regular", "resolver/catalog"},                       // rows of a file that is larger than memory
	"extauthz":                     {"rules", "rules/regular", "extauthz/audit"},
	"extauthz/policy":              {"rules", "rules/regular", "rules/accepted", "resolver", "resolver/catalog", "extauthz/identity", "extauthz/budget"},
	"extauthz/budget":              {"rules", "rules/regular"}, // what limited rules have allowed
	"extauthz/identity":            {"rules", "rules/regular", "rules/dial"},
	"extauthz/audit":               {"rules", "rules/regular"},
	"extauthz/revocation":          {"rules", "rules/regular"},
	"envoy":                        {},
	"examples":                     {}, // the files of the bank, for the lab to copy
	"resolver/catalog/catalogtest": {"rules", "resolver/catalog"},

	"extauthz/revocation/revocationtest": {"extauthz/revocation"},

	"cmd/tiergate": {"rules", "rules/shape", "rules/tidy", "rules/regular", "rules/suite", "rules/review", "rules/lint", "rules/diff", "resolver", "resolver/spec", "resolver/catalog", "resolver/catalog/postgres", "resolver/catalog/sqlite", "resolver/catalog/web", "extauthz", "extauthz/policy", "extauthz/identity", "extauthz/audit", "extauthz/revocation", "extauthz/budget", "envoy"},
}

// protos are what only the gRPC service may know.
var protos = []string{"google.golang.org/grpc", "github.com/envoyproxy/go-control-plane"}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestImportsPointAtRules(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		if strings.HasPrefix(name, "e2e") || name == "cmd/tiergate-lab" {
			checkLab(t, name, p.Imports)
			continue
		}
		allowed, known := mayImport[name]
		if !known {
			t.Errorf("package %s has no line in the table of directions", name)
			continue
		}
		seen++
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, module)
			if isOurs && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s", name, ours)
			}
			for _, proto := range protos {
				if strings.HasPrefix(imported, proto) && name != "extauthz" {
					t.Errorf("%s imports %s, which only extauthz may", name, imported)
				}
			}
		}
	}
	if seen != len(mayImport) {
		t.Errorf("found %d of the %d packages in the table", seen, len(mayImport))
	}
}

// measured is what the lab's measure of catalogs runs in a process of its own:
// nothing of a row's cost could be seen from outside.
var measured = []string{"rules", "resolver/catalog", "resolver/catalog/sqlite", "resolver/catalog/postgres"}

// checkLab keeps the lab outside the program: it drives the built binary.
func checkLab(t *testing.T, name string, imports []string) {
	t.Helper()
	for _, imported := range imports {
		ours, isOurs := strings.CutPrefix(imported, module)
		if name == "cmd/tiergate-lab" && slices.Contains(measured, ours) {
			continue
		}
		if isOurs && !strings.HasPrefix(ours, "e2e") && ours != "envoy" && ours != "examples" {
			t.Errorf("%s imports %s: the lab drives the built binary", name, ours)
		}
	}
}
