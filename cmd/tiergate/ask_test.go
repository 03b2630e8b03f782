package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// replica is one that spoils its first connections and then answers.
type replica struct {
	net.Listener
	spoilt int
	spoil  func(net.Conn)
}

func (r *replica) Accept() (net.Conn, error) {
	for {
		c, err := r.Listener.Accept()
		if err != nil || r.spoilt == 0 {
			return c, err
		}
		r.spoilt--
		r.spoil(c)
	}
}

// hearing keeps what the replica was sent.
type hearing struct {
	mu     sync.Mutex
	bodies []string
}

func (a *hearing) heard(r *http.Request) (before int) {
	text, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bodies = append(a.bodies, strings.TrimSpace(string(text)))
	return len(a.bodies) - 1
}

const ackText = `{"epoch":7,"entry":{"id":"x-1"}}`

// serving answers what answer says, over TLS if it should, on connections that
// spoil leaves alone.
func (a *hearing) serving(t *testing.T, secure bool, spoilt int, spoil func(net.Conn), answer http.HandlerFunc) *peer {
	t.Helper()
	if answer == nil {
		answer = func(w http.ResponseWriter, r *http.Request) {
			a.heard(r)
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusCreated)
			}
			io.WriteString(w, ackText)
		}
	}
	s := httptest.NewUnstartedServer(answer)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Listener = &replica{s.Listener, spoilt, spoil}
	transport := &http.Transport{}
	if s.EnableHTTP2 = secure; secure {
		s.StartTLS()
		transport = s.Client().Transport.(*http.Transport).Clone()
		transport.TLSHandshakeTimeout = 0 // as peer has it
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	t.Cleanup(transport.CloseIdleConnections)
	return peerAt("there", s.URL, transport)
}

// peerAt is asked again at once.
func peerAt(name, base string, t *http.Transport) *peer {
	p := (&replicas{timeout: time.Minute}).at(name, base, t)
	p.wait = func(context.Context, time.Duration) {}
	return p
}

func closes(c net.Conn) { c.Close() }

func resets(c net.Conn) {
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

// A replica that breaks off before it has answered is asked again, for the same thing.
func TestAskAgainUntilThereIsAnAnswer(t *testing.T) {
	for _, c := range []struct {
		name   string
		secure bool
		spoil  func(net.Conn)
	}{
		{"closed", false, closes},
		{"reset", false, resets},
		{"closed in the handshake", true, closes},
		{"reset in the handshake", true, resets},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &hearing{}
			replies := peerList{a.serving(t, c.secure, 2, c.spoil, nil)}.tell(t.Context(), "POST", "/v1/revocations", map[string]string{"id": "x-1"})
			if r := replies[0]; r.Error != "" || r.Epoch != 7 || r.ID != "x-1" {
				t.Errorf("%+v", r)
			}
			if want := []string{`{"id":"x-1"}`}; !slices.Equal(a.bodies, want) {
				t.Errorf("the replica heard %q, want %q", a.bodies, want)
			}
		})
	}
}

// A replica that is beset takes its time for a handshake: who breaks one off comes
// to stand behind all others, so it is waited for, on one connection, until the time
// for the whole answer is over.
func TestAskWaitsForALongHandshake(t *testing.T) {
	began := make(chan net.Conn, 8)
	p := new(hearing).serving(t, true, 8, func(c net.Conn) { began <- c }, nil)
	p.timeout = 2 * time.Second // to connect
	_, err := p.ask(t.Context(), "POST", "/", nil)
	if err == nil || !strings.Contains(err.Error(), "no answer within 2s") || len(began) != 1 {
		t.Errorf("%v, over %d connections", err, len(began))
	}
	for range len(began) {
		(<-began).Close()
	}
	if transport := overTLS(&tls.Config{}); transport.TLSHandshakeTimeout != 0 {
		t.Errorf("a handshake has %v", transport.TLSHandshakeTimeout)
	}
}

// What it was asked for and has not answered is the same the next time: it has an id.
func TestAskAgainForTheSame(t *testing.T) {
	a := &hearing{}
	p := a.serving(t, false, 0, nil, func(w http.ResponseWriter, r *http.Request) {
		if a.heard(r) == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, ackText)
	})
	text, err := p.ask(t.Context(), "POST", "/", revokeRequest{ID: "x-1", Because: "test"})
	if err != nil || string(text) != ackText || len(a.bodies) != 2 || a.bodies[0] != a.bodies[1] || !strings.Contains(a.bodies[0], `"id":"x-1"`) {
		t.Errorf("%q, %v; heard %q", text, err, a.bodies)
	}
}

// An answer is final, whatever it says; so is that one does not trust the other.
func TestAskNobodyAgainWhoHasAnswered(t *testing.T) {
	for status, want := range map[int]string{404: "it answered 404", 409: "it answered 409", 429: "it answered 429", 500: "it answered 500", 503: "it answered 503", 307: "it answered 307"} {
		a := &hearing{}
		p := a.serving(t, false, 0, nil, func(w http.ResponseWriter, r *http.Request) {
			a.heard(r)
			w.Header().Set("location", "/")
			w.WriteHeader(status)
		})
		if _, err := p.ask(t.Context(), "POST", "/", nil); err == nil || !strings.Contains(err.Error(), want) || len(a.bodies) != 1 {
			t.Errorf("%d: %v after %d requests", status, err, len(a.bodies))
		}
	}
	tries := 0
	counted := func(p *peer) *peer {
		tries, p.wait = 0, func(context.Context, time.Duration) { tries++ }
		return p
	}
	a := &hearing{}
	p := counted(a.serving(t, true, 0, nil, nil))
	p.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
	if _, err := p.ask(t.Context(), "POST", "/", nil); err == nil || !strings.Contains(err.Error(), "certificate") || tries != 0 {
		t.Errorf("of an authority that we do not know: %v, asked again %d times", err, tries)
	}
	gone := &replicas{timeout: 5 * time.Second}
	p, err := gone.peer("unix:" + filepath.Join(t.TempDir(), "gone.sock"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := counted(p).ask(t.Context(), "POST", "/", nil); err == nil || !strings.Contains(err.Error(), "no such file") || tries != 0 {
		t.Errorf("no socket: %v, asked again %d times", err, tries)
	}
}

// A replica that is just starting is waited for, ever longer.
func TestAskAgainWhoIsStarting(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	a := &hearing{}
	transport := &http.Transport{}
	p := peerAt("there", "http://"+addr, transport)
	var pauses []time.Duration
	p.wait = func(_ context.Context, pause time.Duration) {
		if pauses = append(pauses, pause); len(pauses) < 7 {
			return
		}
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a.heard(r)
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, ackText)
		}))
		s.Listener.Close()
		if s.Listener, err = net.Listen("tcp", addr); err != nil {
			t.Errorf("the port is taken meanwhile: %v", err)
			s.Listener, _ = net.Listen("tcp", "127.0.0.1:0")
		}
		s.Start()
		t.Cleanup(s.Close)
		t.Cleanup(transport.CloseIdleConnections)
	}
	if text, err := p.ask(t.Context(), "POST", "/", nil); err != nil || string(text) != ackText || len(a.bodies) != 1 {
		t.Errorf("%q, %v after %d requests", text, err, len(a.bodies))
	}
	const ms = time.Millisecond
	if want := []time.Duration{50 * ms, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1000 * ms, 1000 * ms}; !slices.Equal(pauses, want) {
		t.Errorf("pauses %v, want %v", pauses, want)
	}
}

// The time is for all of it, and what was last wrong is said.
func TestAskWithinItsTime(t *testing.T) {
	a := &hearing{}
	p := a.serving(t, false, 1<<30, closes, nil)
	p.timeout = 2 * time.Second
	p.wait = func(ctx context.Context, _ time.Duration) { <-ctx.Done() }
	if _, err := p.ask(t.Context(), "POST", "/", nil); err == nil || !strings.Contains(err.Error(), "(asked once within 2s)") {
		t.Errorf("one that breaks off again and again: %v", err)
	}
	silent := make(chan struct{})
	p = a.serving(t, false, 0, nil, func(http.ResponseWriter, *http.Request) { <-silent })
	p.timeout = 50 * time.Millisecond
	if _, err := p.ask(t.Context(), "POST", "/", nil); err == nil || err.Error() != "no answer within 50ms" {
		t.Errorf("one that does not answer: %v", err)
	}
	close(silent)
}

// Whoever takes back what may be taken back already is told so.
func TestAskAgainForWhatMayBeDone(t *testing.T) {
	for _, c := range []struct {
		name, method string
		cut          bool
		want         string
	}{
		{"broken off", "DELETE", true, "it was asked before, broke off, and may have done it then"},
		{"not broken off", "DELETE", false, ""},
		{"nothing to do", "GET", true, ""},
	} {
		a := &hearing{}
		p := a.serving(t, false, 0, nil, func(w http.ResponseWriter, r *http.Request) {
			if a.heard(r) == 0 && c.cut {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(http.StatusNotFound)
		})
		_, err := p.ask(t.Context(), c.method, "/", nil)
		if err == nil || !strings.HasPrefix(err.Error(), "it answered 404") || strings.Contains(err.Error(), "may have done") != (c.want != "") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestWhatIsAskedAgain(t *testing.T) {
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", err)}
	}
	for _, c := range []struct {
		err                 error
		unanswered, unheard bool
	}{
		{dial(syscall.ECONNREFUSED), true, true},
		{dial(syscall.EAGAIN), true, true}, // too many want to connect
		{dial(syscall.ETIMEDOUT), true, true},
		{&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, true, false},
		{&net.OpError{Op: "write", Err: os.NewSyscallError("write", syscall.EPIPE)}, true, false},
		{io.EOF, true, false},
		{io.ErrUnexpectedEOF, true, false},
		{errors.New("http: server closed idle connection"), true, false},
		{dial(syscall.ENOENT), false, false},
		{dial(syscall.EACCES), false, false},
		{&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}, false, false},
		{&net.OpError{Op: "remote error", Err: tls.AlertError(42)}, false, false},
		{errors.New("there is no entry of this id"), false, false},
	} {
		if got := unanswered(c.err); got != c.unanswered {
			t.Errorf("%v: unanswered is %v", c.err, got)
		}
		if got := unheard(c.err); got != c.unheard {
			t.Errorf("%v: unheard is %v", c.err, got)
		}
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wait(ctx, time.Hour)
	wait(t.Context(), time.Microsecond)
}

// The last time counts, too.
func TestAskCountsEveryTime(t *testing.T) {
	for want, times := range map[string]int{"(asked once within 1m0s)": 1, "(asked 3 times within 1m0s)": 3} {
		ctx, cancel := context.WithCancel(t.Context())
		p := (&hearing{}).serving(t, false, 9, closes, nil)
		asked := 0
		p.wait = func(context.Context, time.Duration) {
			if asked++; asked == times {
				cancel()
			}
		}
		if _, err := p.ask(ctx, "GET", "/", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
