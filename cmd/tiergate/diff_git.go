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
)

// checkedOut is a directory with the rules files of REV:PATH in the Git repository
// here; any argument that is there is taken as it is. The files are those of the
// tree, byte by byte: git archive would leave out or change what attributes say.
func checkedOut(ctx context.Context, arg string) (dir string, remove func(), err error) {
	rev, tree, ok := strings.Cut(arg, ":")
	if _, err := os.Stat(arg); err == nil || !ok {
		return arg, func() {}, nil
	}
	if rev == "" || strings.HasPrefix(rev, "-") {
		return "", nil, fmt.Errorf("no Git revision in %q, want REV:PATH", arg)
	}
	list, err := git(ctx, "ls-tree", "-r", "-z", "--full-tree", arg)
	if err != nil {
		return "", nil, err
	}
	top, err := os.MkdirTemp("", "tiergate-diff-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(top) }
	name := path.Base(path.Clean("/" + tree)) // positions begin with it, as those of a directory
	if name == "/" {
		name = "rules"
	}
	dir = filepath.Join(top, name)
	if err := errors.Join(os.Mkdir(dir, 0o700), extract(ctx, string(list), dir)); err != nil {
		remove()
		return "", nil, fmt.Errorf("%s: %w", arg, err)
	}
	return dir, remove, nil
}

// extract writes the YAML files of a listing, `MODE TYPE HASH<tab>PATH` each, below a directory.
func extract(ctx context.Context, list, dir string) error {
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
		if !strings.HasSuffix(name, ".yaml") || len(fields) != 3 {
			continue
		}
		text, err := git(ctx, "cat-file", "blob", fields[2])
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

// git is what a command of Git prints.
func git(ctx context.Context, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // no shell reads them, and none begins with a hyphen
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}
