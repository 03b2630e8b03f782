package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/diff"
	"github.com/tiergate/tiergate/rules/suite"
)

// rulesVersion is one side of a comparison: rules directories, read as one.
type rulesVersion struct {
	name   string // as it was given
	dirs   []string
	config *config // as it was at the revision, nil for the one in use
	remove func()

	bench *suite.Bench
}

func newRulesVersion(name string, dirs ...string) *rulesVersion {
	return &rulesVersion{name: name, dirs: dirs, remove: func() {}}
}

// side is the version as it is compared.
func (v *rulesVersion) side() diff.Side {
	p := v.bench.Policy()
	return diff.Side{Set: p.Set(), Source: p.Source(), Lines: p.Routes().Operations()}
}

// versionOf finds what an argument means: a directory that is there, a directory
// of a Git revision, or the configuration's directories at a revision.
func versionOf(ctx context.Context, arg string, c *config) (*rulesVersion, error) {
	v := newRulesVersion(arg)
	if info, err := os.Stat(arg); err == nil {
		if !info.IsDir() {
			return nil, fmt.Errorf("%s is no directory", arg)
		}
		v.dirs = []string{arg}
		return v, nil
	}
	rev, path, ok := strings.Cut(arg, ":")
	if rev == "" || strings.HasPrefix(rev, "-") {
		return nil, fmt.Errorf("no Git revision in %q, want REV:PATH", arg)
	}
	r, err := revisionOf(ctx, ".", rev)
	switch {
	case ok && err == nil:
		return v, v.checkOut(ctx, r, path)
	case ok:
		return nil, err
	case c == nil:
		return nil, fmt.Errorf("%s is no directory; REV:PATH is one of a Git revision, and with -c REV alone stands for the configuration's", arg)
	}
	if r, err = revisionOf(ctx, c.dir, rev); err != nil {
		return nil, fmt.Errorf("%s is no directory, and %w", arg, err)
	}
	return v, v.configured(ctx, r, c)
}

// configured checks out the directories that the configuration had at a revision,
// or has now where it was none then.
func (v *rulesVersion) configured(ctx context.Context, r *revision, c *config) error {
	old, err := r.config(ctx, c)
	if err != nil {
		return err
	}
	v.config = old
	base, err := filepath.Abs(c.dir)
	if err != nil {
		return err
	}
	var paths []string
	for _, dir := range old.rulesDirs() {
		path := dir
		if dir, err = filepath.Abs(dir); err == nil {
			path, err = filepath.Rel(base, dir)
		}
		if err != nil {
			return err
		}
		paths = append(paths, "./"+filepath.ToSlash(path))
	}
	return v.checkOut(ctx, r, paths...)
}

// checkOut has the version be directories of a revision.
func (v *rulesVersion) checkOut(ctx context.Context, r *revision, paths ...string) error {
	top, err := os.MkdirTemp("", "tiergate-diff-")
	if err != nil {
		return err
	}
	v.remove = func() { _ = os.RemoveAll(top) }
	for _, path := range paths {
		dir, err := r.checkOut(ctx, path, top)
		if err != nil {
			v.remove()
			return err
		}
		v.dirs = append(v.dirs, dir)
	}
	return nil
}

// compile loads the version as the server does.
func (v *rulesVersion) compile(o suite.Options) (src *rules.Source, err error) {
	dirs, err := policy.OpenDirs(v.dirs)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dirs.Close() }()
	v.bench, src, err = suite.NewBench(dirs, o)
	return src, err
}

// versions finds and loads both sides; without a second argument the new one is
// what the configuration has now. Those that come back are to be removed, even
// with an error, which faulty makes of mistakes in one of them.
func versions(ctx context.Context, args []string, c *config, o suite.Options, faulty func(*rulesVersion, *rules.Source, error) error) ([2]*rulesVersion, error) {
	out := [2]*rulesVersion{newRulesVersion(""), newRulesVersion("")}
	for i := range out {
		if i == len(args) {
			out[i] = newRulesVersion("the configuration's rules", c.rulesDirs()...)
		} else if v, err := versionOf(ctx, args[i], c); err != nil {
			return out, err
		} else {
			out[i] = v
		}
		src, err := out[i].compile(o)
		if _, ok := errors.AsType[rules.Mistakes](err); ok {
			err = faulty(out[i], src, err)
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// reconfigured are the parts of the configuration that rules are compiled against
// and that were others at the revisions: both versions are judged under the one in use.
func reconfigured(sides [2]*rulesVersion, c *config) (out []diff.Unjudged) {
	texts := [2]map[string]string{}
	for i, v := range sides {
		if texts[i] = c.against(); v.config != nil {
			texts[i] = v.config.against()
		}
	}
	all := maps.Clone(texts[0])
	maps.Copy(all, texts[1])
	for _, what := range slices.Sorted(maps.Keys(all)) {
		if old, now := texts[0][what], texts[1][what]; old != now {
			out = append(out, diff.Unjudged{Of: "configuration", What: what, Old: old, New: now, MayGain: true})
		}
	}
	return out
}

// against is in words what rules are compiled against, and how requests are read.
func (c *config) against() map[string]string {
	env, out := c.env(), make(map[string]string)
	for name, issuer := range env.Issuers {
		out["issuer "+name] = fmt.Sprintf("%+v", issuer)
	}
	for _, i := range c.Issuers {
		out["claims of "+i.Name.V] = fmt.Sprint(i.Issuer.V, i.Audience.Values(), i.Algorithms.Values(), i.ClientClaim.V, i.ScopeClaim.V, i.PurposeClaim.V, i.places())
	}
	out["managed headers"] = fmt.Sprint(env.Managed)
	out["peer"] = fmt.Sprintf("%+v", env.Peers)
	out["reading of requests"] = fmt.Sprintf("%+v", c.resolve())
	return out
}
