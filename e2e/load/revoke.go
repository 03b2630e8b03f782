package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/idp"
)

// Revoke is one run of rounds, each of which revokes a token that is in use, while
// other callers go on.
type Revoke struct {
	Rounds      int     // by each of the two ways
	PerSecond   float64 // of the good traffic
	Connections int
	Senders     int // requests of the good traffic in flight at most
}

// Way is what revoking in one way has shown.
type Way struct {
	Denied  *hdrhistogram.Histogram // µs from the start to the answer that denies
	Acked   *hdrhistogram.Histogram // µs from the start to the acknowledgement
	Allowed int                     // checks that were sent after the acknowledgement and still allowed
}

func newWay() *Way {
	return &Way{hdrhistogram.New(1, 60_000_000, 3), hdrhistogram.New(1, 60_000_000, 3), 0}
}

// RevokeResult is what a run found: by the command, whose start is part of it,
// and by its request alone.
type RevokeResult struct {
	Command, Request *Way
	Good             *Result
}

// Revoke runs r against the stage. The good traffic must stay as it is: each
// round has a token of its own.
func (s *Stage) Revoke(ctx context.Context, r Revoke) (*RevokeResult, error) {
	if r.Rounds < 1 || r.PerSecond <= 0 || r.Connections < 1 || r.Senders < 1 {
		return nil, fmt.Errorf("load: revoke %+v: want more than 0 of each", r)
	}
	victims, err := s.victims(2 * r.Rounds)
	if err != nil {
		return nil, err
	}
	asked, err := GRPC(s.Tiergate.GRPC, 1, victims)
	if err != nil {
		return nil, err
	}
	defer asked.Close()
	good, err := GRPC(s.Tiergate.GRPC, r.Connections, s.Requests)
	if err != nil {
		return nil, err
	}
	defer good.Close()
	if w := Once(ctx, good, s.Requests); w.Failed+w.Wrong > 0 {
		return nil, fmt.Errorf("warm-up: %d failed, %d wrong answers: %w", w.Failed, w.Wrong, w.FirstError)
	}
	loaded, stop := context.WithCancel(ctx)
	defer stop()
	type outcome struct {
		r   *Result
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		r, err := Open(loaded, good, s.Requests, Rate{PerSecond: r.PerSecond, Duration: 10 * time.Minute, Count: 1 << 20, Senders: r.Senders})
		done <- outcome{r, err}
	}()
	out := &RevokeResult{Command: newWay(), Request: newWay()}
	err = s.rounds(ctx, r.Rounds, asked, out)
	stop()
	o := <-done
	out.Good = o.r
	return out, errors.Join(err, o.err)
}

// rounds takes the two ways in turn: whatever else the machine does hits both.
func (s *Stage) rounds(ctx context.Context, n int, asked Target, out *RevokeResult) error {
	client := s.control()
	defer client.CloseIdleConnections()
	for i := range 2 * n {
		way, revoke := out.Command, s.byCommand
		if i%2 == 1 {
			way, revoke = out.Request, func(ctx context.Context, id string) error { return byRequest(ctx, client, id) }
		}
		if err := round(ctx, asked, i, way, revoke); err != nil {
			return fmt.Errorf("round %d: %w", i, err)
		}
	}
	return nil
}

// round asks for one token again and again until it is denied, and revokes it meanwhile.
func round(ctx context.Context, asked Target, i int, way *Way, revoke func(context.Context, string) error) error {
	for range 3 { // the cache knows it then
		if allowed, err := asked.Send(ctx, i); err != nil || !allowed {
			return fmt.Errorf("allowed is %v before it is revoked: %w", allowed, err)
		}
	}
	var acked atomic.Bool
	start := time.Now()
	done := make(chan error, 1)
	go func() {
		err := revoke(ctx, tokenID(i))
		took := time.Since(start)
		acked.Store(true)
		if err == nil {
			err = way.Acked.RecordValue(took.Microseconds())
		}
		done <- err
	}()
	limit := start.Add(timeout)
	for {
		after := acked.Load()
		allowed, err := asked.Send(ctx, i)
		switch {
		case err == nil && !allowed:
			took := time.Since(start)
			return errors.Join(<-done, way.Denied.RecordValue(took.Microseconds()))
		case err == nil && after:
			way.Allowed++
		}
		if err != nil || time.Now().After(limit) {
			return errors.Join(<-done, err, fmt.Errorf("not denied within %v", timeout))
		}
	}
}

func tokenID(i int) string { return fmt.Sprintf("round-%d", i) }

// victims are requests for an account of the first customer's, each with a token
// of its own.
func (s *Stage) victims(n int) ([]Request, error) {
	out := make([]Request, n)
	for i := range out {
		token, err := s.world.Mint(e2e.Token{Claims: idp.Claims{
			"sub": customer(0), "client_id": "web", "scope": "openid profile accounts", "jti": tokenID(i), "exp": time.Now().Add(idp.Lifetime).Unix(),
		}})
		if err != nil {
			return nil, err
		}
		out[i] = s.Requests[0]
		out[i].Token = token
	}
	return out, nil
}

// byCommand runs the command that operators run.
func (s *Stage) byCommand(ctx context.Context, id string) error {
	said, err := exec.CommandContext(ctx, s.program, "revoke", "-c", s.Tiergate.Config,
		"--issuer", "corp", "--token-id", id, "--because", "lab").CombinedOutput()
	if err != nil {
		return fmt.Errorf("tiergate revoke: %w: %s", err, said)
	}
	return nil
}

// controlSocket is where the stage's tiergate is told what is revoked, below the
// directory of its configuration.
const controlSocket = "control/control.sock"

func (s *Stage) control() *http.Client {
	path := filepath.Join(filepath.Dir(s.Tiergate.Config), controlSocket)
	return &http.Client{Timeout: timeout, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
}

// byRequest sends what the command sends.
func byRequest(ctx context.Context, client *http.Client, id string) error {
	body := fmt.Appendf(nil, `{"by":{"issuer":"corp","token_id":%q},"because":"lab"}`, id)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control/v1/revocations", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("content-type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	said, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusCreated {
		err = fmt.Errorf("control: %s: %s", resp.Status, said)
	}
	return err
}
