package main

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// request is the raw request that the proxy would describe.
func (a *asked) request(c *config) (*rules.RawRequest, error) {
	u, err := url.Parse(a.url)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("no URL %q, want https://host/path", a.url)
	}
	// The path as it was typed: url.Parse would decode and clean it.
	_, rest, _ := strings.Cut(a.url, "://")
	path := "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		if path = rest[i:]; path[0] == '?' {
			path = "/" + path
		}
	}
	raw := &rules.RawRequest{
		ID: "explain", Now: time.Now(), Serves: c.serves(),
		Method: a.method, Path: path, RawPath: path, Exact: true, Host: u.Host,
		Principal: a.peer,
	}
	if a.at != "" {
		if raw.Now, err = time.Parse(time.RFC3339, a.at); err != nil {
			return nil, fmt.Errorf("no time %q, want 2027-01-31T12:00:00Z", a.at)
		}
	}
	if raw.Source, err = netip.ParseAddr(a.source); err != nil || raw.Source.Zone() != "" {
		return nil, fmt.Errorf("no address %q, want one such as 192.0.2.7 or 2001:db8::7, without a zone", a.source)
	}
	for _, h := range a.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return nil, fmt.Errorf("no header %q, want name: value", h)
		}
		raw.Headers = append(raw.Headers, rules.Header{Name: strings.ToLower(strings.TrimSpace(name)), Value: strings.TrimSpace(value)})
	}
	if a.token != "" {
		raw.Headers = append(raw.Headers, rules.Header{Name: "authorization", Value: "Bearer " + a.token})
	}
	return raw, a.addBody(raw)
}

// addBody adds a body as the proxy sends one that it buffered whole.
func (a *asked) addBody(raw *rules.RawRequest) error {
	if a.body == "" {
		return nil
	}
	body, err := readFileArgument(a.body)
	if err != nil {
		return err
	}
	raw.Body, raw.Size = body, int64(len(body))
	has := func(name string) bool {
		return slices.ContainsFunc(raw.Headers, func(h rules.Header) bool { return h.Name == name })
	}
	for _, h := range []rules.Header{
		{Name: "content-type", Value: "application/json"},
		{Name: "content-length", Value: strconv.Itoa(len(body))},
		{Name: "x-envoy-auth-partial-body", Value: "false"},
	} {
		if !has(h.Name) {
			raw.Headers = append(raw.Headers, h)
		}
	}
	return nil
}

func (c *config) serves() *rules.HostSet {
	var hosts []string
	for _, l := range c.Listen.GRPC {
		hosts = append(hosts, l.Serves.Values()...)
	}
	return rules.NewHostSet(hosts...)
}
