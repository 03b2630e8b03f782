package main

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/extauthz"
	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// Defaults of the configuration; docs/configuration.md lists them.
const (
	defaultObjects  = 100_000
	defaultTokens   = 10_000
	defaultTTL      = 30 * time.Second
	defaultInFlight = 1024
	defaultBody     = 60 << 10
	leastBytes      = 1 << 20
	maxBody         = 4 << 20 // well below what one gRPC message may hold
	defaultBuffer   = 8192
	maxDeadline     = 200 * time.Millisecond
	defaultDrain    = 5 * time.Second
	defaultTimeout  = 20 * time.Second
)

var (
	headerName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	sourceName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]*$`)
)

// check reports what the shape of the file cannot say. What the other packages
// check for themselves (issuers' URLs, TLS files) is left to them.
func (c *config) check(ms *rules.Mistakes) {
	top := rules.Pos{File: c.file.Path, Line: 1, Col: 1}
	if len(c.Rules) == 0 {
		ms.AddHint(top, "add rules: [./rules]", "no rules directory")
	}
	if len(c.Listen.GRPC) == 0 {
		ms.AddHint(top, "add listen: { grpc: [ { address: 127.0.0.1:9191, serves: [api.example.com] } ] }", "no gRPC listener")
	}
	for _, l := range c.Listen.GRPC {
		l.check(ms)
	}
	if admin := c.Listen.Admin; admin.V != "" && !extauthz.Loopback(admin.V) {
		ms.AddHint(admin.Pos, "use 127.0.0.1:9192; a kubelet has its own listener, probe", "the admin listener %q is not on loopback", admin.V)
	}
	c.checkIssuers(ms)
	c.checkSubjects(ms)
	c.checkOrigins(ms)
	c.Peer.check(ms)
	for _, e := range c.Catalogs {
		if !sourceName.MatchString(e.Key) {
			ms.Add(e.Pos, "a catalog's name is letters, digits, - and _, found %q", e.Key)
		}
		e.V.check(e, c.dir, ms)
	}
	for _, h := range c.Headers.Managed {
		if !headerName.MatchString(h.V) || rules.NeverSettable(h.V) {
			ms.AddHint(h.Pos, "lower-case letters, digits and -; no header that frames or routes the request", "a managed header's name cannot be %q", h.V)
		}
	}
	c.checkGuards(ms)
	c.checkRulesGuard(ms)
	c.checkWords(ms)
	c.checkControl(ms)
}

// checkControl lets nobody change anything who is not known.
func (c *config) checkControl(ms *rules.Mistakes) {
	socket, address, tls := c.Control.Socket, c.Control.Address, c.Control.TLS
	if tls != nil {
		tls.check(ms)
	}
	switch {
	case tls != nil && address.V == "":
		ms.AddHint(tls.Pos, "add address: host:port", "control.tls without an address")
	case address.V != "" && tls == nil:
		ms.AddHint(address.Pos, "add tls: { cert, key, client_ca, client_sans }, or take a socket",
			"control.address needs mTLS with allowed client SANs, on loopback too: any process of this machine can connect there")
	case strings.HasPrefix(address.V, "unix:"):
		ms.AddHint(address.Pos, "socket: ./state/control.sock", "control.address is host:port, found %q", address.V)
	case strings.HasPrefix(socket.V, "unix:"):
		ms.AddHint(socket.Pos, "the path alone", "control.socket is a path, found %q", socket.V)
	}
	for _, at := range []rules.At[string]{socket, address} {
		switch {
		case at.Pos != (rules.Pos{}) && at.V == "":
			ms.Add(at.Pos, "a value without anything in it")
		case at.V != "" && c.StateDir.V == "":
			ms.AddHint(at.Pos, "add state_dir: ./state", "control needs a state_dir: what is revoked must survive a restart")
		}
	}
	if at := c.Control.Pos; at != (rules.Pos{}) && socket.Pos == (rules.Pos{}) && address.Pos == (rules.Pos{}) && tls == nil {
		ms.AddHint(at, "say socket or address, or leave the key out", "control without anything in it")
	}
	if r := c.Revocations; r.Pos != (rules.Pos{}) && r.File.V == "" {
		at := r.Pos
		if r.File.Pos != (rules.Pos{}) {
			at = r.File.Pos
		}
		ms.AddHint(at, "file: ./revoked.yaml", "revocations without a file")
	}
}

func (t *tlsConfig) check(ms *rules.Mistakes) {
	if t.Cert.V == "" || t.Key.V == "" || t.ClientCA.V == "" || len(t.ClientSANs) == 0 {
		ms.AddHint(t.Pos, "cert, key, client_ca and client_sans: who may ask is part of it", "tls needs all four of its keys")
	}
	for _, san := range t.ClientSANs {
		if hint := sanFault(san.V); hint != "" {
			ms.AddHint(san.Pos, hint, "client_sans: no certificate can be let in by %q", san.V)
		}
	}
}

var dnsName = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)

// sanFault tells what to write instead of a SAN that names nobody, "" if it names
// somebody: it is compared whole with the URIs and DNS names of a certificate.
func sanFault(san string) string {
	if strings.Contains(san, "*") {
		return "each name by itself: * stands for nothing but itself"
	}
	if strings.Contains(san, "://") {
		if u, err := url.Parse(san); err != nil || u.String() != san || u.Host == "" {
			return "a URI as it is in the certificate, such as spiffe://example.com/ops/oncall"
		}
		return ""
	}
	_, err := netip.ParseAddr(san)
	switch {
	case err == nil:
		return "a URI or a DNS name: addresses are not compared"
	case dnsName.MatchString(strings.ToLower(san)) && san != strings.ToLower(san):
		return "a DNS name in lower case: " + strings.ToLower(san)
	case !dnsName.MatchString(san):
		return "a URI, or a DNS name such as envoy.example.com"
	}
	return ""
}

func (l *grpcListen) check(ms *rules.Mistakes) {
	if l.Address.V == "" {
		ms.AddHint(l.Pos, "add address: 127.0.0.1:9191 or unix:/run/tiergate.sock", "a listener without an address")
	}
	if len(l.Serves) == 0 {
		ms.AddHint(l.Pos, "add serves: [api.example.com]; a listener answers only for the hosts it names", "a listener that serves no host")
	}
	for _, h := range l.Serves {
		name := strings.TrimPrefix(h.V, "*.")
		if canonical, ok := resolver.CanonicalHost(name); !ok || canonical != name {
			ms.AddHint(h.Pos, "a lower-case host name without port, or *.name for all below it", "no host %q", h.V)
		}
	}
	if l.TLS != nil {
		l.TLS.check(ms)
	}
	if l.TLS == nil && !strings.HasPrefix(l.Address.V, "unix:") && !extauthz.Loopback(l.Address.V) {
		ms.AddHint(l.Address.Pos, "add tls: { cert, key, client_ca, client_sans } or listen on 127.0.0.1",
			"a listener off loopback needs mTLS with allowed client SANs")
	}
}

func (c *config) checkIssuers(ms *rules.Mistakes) {
	names := map[string]rules.Pos{}
	for _, i := range c.Issuers {
		if i.Name.V == "" {
			ms.Add(i.Pos, "an issuer without a name")
		} else if at, dup := names[i.Name.V]; dup {
			ms.Add(i.Name.Pos, "issuer %q is already defined at %v", i.Name.V, at)
		}
		names[i.Name.V] = i.Name.Pos
		if i.Issuer.V == "" && i.TrustDomain.V == "" {
			ms.Add(i.Pos, "issuer %q has no issuer: the exact iss of its tokens", i.Name.V)
		}
		if len(i.Audience) == 0 {
			ms.AddHint(i.Pos, "add audience: [your-api]; without it any token of this issuer would pass", "issuer %q has no audience", i.Name.V)
		}
		ways := 0
		for _, set := range []bool{i.JWKS.URL.V != "", i.JWKS.Discovery, i.JWKS.File.V != "", i.JWKS.Bundle.V} {
			if set {
				ways++
			}
		}
		if ways != 1 {
			ms.AddHint(i.Pos, "jwks: { url: … }, { discovery: true }, { file: … } or, for a trust domain, { bundle: true }", "issuer %q needs exactly one source of keys, found %d", i.Name.V, ways)
		}
		i.checkTokens(ms)
		c.checkTrustDomain(&i, ms)
		i.checkBinding(ms)
		if i.Skew.V < 0 || i.Skew.V > 300*time.Second {
			ms.Add(i.Skew.Pos, "skew is at most 300s, found %v", i.Skew.V)
		}
	}
}

// checkTokens checks what an issuer's tokens are said to be.
func (i *issuerConfig) checkTokens(ms *rules.Mistakes) {
	if p := i.Profile; p.V != "" && !slices.Contains(identity.Profiles(), p.V) {
		ms.AddHint(p.Pos, "one of "+strings.Join(identity.Profiles(), ", "), "unknown profile %q", p.V)
	}
	for _, e := range i.Claims {
		if !slices.ContainsFunc(i.MayAssert, func(m rules.Entry[rules.KindDecl]) bool { return m.Key == e.Key }) {
			ms.AddHint(e.Pos, "add it to may_assert with its kind", "claims says where %q is, which may_assert does not name", e.Key)
		}
	}
}

// checkWords checks the settings that are one of a few words, and the ranges of numbers.
func (c *config) checkWords(ms *rules.Mistakes) {
	oneOf := func(w rules.At[string], words ...string) {
		if w.V != "" && !slices.Contains(words, w.V) {
			ms.AddHint(w.Pos, "one of "+strings.Join(words, ", "), "unknown value %q", w.V)
		}
	}
	oneOf(c.ClientIP.From, "source", "x-envoy-external-address", "xff")
	oneOf(c.Audit.Mode, "best_effort", "required")
	for _, i := range c.Issuers {
		oneOf(i.JWKS.EmptyKeySet, "keep", "withdraw")
		for _, d := range []rules.At[time.Duration]{i.MaxLifetime, i.MaxAge} {
			if d.Pos != (rules.Pos{}) && d.V <= 0 { // 0 would be no limit at all
				ms.AddHint(d.Pos, "leave it out for no limit", "issuer %q: want more than 0, found %v", i.Name.V, d.V)
			}
		}
	}
	if hops := c.ClientIP.Hops; c.ClientIP.From.V != "xff" && hops.Pos != (rules.Pos{}) {
		ms.AddHint(hops.Pos, "add from: xff, or remove hops", "hops mean something only with from: xff")
	}
	if c.Audit.Mode.V == "required" && c.Audit.File.V == "" {
		ms.AddHint(c.Audit.Mode.Pos, "add file: ./decisions.jsonl", "records are required, but there is no file to write them to")
	}
	if w := c.Drain.Wait; w.V < 0 {
		ms.Add(w.Pos, "drain.wait is not below 0, found %v", w.V)
	}
	if d := c.Drain.Timeout; d.Pos != (rules.Pos{}) && d.V <= 0 {
		ms.Add(d.Pos, "drain.timeout is more than 0, found %v", d.V)
	}
	if b := c.Limits.Body; b.Pos != (rules.Pos{}) && (b.V < 1 || b.V > maxBody) {
		ms.AddHint(b.Pos, "keep it below Envoy's max_request_bytes", "limits.body is 1 byte to 4MiB, found %d bytes", b.V)
	}
	if c.ClientIP.From.V == "xff" && c.ClientIP.Hops.V < 1 {
		ms.AddHint(c.ClientIP.From.Pos, "add hops: 1, the number of proxies in front that you trust", "client_ip from xff needs hops")
	}
	if d := c.Limits.Deadline; d.V != "" && d.V != "auto" {
		if v, err := time.ParseDuration(d.V); err != nil || v <= 0 {
			ms.AddHint(d.Pos, "auto, or a duration such as 50ms", "no deadline %q", d.V)
		}
	}
	positive := func(n rules.At[int], what string) {
		if n.Pos != (rules.Pos{}) && n.V < 1 {
			ms.Add(n.Pos, "%s must be at least 1, found %d", what, n.V)
		}
	}
	positive(c.Limits.InFlight, "limits.in_flight")
	positive(c.Cache.Objects, "cache.objects")
	positive(c.Cache.Tokens, "cache.tokens")
	if b := c.Cache.Bytes; b.Pos != (rules.Pos{}) && b.V < leastBytes {
		ms.Add(b.Pos, "cache.bytes is at least 1MiB, found %d bytes", b.V)
	}
	positive(c.Audit.Buffer, "audit.buffer")
}

// deadline is the bound on one Check. The server also keeps to 0.8 of what
// Envoy's own deadline leaves.
func (c *config) deadline() time.Duration {
	if v, err := time.ParseDuration(c.Limits.Deadline.V); err == nil {
		return v
	}
	return maxDeadline
}
