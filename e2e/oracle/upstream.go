package oracle

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
)

// numberHeader tells requests apart; it is nobody's but ours.
const numberHeader = "X-Oracle-Request"

const decisionHeader = "X-Tiergate-Decision"

// hit is a request that reached the upstream.
type hit struct {
	Number    int
	Decisions []string // values of the decision header
	Target    string
	Header    http.Header
}

// upstream is an API that believes everybody and writes everything down.
type upstream struct {
	server *httptest.Server
	mu     sync.Mutex
	hits   []hit
}

func startUpstream() *upstream {
	u := &upstream{}
	u.server = httptest.NewServer(u)
	return u
}

// ServeHTTP implements http.Handler.
func (u *upstream) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.Header.Get(numberHeader))
	if err != nil {
		n = -1
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.hits = append(u.hits, hit{n, r.Header[decisionHeader], r.RequestURI, r.Header})
}

func (u *upstream) addr() string { return u.server.Listener.(*net.TCPListener).Addr().String() }

// all returns the hits so far.
func (u *upstream) all() []hit {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]hit(nil), u.hits...)
}
