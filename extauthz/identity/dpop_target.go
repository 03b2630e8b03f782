package identity

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// normalTarget splits an absolute http or https URL without query and fragment
// into its origin and path, in the form that is the same for all spellings that
// RFC 3986 calls equal by syntax and by scheme (sections 6.2.2.1, 6.2.2.2 and
// 6.2.3): case of scheme and host, the default port, an empty path, escapes of
// letters and digits. Nothing is repaired: dot segments stay what they are.
func normalTarget(uri string) (origin, path string, err error) {
	if strings.ContainsAny(uri, "?#") { // RFC 9449 section 4.2: one that names a query promises more than we check
		return "", "", errors.New("it has a query or a fragment")
	}
	_, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return "", "", errors.New("it is not an absolute URL")
	}
	at := len(uri)
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		at -= len(rest) - slash
	}
	if origin, err = NormalOrigin(uri[:at]); err != nil {
		return "", "", err
	}
	if at == len(uri) {
		return origin, "/", nil
	}
	path, err = normalPath(uri[at:])
	return origin, path, err
}

// NormalOrigin returns an origin (scheme, host and port, nothing else) in the
// form in which origins are compared: lower-case and without a default port.
func NormalOrigin(text string) (string, error) {
	scheme, authority, ok := strings.Cut(text, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "https" && scheme != "http" {
		return "", errors.New("want https://host or http://host")
	}
	host, port := authority, ""
	if end := strings.LastIndexByte(authority, ']'); strings.HasPrefix(authority, "[") && end > 0 {
		host, port = authority[:end+1], authority[end+1:]
	} else if colon := strings.IndexByte(authority, ':'); colon >= 0 {
		host, port = authority[:colon], authority[colon:]
	}
	host, ok = normalHost(host)
	if !ok {
		return "", errors.New("it has no host that is a name or an address")
	}
	if port == "" {
		return scheme + "://" + host, nil
	}
	n, err := strconv.ParseUint(port[1:], 10, 16)
	if err != nil || port[0] != ':' || n == 0 || port[1] == '0' {
		return "", errors.New("its port is not a number from 1 to 65535")
	}
	if scheme == "https" && n == 443 || scheme == "http" && n == 80 {
		port = ""
	}
	return scheme + "://" + host + port, nil
}

// normalHost takes letters, digits, dots, dashes and underscores, and IPv6
// addresses in brackets: what requests can be for.
func normalHost(host string) (string, bool) {
	if literal, ok := strings.CutPrefix(host, "["); ok {
		ip, err := netip.ParseAddr(strings.TrimSuffix(literal, "]"))
		if err != nil || !ip.Is6() || ip.Zone() != "" {
			return "", false
		}
		return "[" + ip.String() + "]", true
	}
	for i := range len(host) {
		c := host[i]
		if !unreserved(c) || c == '~' {
			return "", false
		}
	}
	return strings.ToLower(host), host != ""
}

// normalPath writes escapes of unreserved bytes as these, and all others in
// capitals (RFC 3986 sections 6.2.2.1 and 6.2.2.2).
func normalPath(path string) (string, error) {
	var b strings.Builder
	b.Grow(len(path))
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case c <= ' ' || c >= 0x7f || c == '?' || c == '#':
			return "", errors.New("the path has a byte that must be escaped")
		case c != '%':
			b.WriteByte(c)
			continue
		case i+2 >= len(path):
			return "", errors.New("the path ends within an escape")
		}
		escaped, err := strconv.ParseUint(path[i+1:i+3], 16, 8)
		if err != nil {
			return "", errors.New("the path has a bad escape")
		}
		i += 2
		if unreserved(byte(escaped)) {
			b.WriteByte(byte(escaped))
		} else {
			b.WriteString(strings.ToUpper(path[i-2 : i+1]))
		}
	}
	return b.String(), nil
}

// unreserved is RFC 3986 section 2.3.
func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}
