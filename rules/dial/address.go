package dial

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Metadata services of cloud providers that are not link-local, and the prefix
// that wraps IPv4 addresses for translation.
var (
	metadataAddresses = []netip.Addr{
		netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("192.0.0.192"),
		netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd20:ce::254"), netip.MustParseAddr("fd00:c1::a9fe:a9fe"),
	}
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

// CheckAddress refuses to dial what no server of ours ever is and a stolen
// DNS name would like to reach.
func CheckAddress(address string, loopbackOnly bool) error {
	dialed, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", address, err)
	}
	if neverServer(dialed.Addr()) || loopbackOnly && !dialed.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("dial %s: this address is refused", address)
	}
	return nil
}

// neverServer reports whether an address is link-local, of a metadata service,
// multicast or none at all, however it is wrapped.
func neverServer(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if nat64.Contains(ip) {
		b := ip.As16()
		ip = netip.AddrFrom4([4]byte(b[12:]))
	}
	return ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || slices.Contains(metadataAddresses, ip)
}

// CheckProxied refuses hosts that a proxy must not be asked for. It resolves
// names out of our sight, so only what is written can be judged: addresses in
// every spelling that resolvers take for one, and the name that a cloud gives to
// its metadata service. That the certificate must fit the host does the rest.
func CheckProxied(host string) error {
	bare := strings.TrimSuffix(strings.ToLower(host), ".")
	ip, err := netip.ParseAddr(bare)
	switch last := bare[strings.LastIndexByte(bare, '.')+1:]; {
	case err == nil && (neverServer(ip) || ip.Unmap().IsLoopback()):
		return fmt.Errorf("%s through a proxy: this address is refused", host)
	case err != nil && (last == "" || last[0] >= '0' && last[0] <= '9'): // 0xa9fea9fe, 2852039166, 169.254.43518
		return fmt.Errorf("%s through a proxy: an address in a spelling that is refused", clip(host))
	case bare == "metadata.google.internal" || bare == "localhost" || strings.HasSuffix(bare, ".localhost"):
		return fmt.Errorf("%s through a proxy: this host is refused", host)
	}
	return nil
}
