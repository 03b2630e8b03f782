package stacks

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/e2e"
)

// workers send at once, each on connections of its own, which stay open.
const workers = 16

// attempts are how often a request is sent whose answer was that some part was too
// busy: the machine must not decide how a run ends.
const attempts = 4

// patience is how long an answer may take. A request whose length is a lie has none.
const patience = 10 * time.Second

// seen is what came of a request: the report of the stack behind, if it was reached
// and understood it.
type seen struct {
	number   uint64
	status   int
	decision string
	report   *report
}

// sender sends the requests of a run.
type sender struct {
	seed     uint64
	gateways map[bool]string // lax -> host:port
	token    string
	next     atomic.Uint64
	count    uint64
	got      func(*request, seen) // called from one goroutine at a time
	mu       sync.Mutex
}

func (s *sender) run(ctx context.Context) error {
	var wait sync.WaitGroup
	errs := make(chan error, workers)
	for range workers {
		wait.Go(func() { errs <- s.work(ctx) })
	}
	wait.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sender) work(ctx context.Context) error {
	lines := map[bool]*line{}
	defer func() {
		for _, l := range lines {
			l.conn.Close() //nolint:errcheck // all answers were read
		}
	}()
	for ctx.Err() == nil {
		n := s.next.Add(1) - 1
		if n >= s.count {
			return nil
		}
		q := generate(s.seed, n)
		out, err := s.send(ctx, lines, q)
		for again := 1; err == nil && out.status == http.StatusServiceUnavailable && again < attempts; again++ {
			out, err = s.send(ctx, lines, q)
		}
		if err != nil {
			return err
		}
		out.number = n
		s.mu.Lock()
		s.got(q, out)
		s.mu.Unlock()
	}
	return ctx.Err()
}

// send sends q on the open connection to its gateway, or on a new one.
func (s *sender) send(ctx context.Context, lines map[bool]*line, q *request) (seen, error) {
	l := lines[q.lax]
	if l == nil {
		var err error
		if l, err = dial(ctx, s.gateways[q.lax]); err != nil {
			return seen{}, err
		}
		lines[q.lax] = l
	}
	out, open := l.send(q, s.token)
	if !open {
		l.conn.Close() //nolint:errcheck // the other end has closed it, or will not answer
		delete(lines, q.lax)
	}
	return out, nil
}

// line is a connection on which requests follow each other.
type line struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(ctx context.Context, addr string) (*line, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &line{conn, bufio.NewReader(conn)}, nil
}

// send sends a request, byte for byte, and reports whether the connection may be
// used again.
func (l *line) send(q *request, token string) (out seen, open bool) {
	if err := l.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return out, false
	}
	if _, err := io.WriteString(l.conn, q.text(token)); err != nil {
		return out, false
	}
	resp, err := l.answer(q.method)
	if err != nil {
		return out, false
	}
	defer resp.Body.Close() //nolint:errcheck // it is read to its end
	body, err := io.ReadAll(resp.Body)
	out.status = resp.StatusCode
	out.decision = resp.Header.Get(e2e.DecisionHeader)
	if err != nil {
		return out, false
	}
	var r report
	if resp.StatusCode == http.StatusOK && strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") && json.Unmarshal(body, &r) == nil && r.Action != "" {
		out.report = &r
	}
	// What is odd may leave the end of the request in doubt, and with it where the next one begins.
	return out, !resp.Close && (len(q.odd) == 0 || !doubtful(q))
}

// answer is the final one: 100 only says that the body may come, which it did.
func (l *line) answer(method string) (*http.Response, error) {
	for {
		resp, err := http.ReadResponse(l.in, &http.Request{Method: method})
		if err != nil || resp.StatusCode != http.StatusContinue {
			return resp, err
		}
	}
}

// doubtful is a request behind which another one might be read as its body.
func doubtful(q *request) bool {
	for _, b := range []byte(q.path) {
		if b <= ' ' || b >= 0x7f {
			return true
		}
	}
	return q.body != "" || q.method != "GET" || len(q.header) > 0
}
