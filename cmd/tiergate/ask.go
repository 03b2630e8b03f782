package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/tiergate/tiergate/extauthz/revocation"
)

// attempt bounds connecting: what gets no answer must leave time to try again. A
// TLS handshake has all the time that the replica has to answer: where many want to
// be heard, whoever breaks off and comes again stands behind all of them.
const attempt = 3 * time.Second

// Pauses before a replica is asked again: the first, which doubles, and the longest.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = time.Second
)

// ask returns what the replica answers. Where it cannot be reached, or breaks off
// before it has answered, it is asked again until its time is over: it may be
// starting, or beset by others. Asking twice changes nothing twice, as the
// request names the entry.
func (p *peer) ask(ctx context.Context, method, path string, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	var last error // of the tries that got no answer
	maybe := false // one of them may have been heard
	for tries, pause := 1, firstPause; ; tries, pause = tries+1, min(2*pause, maxPause) {
		text, err := p.once(ctx, method, path, body)
		switch {
		case err == nil:
			return text, nil
		case ctx.Err() != nil && last != nil:
			return nil, p.gaveUp(last, tries)
		case ctx.Err() != nil:
			return nil, fmt.Errorf("no answer within %v", p.timeout)
		case !unanswered(err) && maybe:
			return nil, fmt.Errorf("%w (it was asked before, broke off, and may have done it then)", err)
		case !unanswered(err):
			return nil, err
		}
		last, maybe = err, maybe || method != http.MethodGet && !unheard(err)
		if p.wait(ctx, pause); ctx.Err() != nil {
			return nil, p.gaveUp(last, tries)
		}
	}
}

func (p *peer) gaveUp(last error, tries int) error {
	if tries == 1 {
		return fmt.Errorf("%w (asked once within %v)", last, p.timeout)
	}
	return fmt.Errorf("%w (asked %d times within %v)", last, tries, p.timeout)
}

// wait returns after a pause, or when ctx ends.
func wait(ctx context.Context, pause time.Duration) {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// unanswered says that the replica gave no answer, and may give one when it is
// asked again. That we do not trust it, or it does not trust us, is an answer.
func unanswered(err error) bool {
	for _, is := range []error{syscall.ECONNRESET, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, is) {
			return true
		}
	}
	return unheard(err) || strings.Contains(err.Error(), "server closed idle connection") // net/http has no name for it
}

// unheard says that the replica was not even asked.
func unheard(err error) bool {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return true
	}
	// Connecting alone has a bound of its own. To a socket with too many who want to
	// connect, the system says to try later: EAGAIN is one, too.
	late, ok := errors.AsType[net.Error](err)
	return ok && late.Timeout()
}

// maxAnswer is more than a list of as many entries as there can be takes.
const maxAnswer = 256 << 20

func (p *peer) once(ctx context.Context, method, path string, body any) ([]byte, error) {
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, &sent)
	if err != nil {
		return nil, err
	}
	req.Header.Set("content-type", "application/json")
	resp, err := p.client.Do(req)
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // without the URL, in which a socket is called control
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	want := http.StatusOK
	if method == http.MethodPost {
		want = http.StatusCreated
	}
	if resp.StatusCode == want {
		return text, nil
	}
	var refusal revocation.Problem
	if json.Unmarshal(text, &refusal) == nil && refusal.Detail != "" {
		return nil, errors.New(refusal.Detail)
	}
	return nil, fmt.Errorf("it answered %s", resp.Status)
}
