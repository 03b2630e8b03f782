package stacks

import (
	"fmt"
	"strings"
)

// request is one to be sent, in parts that are spelt already.
type request struct {
	stack   string // the host
	lax     bool   // through the Envoy that normalises little
	method  string
	path    string
	query   []string // joined by &
	header  []string // lines
	kind    string   // content type, "" for none
	body    string
	chunks  bool     // the body's length is not said
	carrier int      // of its ids
	odd     []string // what was done to it; a legitimate request has none
}

// text is the request as it goes over the wire.
func (r *request) text(token string) string {
	var b strings.Builder
	b.Grow(512)
	b.WriteString(r.method + " " + r.path)
	if len(r.query) > 0 {
		b.WriteString("?" + strings.Join(r.query, "&"))
	}
	fmt.Fprintf(&b, " HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", r.stack, token)
	for _, line := range r.header {
		b.WriteString(line + "\r\n")
	}
	if r.kind != "" {
		b.WriteString("Content-Type: " + r.kind + "\r\n")
	}
	switch {
	case r.body == "" && r.method == "GET":
		b.WriteString("\r\n")
	case r.chunks && r.body != "":
		fmt.Fprintf(&b, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(r.body), r.body)
	default:
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(r.body), r.body)
	}
	return b.String()
}

// String is the request for a report.
func (r *request) String() string {
	proxy := "hardened"
	if r.lax {
		proxy = "base"
	}
	return fmt.Sprintf("through %s, %v:\n%q", proxy, r.odd, r.text("…"))
}
