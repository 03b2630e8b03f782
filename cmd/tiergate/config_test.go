package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/rules"
)

// configKeys are all keys that a configuration can have.
func configKeys() []string {
	keys := map[string]bool{}
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		switch t.Kind() { //nolint:exhaustive // every other kind is a leaf
		case reflect.Slice, reflect.Pointer, reflect.Map:
			walk(t.Elem())
		case reflect.Struct:
			for i := range t.NumField() {
				f := t.Field(i)
				if key := f.Tag.Get("yaml"); key != "" {
					keys[key] = true
				}
				if f.Type != t && f.IsExported() {
					walk(f.Type)
				}
			}
		}
	}
	walk(reflect.TypeFor[config]())
	var out []string
	for k := range keys {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

const good = `listen:
  grpc: [ { address: 127.0.0.1:9191, serves: [shop.example.com] } ]
  admin: 127.0.0.1:9192
rules: [./rules]
issuers:
  - { name: corp, issuer: https://idp.example.com, audience: [shop], jwks: { discovery: true } }
`

func loadText(t *testing.T, text string) (*config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiergate.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return loadConfig(path)
}

// Each row is the good configuration with one change.
func TestConfigMistakesNameTheKey(t *testing.T) {
	if _, err := loadText(t, good); err != nil {
		t.Fatalf("the good configuration: %v", err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"off loopback without TLS", "127.0.0.1:9191", "0.0.0.0:9191", `:2:22: a listener off loopback needs mTLS`},
		{"by name", "127.0.0.1:9191", "tiergate:9191", `off loopback needs mTLS`},
		{"admin off loopback", "127.0.0.1:9192", ":9192", `:3:10: the admin listener ":9192" is not on loopback`},
		{"M5 a CR alone", "rules: [./rules]", "rules: [./rules]\r# quiet", `:4:17: the character U+000D ends a line for YAML`},
		{"M5 NEL", "rules: [./rules]", "rules: [./rules] # quiet\u0085", `:4:25: the character U+0085 ends a line for YAML`},
		{"no host", "[shop.example.com]", "[]", `serves no host`},
		{"a host with a port", "shop.example.com", `"shop.example.com:443"`, `no host "shop.example.com:443"`},
		{"an upper-case host", "shop.example.com", "Shop.example.com", `no host "Shop.example.com"`},
		{"no audience", "audience: [shop], ", "", `issuer "corp" has no audience`},
		{"no issuer", "issuer: https://idp.example.com, ", "", `has no issuer`},
		{"no keys", "discovery: true", "", `exactly one source of keys, found 0`},
		{"two sources of keys", "discovery: true", "discovery: true, file: k.json", `exactly one source of keys, found 2`},
		{"what an empty key set does", "discovery: true", "discovery: true, empty_key_set: drop", `:6:110: unknown value "drop"`},
		{"a misspelt proxy", "discovery: true", "discovery: true, proxie: http://proxy:3128", `proxie`},
		{"profile", "audience: [shop]", "audience: [shop], profile: oauth", `:6:79: unknown profile "oauth"`},
		{"a place of a claim that is not declared", "audience: [shop]", "audience: [shop], claims: { role: r }", `claims says where "role" is, which may_assert does not name`},
		{"a claim at no place", "audience: [shop]", "audience: [shop], may_assert: { role: string }, claims: { role: [] }", `a list without anything in it`},
		{"subjects without a catalog", "audience: [shop]", "audience: [shop], subjects: { absent: deny }", `subjects of issuer "corp" without a catalog`},
		{"subjects of a catalog that is not there", "audience: [shop]", "audience: [shop], subjects: { catalog: staff }", `no catalog is named "staff"`},
		{"absent in no known way", "audience: [shop]", "audience: [shop], subjects: { catalog: a, absent: allow }", `unknown value "allow"`},
		{"skew", "audience: [shop]", "audience: [shop], skew: 6m", `skew is at most 300s`},
		{"algorithms without one", "audience: [shop]", "audience: [shop], algorithms: []", `a list without anything in it`},
		{"trust domains without one", "rules:", "peer: { trust_domains: [] }\nrules:", `a list without anything in it`},
		{"client SANs without one", "serves: [shop.example.com]", "serves: [shop.example.com], tls: { cert: c, key: k, client_sans: [] }", `a list without anything in it`},
		{"a misspelt key", "admin:", "admni:", `unknown key "admni"`},
		{"no lifetime", "audience:", "max_lifetime: 0s, audience:", `issuer "corp": want more than 0, found 0s`},
		{"no age", "audience:", "max_age: 0s, audience:", `issuer "corp": want more than 0, found 0s`},
		{"introspection", "audience:", "introspection: { url: https://idp.example.com/i }, audience:", `"introspection" is not supported yet`},
		{"status lists", "audience:", "status_list: true, audience:", `"status_list" is not supported yet`},
		{"shared signals", "listen:", "ssf: { url: https://idp.example.com/s }\nlisten:", `"ssf" is not supported yet`},
		{"API keys", "listen:", "api_keys: { file: keys }\nlisten:", `"api_keys" is not supported yet`},
		{"no rules", "rules: [./rules]\n", "", `no rules directory`},
		{"a bad word", "rules:", "audit: { mode: sometimes }\nrules:", `unknown value "sometimes"`},
		{"a bad deadline", "rules:", "limits: { deadline: soon }\nrules:", `no deadline "soon"`},
		{"no checks in flight", "rules:", "limits: { in_flight: 0 }\nrules:", `limits.in_flight must be at least 1`},
		{"xff without hops", "rules:", "client_ip: { from: xff }\nrules:", `needs hops`},
		{"a managed header", "rules:", "headers: { managed: [X_Tenant] }\nrules:", `managed header's name cannot be "X_Tenant"`},
		{"a catalog without file", "rules:", "catalogs: { a: {} }\nrules:", `catalog "a" has no file`},
		{"hops without xff", "rules:", "client_ip: { hops: 2 }\nrules:", `hops mean something only with from: xff`},
		{"required records without a file", "rules:", "audit: { mode: required }\nrules:", `no file to write them to`},
		{"a managed header that frames", "rules:", "headers: { managed: [content-length] }\nrules:", `managed header's name cannot be "content-length"`},
		{"no body", "rules:", "limits: { body: 0 }\nrules:", `limits.body is 1 byte to 4MiB`},
		{"a body beyond a message", "rules:", "limits: { body: 5MiB }\nrules:", `limits.body is 1 byte to 4MiB`},
		{"a drain before it starts", "rules:", "drain: { wait: -1s }\nrules:", `drain.wait is not below 0`},
		{"no time to drain", "rules:", "drain: { timeout: 0s }\nrules:", `drain.timeout is more than 0`},
		{"TLS without who may ask", "serves:", "tls: { cert: c, key: k, client_ca: a }, serves:", `tls needs all four of its keys`},
		{"control on bare loopback", "rules:", "state_dir: s\ncontrol: { address: 127.0.0.1:9193 }\nrules:", `control.address needs mTLS with allowed client SANs, on loopback too`},
		{"control without state", "rules:", "control: { socket: s }\nrules:", `control needs a state_dir`},
		{"control TLS without who may ask", "rules:", "state_dir: s\ncontrol: { address: 127.0.0.1:9193, tls: { cert: c, key: k, client_ca: a } }\nrules:", `tls needs all four of its keys`},
		{"control TLS without an address", "rules:", "state_dir: s\ncontrol: { socket: s, tls: { cert: c, key: k, client_ca: a, client_sans: [x] } }\nrules:", `control.tls without an address`},
		{"a control address that is a socket", "rules:", "state_dir: s\ncontrol: { address: unix:/s, tls: { cert: c, key: k, client_ca: a, client_sans: [x] } }\nrules:", `control.address is host:port, found "unix:/s"`},
		{"a control socket that is an address", "rules:", "state_dir: s\ncontrol: { socket: unix:/s }\nrules:", `control.socket is a path, found "unix:/s"`},
		{"a control socket without a path", "rules:", "state_dir: s\ncontrol: { socket: \"\" }\nrules:", `a value without anything in it`},
		{"revocations without a file", "rules:", "revocations: { file: \"\" }\nrules:", `revocations without a file`},
		{"revocations without anything", "rules:", "revocations: {}\nrules:", `revocations without a file`},
		{"control without anything", "rules:", "control: {}\nrules:", `control without anything in it`},
		{"two documents", "rules:", "---\nrules:", `second document`},
		{"an alias", "[./rules]", "&r [./rules]", `anchors and aliases`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := loadText(t, strings.Replace(good, c.old, c.new, 1))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %q", err, c.want)
			}
		})
	}
}

// A catalog says who the subjects of one issuer are: the same name at another is
// somebody else.
func TestSubjectsAreOfOneIssuer(t *testing.T) {
	const two = `  - { name: corp, issuer: https://idp.example.com, audience: [shop], jwks: { discovery: true }, subjects: { catalog: a } }
  - { name: other, issuer: https://other.example.com, audience: [shop], jwks: { discovery: true }, subjects: { catalog: b, absent: claims } }
catalogs: { a: { file: a.csv }, b: { file: b.csv } }
`
	before, _, _ := strings.Cut(good, "  - { name: corp")
	text := before + two
	c, err := loadText(t, text)
	if err != nil {
		t.Fatal(err)
	}
	if env := c.env().Issuers; env["corp"].Subjects != (rules.SubjectsEnv{Catalog: "a"}) || env["other"].Subjects != (rules.SubjectsEnv{Catalog: "b", Trusts: true}) {
		t.Errorf("%+v", env)
	}
	_, err = loadText(t, strings.Replace(text, "catalog: b,", "catalog: a,", 1))
	if err == nil || !strings.Contains(err.Error(), `catalog "a" already says who the subjects of issuer "corp" are`) {
		t.Errorf("got %v", err)
	}
}

// TestConfigMayListNone: where none means none, it may be said.
func TestConfigMayListNone(t *testing.T) {
	text := strings.Replace(good, "audience: [shop]", "audience: [shop], may_assert: {}, fixed: {}", 1) +
		"catalogs: {}\ncache: { ttl: {} }\nheaders: { managed: [] }\n"
	if _, err := loadText(t, text); err != nil {
		t.Error(err)
	}
}

// A variable that was meant for the server and replaces nothing is a mistake; what
// others set for themselves is none.
func TestNoVariableIsMisspelt(t *testing.T) {
	for name, want := range map[string]string{
		"TIERGATE_LISTEN_ADMN": `did you mean "TIERGATE_LISTEN_ADMIN"?`, "TIERGATE_CONTROL_SOCKT": `did you mean "TIERGATE_CONTROL_SOCKET"?`,
		"TIERGATE_limits_in_flight": "no key of the configuration has this variable", "TIERGATE_WHATEVER": "such as TIERGATE_LISTEN_ADMIN",
		"TIERGATE_": "no key", "TIERGATE_RULES": "a list or a mapping has no variable", "TIERGATE_LISTEN": "a list or a mapping has no variable",
		"TIERGATE_CONTROL_TLS": "a list or a mapping has no variable", "TIERGATE_CONTROL_TLS_CERT": "no key", "TIERGATE_SERVICE": "no key", "TIERGATE_PORT_X": "no key",

		"TIERGATE_AUDIT_MODE": "", "TIERGATE_BIN": "", "TIERGATE_ENVOY": "", "TIERGATE_FULL": "", "TIERGATE_POSTGRES": "", "TIERGATEX": "", "XTIERGATE_RULES": "",
		"TIERGATE_SERVICE_HOST": "", "TIERGATE_SERVICE_PORT": "", "TIERGATE_SERVICE_PORT_GRPC": "", "TIERGATE_PORT": "", "TIERGATE_PORT_9191_TCP": "",
		"TIERGATE_PORT_9191_TCP_ADDR": "", "TIERGATE_CONTROL_SERVICE_HOST": "", "TIERGATE_CONTROL_PORT_9193_TCP_PROTO": "",
	} {
		var ms rules.Mistakes
		checkEnv([]string{name + "=x", "HOME=/", "PATH=TIERGATE_X="}, &ms)
		if want == "" && len(ms) != 0 || want != "" && (len(ms) != 1 || !strings.Contains(ms.Report(lines(nil)), want) || !strings.Contains(ms.Report(lines(nil)), "$"+name)) {
			t.Errorf("%s: %s, want %q", name, ms.Report(lines(nil)), want)
		}
	}
	t.Setenv("TIERGATE_LISTEN_ADMN", "127.0.0.1:1")
	if _, err := loadText(t, good); err == nil || !strings.Contains(err.Error(), "$TIERGATE_LISTEN_ADMN") {
		t.Errorf("got %v", err)
	}
}

// A SAN that no certificate can have lets nobody in, or was meant to let in many.
func TestClientSANsNameSomebody(t *testing.T) {
	const tls = "state_dir: s\ncontrol: { address: 127.0.0.1:9193, tls: { cert: c, key: k, client_ca: a, client_sans: [%q] } }\nrules:"
	for san, want := range map[string]string{
		"envoy": "", "envoy.example.com": "", "my_gw-1.example.com": "", "spiffe://example.com/ops/OnCall": "", "https://example.com/a?b=c": "", "1.example.com": "",
		"*": "* stands for nothing but itself", "*.example.com": "* stands for", "spiffe://example.com/*": "* stands for", "": "a URI, or a DNS name",
		" envoy": "a URI, or a DNS name", "envoy ": "a URI, or a DNS name", "a b": "a URI, or a DNS name", "Envoy.Example.com": "in lower case: envoy.example.com",
		"10.0.0.1": "addresses are not compared", "2001:db8::1": "addresses are not compared", "ops@example.com": "a URI, or a DNS name", "envoy.example.com.": "a URI, or a DNS name",
		"spiffe://": "a URI as it is", "spiffe://example.com/a b": "a URI as it is", "SPIFFE://example.com/a": "a URI as it is", " spiffe://example.com/a": "a URI as it is",
	} {
		_, err := loadText(t, strings.Replace(good, "rules:", fmt.Sprintf(tls, san), 1))
		var ms rules.Mistakes
		errors.As(err, &ms)
		if want == "" && err != nil || want != "" && !strings.Contains(ms.Report(lines(nil)), want) {
			t.Errorf("%q: %v, want %q", san, err, want)
		}
	}
}

func TestEnvironmentReplacesSingleValues(t *testing.T) {
	t.Setenv("TIERGATE_LISTEN_ADMIN", "127.0.0.1:1")
	t.Setenv("TIERGATE_LIMITS_IN_FLIGHT", "7")
	t.Setenv("TIERGATE_LIMITS_BODY", "2KiB")
	t.Setenv("TIERGATE_DRAIN_WAIT", "3s")
	c, err := loadText(t, good)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen.Admin.V != "127.0.0.1:1" || c.Limits.InFlight.V != 7 || c.Limits.Body.V != 2048 || c.Drain.Wait.V != 3*time.Second {
		t.Errorf("admin %q, in flight %d, body %d, wait %v", c.Listen.Admin.V, c.Limits.InFlight.V, c.Limits.Body.V, c.Drain.Wait.V)
	}
	if len(c.Rules) != 1 || c.Rules[0].V != "./rules" {
		t.Errorf("rules %v", c.Rules)
	}
	t.Setenv("TIERGATE_LIMITS_IN_FLIGHT", "many")
	if _, err := loadText(t, good); err == nil || !strings.Contains(err.Error(), "$TIERGATE_LIMITS_IN_FLIGHT") {
		t.Errorf("a bad variable: %v, want its name", err)
	}
}

func TestPathsStartAtTheFile(t *testing.T) {
	c := &config{dir: "/etc/tiergate"}
	for in, want := range map[string]string{"": "", "./rules": "/etc/tiergate/rules", "/srv/rules": "/srv/rules", "../x": "/etc/x"} {
		if got := c.path(in); got != want {
			t.Errorf("path(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]size{"0": 0, "65536": 65536, "60KiB": 60 << 10, "2MiB": 2 << 20, "1B": 1} {
		var s struct {
			A size `yaml:"a"`
		}
		if ms := rules.DecodeYAML("f", []byte("a: "+text), &s); len(ms) > 0 || s.A != want {
			t.Errorf("%s = %d, %v; want %d", text, s.A, ms, want)
		}
	}
	for _, text := range []string{"-1", "60KB", "1.5MiB", "KiB", "2048MiB", "[1]", "9999999999999999999"} {
		var s struct {
			A size `yaml:"a"`
		}
		if ms := rules.DecodeYAML("f", []byte("a: "+text), &s); len(ms) == 0 {
			t.Errorf("%s passed as %d bytes", text, s.A)
		}
	}
}

// What is written about an issuer's keys reaches those who fetch them, and a
// file's path starts at the configuration.
func TestKeysAreFetchedAsConfigured(t *testing.T) {
	text := strings.Replace(good, "discovery: true", "discovery: true, ca: ca.pem, proxy: http://proxy:3128, empty_key_set: withdraw, max_stale: 2h", 1)
	c, err := loadText(t, text)
	if err != nil {
		t.Fatal(err)
	}
	got := c.identityOptions(nil).Issuers[0].JWKS
	want := identity.JWKSConfig{
		Discovery: true, CA: filepath.Join(c.dir, "ca.pem"), Proxy: "http://proxy:3128", EmptyKeySet: "withdraw", MaxStale: 2 * time.Hour,
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
