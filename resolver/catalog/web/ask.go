package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// reply is an answer that says something about what was asked for: its status is
// 200, or one of 400 to 499 that is about the id.
type reply struct {
	status int
	body   []byte
}

const (
	mostTries  = 3
	firstPause = 25 * time.Millisecond
)

// failure is an answer, or none, that says nothing about what was asked for.
type failure struct {
	err   error
	again bool          // it may go better another time
	sent  bool          // the server may have begun to act on the request
	after time.Duration // that the server wants us to wait
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// ask sends a request, and again where that can help and there is time. body is
// nil for a GET. A POST goes again only where the server said that it did not take it.
func (s *Source) ask(ctx context.Context, address string, body []byte, who credentials) (reply, error) {
	pause := firstPause
	for try := 1; ; try++ {
		got, err := s.once(ctx, address, body, who)
		var f *failure
		if err == nil || !errors.As(err, &f) || !f.again || f.sent && body != nil || try == mostTries {
			return got, err
		}
		wait := max(f.after, pause/2+rand.N(pause)) //nolint:gosec // so that clients do not come together
		pause *= 2
		if until, ok := ctx.Deadline(); ok && time.Until(until) <= wait {
			return got, err // there would be no time for the answer
		}
		select {
		case <-ctx.Done():
			return got, err
		case <-time.After(wait):
		}
	}
}

func (s *Source) once(ctx context.Context, address string, body []byte, who credentials) (reply, error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return reply{}, ctx.Err()
	}
	req, err := request(ctx, address, body, who)
	if err != nil {
		return reply{}, err
	}
	through, err := s.client.to(req.URL)
	if err != nil {
		return reply{}, err
	}
	resp, err := through.RoundTrip(req) // not a Client: it would follow redirects, and keep cookies
	if err != nil {
		return reply{}, &failure{err: unnamed(err), again: ctx.Err() == nil, sent: true}
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return reply{}, &failure{err: wrongStatus(status), again: true, after: retryAfter(resp.Header)}
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		return reply{}, &failure{err: wrongStatus(status), again: true, sent: true}
	case status >= 300 && status < 400:
		return reply{}, fmt.Errorf("%w: redirects are refused", wrongStatus(status))
	case aboutUs(status), status >= 500, status < 200 || status > 200 && status < 300:
		return reply{}, wrongStatus(status)
	case status != http.StatusOK:
		return reply{status: status}, nil
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, s.options.MaxBody+1))
	if err != nil {
		return reply{}, &failure{err: unnamed(err), again: ctx.Err() == nil, sent: true}
	}
	return reply{http.StatusOK, text}, nil
}

func request(ctx context.Context, address string, body []byte, who credentials) (*http.Request, error) {
	method, from := http.MethodGet, io.Reader(nil)
	if body != nil {
		method, from = http.MethodPost, bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, from)
	if err != nil {
		return nil, errors.New("the URL is none")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "tiergate")
	if who.header != "" {
		req.Header.Set(who.header, who.value)
	}
	return req, nil
}

// aboutUs reports whether a status of 400 to 499 is about who asks or how often, and
// not about the id. Any other is about the id alone: who sends odd ones must not make
// the source look as if it failed.
func aboutUs(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusMisdirectedRequest, http.StatusTooEarly:
		return true
	}
	return false
}

func wrongStatus(status int) error { return fmt.Errorf("status %d", status) }

// retryAfter is how long the server wants us to wait (RFC 9110 section 10.2.3).
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 3600)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// unnamed takes the URL, with the id in it, out of an error.
func unnamed(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
