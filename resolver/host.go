package resolver

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// readHost sets the canonical host. A host header, which the proxy usually
// folds into the authority, must agree with it.
func readHost(req *rules.Request, raw *rules.RawRequest) error {
	host, ok := CanonicalHost(raw.Host)
	if !ok {
		return rules.Faultf(rules.AmbiguousHost, "%.200q is not a host", raw.Host)
	}
	for i := range raw.Headers {
		if raw.Headers[i].Name != "host" {
			continue
		}
		if also, ok := CanonicalHost(raw.Headers[i].Value); !ok || also != host {
			return rules.Faultf(rules.AmbiguousHost, "the host header %.200q differs from %.200q", raw.Headers[i].Value, raw.Host)
		}
	}
	req.Host = host
	return nil
}

// CanonicalHost returns an authority's host in the form that map lines and
// listeners use: lower-case, without port and without one trailing dot; an IPv6
// literal keeps its brackets and has its shortest form. It reports false for
// what is no single host: user information, lists, spaces, zones, empty labels.
func CanonicalHost(authority string) (string, bool) {
	if strings.HasPrefix(authority, "[") {
		return canonicalIPv6(authority)
	}
	host, port, has := strings.Cut(authority, ":")
	if has && !validPort(port) {
		return "", false
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" || len(host) > 253 {
		return "", false
	}
	upper, label := false, 0
	for i := range len(host) {
		switch c := host[i]; {
		case c == '.':
			if label == 0 {
				return "", false
			}
			label = 0
			continue
		case 'A' <= c && c <= 'Z':
			upper = true
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return "", false
		}
		label++
	}
	if label == 0 {
		return "", false
	}
	if upper {
		host = strings.ToLower(host)
	}
	return host, true
}

func canonicalIPv6(authority string) (string, bool) {
	literal, rest, ok := strings.Cut(authority[1:], "]")
	if !ok || rest != "" && (rest[0] != ':' || !validPort(rest[1:])) {
		return "", false
	}
	ip, err := netip.ParseAddr(literal)
	if err != nil || !ip.Is6() || ip.Zone() != "" {
		return "", false
	}
	return "[" + ip.String() + "]", true
}

func validPort(port string) bool {
	if port == "" || len(port) > 5 {
		return false
	}
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' {
			return false
		}
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 1 && n <= 65535
}
