package extauthz

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// crowd opens n connections, says the same on each and leaves them so.
func crowd(t *testing.T, n int, addr net.Addr, say string) []net.Conn {
	t.Helper()
	all := make([]net.Conn, n)
	for i := range all {
		c, err := net.Dial(addr.Network(), addr.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		io.WriteString(c, say)
		all[i] = c
	}
	return all
}

// dropped reports whether the server has closed a connection.
func dropped(c net.Conn) bool {
	c.SetReadDeadline(time.Now().Add(time.Millisecond))
	for {
		if _, err := c.Read(make([]byte, 4<<10)); err != nil {
			return !errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
}

const (
	halfHeader = "GET / HTTP/1.1\r\nhost: control\r\nx-"
	halfBody   = "POST / HTTP/1.1\r\nhost: control\r\ncontent-length: 100\r\n\r\n{"
	wholeGET   = "GET / HTTP/1.1\r\nhost: control\r\n\r\n"
)

// Whoever can reach the port cannot keep operators out, and gets no further
// than before itself.
func TestStrangersCannotShutOperatorsOut(t *testing.T) {
	ca, foreign := newAuthority(t), newAuthority(t)
	s := start(t, controlled(t, Control{Address: "127.0.0.1:0", TLS: tlsFolder(t, ca, time.Now().Add(time.Hour))}))
	addr := s.ControlAddrs()[0]
	url := "https://" + addr.String() + "/"

	early := &http.Transport{TLSClientConfig: ca.client(t, ca, gateway), ForceAttemptHTTP2: true}
	t.Cleanup(early.CloseIdleConnections)
	reused := false
	ask := func() (int, error) {
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }})
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return 0, err
		}
		resp, err := early.RoundTrip(req)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
		return resp.StatusCode, err
	}
	if status, err := ask(); status != 200 || err != nil {
		t.Fatalf("before the crowd: %d, %v", status, err)
	}
	for name, say := range map[string]string{"that say nothing": "", "that say half a hello": "\x16\x03\x01\x02\x00\x01\x00"} {
		crowd(t, maxControl+maxUnproven, addr, say)
		who, status, err := getAs(t, &http.Transport{TLSClientConfig: ca.client(t, ca, gateway), ForceAttemptHTTP2: true}, url)
		if err != nil || status != 200 || who != gateway {
			t.Errorf("an operator beside strangers %s: %q, %d, %v", name, who, status, err)
		}
		for twin, config := range map[string]*tls.Config{"no certificate": ca.client(t, ca, ""), "another authority's": foreign.client(t, ca, gateway)} {
			if who, _, err := getAs(t, &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}, url); err == nil {
				t.Errorf("%s beside strangers %s: let in as %q", twin, name, who)
			}
		}
		if status, err := ask(); status != 200 || err != nil || !reused {
			t.Errorf("an operator who was there before strangers %s: %d, %v; on the same connection: %v", name, status, err, reused)
		}
	}
}

// A handshake that does not come to an end ends.
func TestHandshakesHaveADeadline(t *testing.T) {
	ca := newAuthority(t)
	s, err := New(controlled(t, Control{Address: "127.0.0.1:0", TLS: tlsFolder(t, ca, time.Now().Add(time.Hour))}))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range s.admin {
		if a.name == controlName {
			if a.server.ReadHeaderTimeout != controlPatience {
				t.Errorf("handshakes and headers have %v, want %v", a.server.ReadHeaderTimeout, controlPatience)
			}
			a.server.ReadHeaderTimeout = 20 * time.Millisecond
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for _, c := range crowd(t, 3, s.ControlAddrs()[0], "") {
		c.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a stranger was let stay: %v", err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A process of our own user that sends half of what it should, or nothing
// more, cannot keep operators out, however often.
func TestHalfRequestsCannotShutOperatorsOut(t *testing.T) {
	for name, say := range map[string]string{
		"nothing": "", "half a header": halfHeader, "half a body": halfBody, "a whole request, and keeps the connection": wholeGET,
		"a second header by halves": wholeGET + halfHeader,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state", "control.sock")
			s := start(t, controlled(t, Control{Socket: path}))
			for range 2 {
				all := crowd(t, 400, s.ControlAddrs()[0], say)
				who, status, err := getAs(t, overSocket(path), "http://anything.example/")
				if err != nil || status != 200 || who == "" {
					t.Errorf("an operator: %q, %d, %v", who, status, err)
				}
				eventually(t, func() bool { return countDropped(all) >= len(all)-maxControl })
			}
		})
	}
}

func countDropped(all []net.Conn) int {
	n := 0
	for _, c := range all {
		if dropped(c) {
			n++
		}
	}
	return n
}

// A request that came whole is answered, whoever comes meanwhile: it is the
// newcomers that find no place.
func TestWhatIsAnsweredIsNotDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "control.sock")
	o := controlled(t, Control{Socket: path})
	entered, answer := make(chan struct{}, maxControl), make(chan struct{})
	o.Control.Handler = func(w http.ResponseWriter, r *http.Request, who string) {
		text, err := io.ReadAll(r.Body)
		if r.Method == http.MethodPost && string(text) != "asked" || err != nil {
			t.Errorf("the handler was given %q, %v", text, err)
		}
		entered <- struct{}{}
		<-answer
		tellWho(w, r, who)
	}
	s := start(t, o)
	said := make(chan error, maxControl)
	for range maxControl {
		go func() {
			tr := overSocket(path)
			defer tr.CloseIdleConnections()
			resp, err := (&http.Client{Transport: tr, Timeout: time.Minute}).Post("http://control/", "", strings.NewReader("asked"))
			if err == nil {
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					err = fmt.Errorf("status %d", resp.StatusCode)
				}
			}
			said <- err
		}()
	}
	for range maxControl {
		<-entered
	}
	late := crowd(t, 3, s.ControlAddrs()[0], halfHeader)
	eventually(t, func() bool { return countDropped(late) == len(late) })
	close(answer)
	for range maxControl {
		if err := <-said; err != nil {
			t.Errorf("a request under way: %v", err)
		}
	}
	if _, status, err := getAs(t, overSocket(path), "http://control/"); status != 200 || err != nil {
		t.Errorf("afterwards: %d, %v", status, err)
	}
}
