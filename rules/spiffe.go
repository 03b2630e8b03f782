package rules

import "strings"

const (
	spiffePrefix   = "spiffe://"
	maxSPIFFE      = 2048 // bytes
	maxTrustDomain = 255
)

// TrustDomain returns the trust domain of a workload's SPIFFE ID, ok false for
// anything else. It is stricter than a URL parser: one ID, one spelling (SPIFFE
// ID specification, sections 2.1 and 2.2). A trust domain alone, without a path,
// is no workload. It is the one grammar for peers and for what rules name.
func TrustDomain(id string) (domain string, ok bool) {
	rest, ok := strings.CutPrefix(id, spiffePrefix)
	if !ok || len(id) > maxSPIFFE {
		return "", false
	}
	domain, path, ok := strings.Cut(rest, "/")
	if !ok || !ValidTrustDomain(domain) {
		return "", false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." || !only(segment, pathByte) {
			return "", false
		}
	}
	return domain, true
}

// ValidTrustDomain reports whether a trust domain has no port, no user and no
// upper case.
func ValidTrustDomain(domain string) bool {
	return domain != "" && len(domain) <= maxTrustDomain && only(domain, domainByte)
}

func only(text string, fits func(byte) bool) bool {
	for i := range len(text) {
		if !fits(text[i]) {
			return false
		}
	}
	return true
}

func domainByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_'
}

func pathByte(c byte) bool { return domainByte(c) || c >= 'A' && c <= 'Z' }
