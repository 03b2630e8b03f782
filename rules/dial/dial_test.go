package dial

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// More addresses, hosts and URLs stand in the tests of extauthz/identity, which
// reaches its providers this way.
func TestTransportReachesLoopbackAndNoMetadataService(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for _, c := range []struct {
		url, refused string
	}{
		{server.URL, ""},
		{"http://169.254.169.254/", "this address is refused"},
		{"http://[::ffff:169.254.169.254]/", "this address is refused"},
		{"http://203.0.113.1/", "this address is refused"}, // not loopback
	} {
		transport := Transport(true)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: %v, want %q", c.url, err, c.refused)
		}
		transport.CloseIdleConnections()
	}
}

func TestProxy(t *testing.T) {
	for raw, want := range map[string]string{
		"http://proxy.example.com:3128": "", "http://[::1]:3128/": "", "https://proxy:3128": "want http://host:port", "proxy:3128": "want http://host:port",
		"http://": "want http://host:port", "http://u:secret@proxy:3128": "has a user", "http://proxy:3128/x": "want http://host:port",
	} {
		_, err := Proxy(raw)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: %v, want %q", raw, err, want)
		}
	}
}

func TestRootsNeedACertificate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ca.pem")
	if _, err := Roots(path); err == nil {
		t.Error("no file was taken")
	}
	if err := os.WriteFile(path, []byte("-----BEGIN CERTIFICATE-----"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Roots(path); err == nil || !strings.Contains(err.Error(), "no certificate in") {
		t.Errorf("a file without one: %v", err)
	}
}
