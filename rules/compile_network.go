package rules

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
)

// networks reads the ranges from which a caller may come; of says for what. A list that holds
// every address limits nothing, however it is cut up.
func (c *compiler) networks(list Strings, of string) (out []netip.Prefix) {
	for _, at := range list {
		if p, ok := c.network(at); ok {
			out = append(out, p)
		}
	}
	for _, family := range families {
		switch {
		case shareOf(family.all, out) == 1:
			c.ms.AddHint(list[0].Pos, "leave network out, then any will do", "the networks of %s together are all %s addresses there are", of, family.name)
		case shareOf(family.used, out) > 0.5:
			c.warnings.AddHint(list[0].Pos, "name the ranges that it comes from", "the networks of %s together are more than half of the %s addresses in use", of, family.name)
		}
	}
	for _, all := range embedded {
		if shareOf(all, out) > 0.5 {
			c.warnings.AddHint(list[0].Pos, "name the ranges that it comes from", "the networks of %s hold more than half of %v, in which stand all IPv4 addresses", of, all)
		}
	}
	return out
}

// families are the two kinds of addresses, and which of them anybody is given: of
// IPv6 an eighth (RFC 4291, section 2.4, and IANA's registry).
var families = []struct {
	name      string
	all, used netip.Prefix
}{
	{"IPv4", netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("0.0.0.0/0")},
	{"IPv6", netip.MustParsePrefix("::/0"), netip.MustParsePrefix("2000::/3")},
}

// embedded are the ranges of IPv6 whose last 32 bits are any IPv4 address: that of
// translators (RFC 6052 section 2.1) and the deprecated one (RFC 4291 section 2.5.5.1).
var embedded = []netip.Prefix{netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("::/96")}

// shareOf returns which part of a range the others cover together, 0 to 1. What
// misses 1 by less than a float64 can tell, one address of IPv6 for example, is 1.
func shareOf(all netip.Prefix, ranges []netip.Prefix) (share float64) {
	sorted := slices.SortedFunc(slices.Values(ranges), func(a, b netip.Prefix) int { return a.Bits() - b.Bits() })
	var counted []netip.Prefix // ranges are disjoint, or one is within the other
	for _, p := range sorted {
		switch {
		case p.Addr().BitLen() != all.Addr().BitLen() || slices.ContainsFunc(counted, p.Overlaps) || !p.Overlaps(all):
		case p.Bits() <= all.Bits():
			return 1
		default:
			counted = append(counted, p)
			share += math.Exp2(float64(all.Bits() - p.Bits()))
		}
	}
	return share
}

func (c *compiler) network(at At[string]) (netip.Prefix, bool) {
	p, problem, hint := parseNetwork(at.V)
	switch {
	case problem != "":
		c.ms.AddHint(at.Pos, hint, "%s", problem)
	case p.Bits() == 0:
		c.ms.AddHint(at.Pos, "leave network out, then any will do", "the network %q is all addresses there are", at.V)
	default:
		return p, true
	}
	return p, false
}

// parseNetwork reads a range of addresses. One that is IPv4 in the form of IPv6 is IPv4:
// so are the addresses that are compared with it.
func parseNetwork(text string) (p netip.Prefix, problem, hint string) {
	p, err := netip.ParsePrefix(text)
	if addr, alone := netip.ParseAddr(text); alone == nil && addr.Zone() == "" {
		return p, fmt.Sprintf("a network is a range, %q is one address", text), netip.PrefixFrom(addr, addr.BitLen()).String()
	}
	if strings.Contains(text, "%") {
		return p, fmt.Sprintf("the network %q has a zone, which only one machine understands", text), "a range without a zone, such as fe80::/64"
	}
	if err != nil {
		return p, fmt.Sprintf("no network %q", text), "such as 10.0.0.0/8 or 2001:db8::/32"
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return p, fmt.Sprintf("the network %q is partly IPv4 and partly IPv6", text), ""
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	if p.Bits() > 0 && p != p.Masked() {
		return p, fmt.Sprintf("the network %q has bits behind its length", text), p.Masked().String()
	}
	return p, "", ""
}
