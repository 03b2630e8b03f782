package resolver

import (
	"net/netip"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// ClientIPFrom says where the client's address is taken from.
type ClientIPFrom uint8

// The sources of the client's address.
const (
	FromSource          ClientIPFrom = iota // the direct peer of the proxy
	FromExternalAddress                     // x-envoy-external-address
	FromXFF                                 // x-forwarded-for, as written by trusted proxies
)

// ClientIP is `client_ip:` of the configuration. Hops counts the entries at the
// right end of x-forwarded-for that trusted proxies wrote: the leftmost of them
// is the client. Both headers are only as good as the proxy that sets them.
type ClientIP struct {
	From ClientIPFrom
	Hops int
}

// of returns the client's address, or the zero Addr where the headers do not
// give one: what reads it then finds it absent.
func (c ClientIP) of(req *rules.Request) netip.Addr {
	switch c.From {
	case FromSource:
		return req.Source
	case FromExternalAddress:
		v, _ := req.Header("x-envoy-external-address")
		return parseIP(v)
	case FromXFF:
		return c.forwarded(req)
	}
	return netip.Addr{}
}

// forwarded walks x-forwarded-for from its right end; several headers are one list.
func (c ClientIP) forwarded(req *rules.Request) netip.Addr {
	left := c.Hops
	for i := len(req.Headers) - 1; i >= 0 && left > 0; i-- {
		if req.Headers[i].Name != "x-forwarded-for" {
			continue
		}
		list, more := req.Headers[i].Value, true
		for more && left > 0 {
			var entry string
			at := strings.LastIndexByte(list, ',')
			if more = at >= 0; more {
				list, entry = list[:at], list[at+1:]
			} else {
				entry = list
			}
			if left--; left == 0 {
				return parseIP(strings.Trim(entry, " \t"))
			}
		}
	}
	return netip.Addr{}
}

func parseIP(s string) netip.Addr {
	ip, _ := netip.ParseAddr(s) // the zero Addr when it is none
	return unzoned(ip)
}

// unzoned returns an address as it is compared: IPv4 as IPv4, however it came, and
// none where there is a zone. What a zone means only the machine knows that wrote
// it, so two addresses that differ in it alone may be two clients or one.
func unzoned(ip netip.Addr) netip.Addr {
	if ip.Zone() != "" {
		return netip.Addr{}
	}
	return ip.Unmap()
}
