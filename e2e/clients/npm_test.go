//go:build e2e

package clients

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/e2e/packages"
)

// registry is one of npm packages: whatever it is asked for exists in one version. A
// package whose name ends in a number other than 0 depends on the one before.
func registry(base string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, err := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/"))
		name, tarball, is := strings.Cut(file, "/-/")
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
		case r.URL.Path == "/-/ping":
			_, _ = w.Write([]byte("{}"))
		case r.Method == http.MethodPut:
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"ok":true}`))
		case is && tarball != "":
			_, _ = w.Write(packed(name))
		default:
			w.Header().Set("Content-Type", "application/json")
			sum := sha512.Sum512(packed(name))
			version := map[string]any{
				"name": name, "version": "1.0.0",
				"dist": map[string]any{
					"tarball":   fmt.Sprintf("%s/%s/-/%s-1.0.0.tgz", base, name, name[strings.Index(name, "/")+1:]),
					"integrity": "sha512-" + base64.StdEncoding.EncodeToString(sum[:]),
				},
			}
			_ = json.NewEncoder(w).Encode(map[string]any{
				"name": name, "dist-tags": map[string]string{"latest": "1.0.0"}, "versions": map[string]any{"1.0.0": version},
			})
		}
	})
}

// packed is the file of a package.
func packed(name string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	text := fmt.Appendf(nil, `{"name":%q,"version":"1.0.0"}`, name)
	_ = w.WriteHeader(&tar.Header{Name: "package/package.json", Mode: 0o644, Size: int64(len(text))})
	_, _ = w.Write(text)
	_ = w.Close()
	_ = z.Close()
	return b.Bytes()
}

// Issue row 2: npm with scoped packages, whose names it writes as @scope%2fname.
func TestNPM(t *testing.T) {
	_, err := exec.LookPath("npm")
	packages.Need(t, err)
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	s := front(t, "npm", "registry.example.com", server.Listener.Addr().String(), false, kept)
	_, port, err := net.SplitHostPort(s.Gateway())
	if err != nil {
		t.Fatal(err)
	}
	base := "http://registry.example.com:" + port
	handler = registry(base)
	dir, cache := t.TempDir(), t.TempDir()
	config := fmt.Sprintf("@acme:registry=%[1]s/\n@globex:registry=%[1]s/\n//registry.example.com:%[2]s/:_authToken=%[3]s\naudit=false\nfund=false\nupdate-notifier=false\nfetch-retries=0\ncache=%[4]s\n",
		base, port, s.Token(t, "registry", "ada"), cache)
	write(t, filepath.Join(dir, ".npmrc"), config)
	write(t, filepath.Join(dir, "package.json"), `{"name":"@acme/app","version":"2.0.0","description":"x"}`)
	npm := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "npm", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "NODE_OPTIONS=--require "+path(t, "testdata/hosts.cjs"))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	install := []string{"install", "--ignore-scripts"}
	for i := range times(500) / 2 {
		install = append(install, fmt.Sprintf("@acme/part-%d.js", i))
	}
	for _, args := range [][]string{{"view", "@acme/web.site", "version"}, install, {"publish"}} {
		if out, err := npm(args...); err != nil {
			t.Errorf("npm %s: %v\n%s", args[0], err, out)
		}
	}
	if out, err := npm("view", "@globex/web.site", "version"); err == nil || !strings.Contains(out, "E403") {
		t.Errorf("twin: npm view of a foreign package: %v\n%s", err, out)
	}
	denied(t, s, 1)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
