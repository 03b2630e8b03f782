package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// revision is a commit of the Git repository around a directory.
type revision struct {
	dir, name, commit string
}

func revisionOf(ctx context.Context, dir, name string) (*revision, error) {
	r := &revision{dir: dir, name: name}
	out, err := r.git(ctx, "rev-parse", "-q", "--verify", "--end-of-options", name+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("no Git revision %q: %w", name, err)
	}
	r.commit = strings.TrimSpace(string(out))
	return r, nil
}

// config is the configuration as it stood in its file: what it lists, whether or not
// all of it loads today. Where there was none it is the one in use.
func (r *revision) config(ctx context.Context, c *config) (*config, error) {
	file := "./" + filepath.Base(c.file.Path)
	listed, err := r.git(ctx, "ls-tree", "-z", r.commit, "--", file)
	if err != nil || len(listed) == 0 {
		return c, err
	}
	text, err := r.git(ctx, "cat-file", "blob", r.commit+":"+file)
	if err != nil {
		return nil, err
	}
	old, err := parseConfig(c.file.Path, text)
	if len(old.Rules) == 0 {
		return nil, fmt.Errorf("%s:%s names no rules: %w", r.name, file, errors.Join(err, errors.New("say REV:PATH")))
	}
	return old, nil
}

// checkOut writes the rules files of a path below a directory of its name in top.
// They are those of the tree, byte by byte: git archive would leave out or change
// what attributes say.
func (r *revision) checkOut(ctx context.Context, tree, top string) (string, error) {
	what := r.name + ":" + tree
	list, err := r.git(ctx, "ls-tree", "-r", "-z", "--full-tree", r.commit+":"+tree)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	name := path.Base(path.Clean("/" + tree)) // positions begin with it, as those of a directory
	if name == "/" {
		name = "rules"
	}
	dir := filepath.Join(top, name)
	if err := os.Mkdir(dir, 0o700); errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("two rules directories are named %q; rename one, positions would be ambiguous", name)
	} else if err != nil {
		return "", err
	}
	if err := r.extract(ctx, string(list), dir); err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return dir, nil
}

// extract writes the files that rules are read from of a listing, `MODE TYPE HASH<tab>PATH` each, below a directory.
func (r *revision) extract(ctx context.Context, list, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for entry := range strings.SplitSeq(list, "\x00") {
		facts, name, _ := strings.Cut(entry, "\t")
		fields := strings.Fields(facts)
		if len(fields) == 3 && !strings.HasPrefix(fields[0], "100") { // it may stand for rules that are elsewhere
			return fmt.Errorf("%s is a link or a module: compare a directory that is checked out", name)
		}
		if !rules.IsRead(name) || len(fields) != 3 {
			continue
		}
		text, err := r.git(ctx, "cat-file", "blob", fields[2])
		if err == nil {
			err = root.MkdirAll(path.Dir(name), 0o700)
		}
		if err == nil {
			err = root.WriteFile(name, text, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// git is what a command of Git prints in the revision's directory.
func (r *revision) git(ctx context.Context, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // no shell reads them, and no revision begins with a hyphen
	cmd.Dir, cmd.Stderr = r.dir, &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}
