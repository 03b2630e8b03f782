package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// Options are what a policy is built from besides its rules files.
type Options struct {
	Verifier    Verifier
	Revocations Revocations // nil for none
	Ledger      Ledger      // nil for an empty one for each request
	Catalog     *catalog.Catalog
	Env         rules.Env
	Resolve     resolver.Options
}

// Load reads, checks and compiles the rules in fsys with the very steps that
// the server, `tiergate check` and `tiergate test` use. The error is
// rules.Mistakes: all of them, in file order. The source comes back even then,
// as far as it could be read, so that a report can show the lines.
func Load(fsys fs.FS, o Options) (*Policy, *rules.Source, error) {
	src, ms := rules.Parse(fsys)
	if src.Unread || len(src.Files) == 0 && len(ms) > 0 {
		return nil, src, ms.Err()
	}
	p, err := compile(src, ms, o)
	return p, src, err
}

// Compile is Load of rules that were read before, and maybe changed since.
func Compile(src *rules.Source, o Options) (*Policy, error) { return compile(src, nil, o) }

// compile adds its mistakes to those of reading.
func compile(src *rules.Source, ms rules.Mistakes, o Options) (*Policy, error) {
	o.Env.Beside = resolver.Beside
	set, more := rules.Compile(src, o.Env)
	ms = append(ms, more...)
	routes, more := resolver.Compile(src.Routes, set.Schema())
	ms = append(ms, more...)
	if len(src.Layers) > 0 {
		ms = append(ms, linesOfTeams(set, routes)...)
	}
	if len(ms) == 0 {
		ms = append(ms, handedOn(set, routes)...)
		ms = append(ms, rewritten(set, routes, o.Env.Managed)...)
		ms = append(ms, setElsewhere(set, routes)...)
		ms = append(ms, topAlone(src, &o)...)
		ms = append(ms, uncounted(set, routes)...)
	}
	if err := ms.Err(); err != nil {
		return nil, err
	}
	recogniser := identity.NewRecogniser(set.Identities()).WithIssuers(o.Env.Issuers)
	subjects := newSubjects(o.Env.Issuers, set.Schema(), recogniser)
	view := o.Catalog.Bind(set.Schema(), subjects.types()...)
	if subjects != nil {
		subjects.view = view
	}
	return &Policy{
		Hash:        hash(src, &o),
		source:      src,
		set:         set,
		routes:      routes,
		recogniser:  recogniser,
		subjects:    subjects,
		view:        view,
		verifier:    o.Verifier,
		revocations: o.Revocations,
		ledger:      o.Ledger,
		resolve:     o.Resolve,
	}, nil
}

// handedOn refuses a target that is taken from the caller's own claims unless
// every allow rule that can apply sets it in a managed header: else we would
// decide on one object while the upstream picks another.
func handedOn(set *rules.Set, routes *resolver.Routes) rules.Mistakes {
	var ms rules.Mistakes
	for _, op := range routes.Operations() {
		for _, d := range op.CallerDerived {
			for _, pos := range set.HandsOn(d.Action, d.Type, d.Expr) {
				ms.AddHint(op.Pos, fmt.Sprintf(`add then: { set_headers: { …: "{%s}" } } to the rule`, d.Expr),
					"the target comes from {%s}, but the rule at %v does not hand it on in a managed header", d.Expr, pos)
			}
		}
	}
	return ms
}

// rewritten refuses what would let the upstream read another object than the one
// decided on: a rule that sets a query parameter by which a line finds its object,
// and a line that finds it in a header of ours, which never gets here.
func rewritten(set *rules.Set, routes *resolver.Routes, managed []string) rules.Mistakes {
	var ms rules.Mistakes
	setting := set.RulesWith(func(d *rules.RuleDecl) bool { return len(d.Then.SetQuery) > 0 })
	for _, op := range routes.Operations() {
		for _, name := range op.Headers {
			if slices.Contains(managed, name) {
				ms.AddHint(op.Pos, "managed headers are removed from every request: name another one",
					"the line captures the managed header %q", name)
			}
			if slices.Contains(set.AskedHeaders(), name) {
				ms.AddHint(op.Pos, "the upstream does not get it: ask in another header", "the line captures the header %q, in which a rule asks", name)
			}
		}
		for _, r := range setting {
			names := func(set string) bool {
				return slices.ContainsFunc(op.Query, func(captured string) bool { return resolver.Alike(set, captured) })
			}
			if i := slices.IndexFunc(r.SetQuery, names); i >= 0 && touches(op, &r) {
				ms.AddHint(r.Pos, "set another parameter, or leave the client's as it is",
					"the rule sets the query parameter %q, by which the line at %v finds its object", r.SetQuery[i], op.Pos)
			}
		}
	}
	return ms
}

// touches says whether a rule speaks about something that a line does.
func touches(op *resolver.Operation, r *rules.RuleInfo) bool {
	return slices.ContainsFunc(op.Touches, func(t resolver.Touch) bool { return r.About(t.Action, t.Type) })
}

// hash covers what decides: names and contents of the files, and the parts of
// the configuration that rules are compiled against. Every part is
// length-prefixed, so that no two versions run together.
func hash(src *rules.Source, o *Options) string {
	env := &o.Env
	h := sha256.New()
	part := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	for _, f := range src.Files {
		part(f.Path)
		part(f.Text)
	}
	if len(src.Layers) > 0 {
		part("layers " + strings.Join(src.Layers, "/"))
	}
	part(strings.Join(slices.Sorted(slices.Values(env.Managed)), ","))
	part(strings.Join(slices.Sorted(slices.Values(env.Catalogs)), ","))
	for _, name := range slices.Sorted(maps.Keys(env.Issuers)) {
		part(name)
		// fmt prints maps in the order of their keys.
		part(fmt.Sprint(env.Issuers[name]))
	}
	part(fmt.Sprintf("%+v", o.Resolve)) // how a request is read
	return hex.EncodeToString(h.Sum(nil))
}
