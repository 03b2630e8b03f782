package oracle

import (
	"net/http"
	"testing"
)

func TestText(t *testing.T) {
	body := `{"a":1}`
	for _, row := range []struct {
		name  string
		req   Request
		token string
		want  string
	}{
		{"nothing", Request{Method: "GET", Host: "a", Target: "//x/../y?z"}, "", "GET //x/../y?z HTTP/1.1\r\nHost: a\r\nX-Oracle-Request: 7\r\n\r\n"},
		{"a token", Request{Method: "GET", Host: "a", Target: "/"}, "t", "GET / HTTP/1.1\r\nHost: a\r\nX-Oracle-Request: 7\r\nAuthorization: Bearer t\r\n\r\n"},
		{"another credential", Request{Method: "GET", Host: "a", Target: "/", Auth: "Basic x"}, "", "GET / HTTP/1.1\r\nHost: a\r\nX-Oracle-Request: 7\r\nAuthorization: Basic x\r\n\r\n"},
		{"a body", Request{Method: "PUT", Host: "a", Target: "/", Headers: []Header{{"x_a", "1"}}, Body: &body}, "", "PUT / HTTP/1.1\r\nHost: a\r\nX-Oracle-Request: 7\r\nx_a: 1\r\nContent-Length: 7\r\n\r\n{\"a\":1}"},
	} {
		if got := text(7, &row.req, credential{token: row.token}); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

// The client and the upstream alone, without a proxy between them.
func TestWireAndUpstream(t *testing.T) {
	u := startUpstream()
	defer u.server.Close()
	c := &wire{plain: u.addr(), conns: map[string]*conn{}}
	defer c.close()
	for n, r := range []*Request{
		{Method: "GET", Host: "a", Target: "//b/%61?c"},
		{Method: "HEAD", Host: "a", Target: "/", Headers: []Header{{"x-tiergate-decision", "d"}, {"x-tiergate-decision", "e"}}},
		{Method: "GET", Host: "a", Target: "/last"},
	} {
		if n == 2 {
			u.server.CloseClientConnections() // the next request opens a new one
		}
		got, err := c.send(t.Context(), n, r, credential{})
		if err != nil || got.Status != http.StatusOK {
			t.Fatalf("request %d: got %d and %v", n, got.Status, err)
		}
	}
	hits := u.all()
	if len(hits) != 3 || len(c.conns) != 1 {
		t.Fatalf("got %d hits over %d connections, want 3 over 1", len(hits), len(c.conns))
	}
	if hits[0].Number != 0 || hits[0].Target != "//b/%61?c" || len(hits[0].Decisions) != 0 || len(hits[1].Decisions) != 2 {
		t.Errorf("got %+v", hits)
	}
}
