package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/envoy"
)

// Seen is what came of a call.
type Seen struct {
	Status  int
	Reached bool   // the bank did as it was told
	Lied    bool   // the bank saw the call's lie
	Why     string // the rule or reason of the decision; "" where tiergate was not asked

	target string   // of the last request that the bank saw
	owned  []string // the headers of tiergate that the bank saw, as "name: value"
}

// Play sends c through g to a bank in its opening state.
func (w *World) Play(ctx context.Context, g Gateway, c Call) (Seen, error) {
	r, err := w.credentialed(c)
	if err != nil {
		return Seen{}, err
	}
	w.Bank.Reset()
	resp, err := w.Send(ctx, g, c.Who.Peer, r)
	if err != nil {
		return Seen{}, err
	}
	seen := Seen{Status: resp.Status}
	arrived := w.Bank.Seen()
	seen.Reached = len(arrived) > 0
	for _, a := range arrived {
		seen.target = a.Target
		seen.owned = append(seen.owned, owned(a.Header)...)
		seen.Lied = seen.Lied || c.Lie != "" && contains(a.Header, c.Request, c.Lie)
	}
	if id := decisionID(resp.Header); id != "" && !g.Before {
		d, err := w.Tiergate.Decision(ctx, id)
		if err != nil {
			return Seen{}, err
		}
		seen.Why = d.Why()
	}
	return seen, nil
}

// credentialed returns the call's request with its token.
func (w *World) credentialed(c Call) (Request, error) {
	r := c.Request
	if c.Who.Token == nil {
		return r, nil
	}
	token, err := w.Mint(*c.Who.Token)
	if err != nil {
		return r, err
	}
	r.Header = append([]string{"Authorization: Bearer " + token}, r.Header...)
	return r, nil
}

// owned returns the headers that only tiergate may set, in order, without the
// decision's id, which differs each time.
func owned(h http.Header) []string {
	var found []string
	for name, values := range h {
		plain := strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(name))
		if !strings.HasPrefix(plain, "x-bank-") && !strings.HasPrefix(plain, "x-tiergate-") || name == DecisionHeader {
			continue
		}
		for _, v := range values {
			found = append(found, strings.ToLower(name)+": "+v)
		}
	}
	slices.Sort(found)
	return found
}

// contains reports whether the upstream saw the value that the client sent
// under name.
func contains(h http.Header, r Request, name string) bool {
	for _, line := range r.Header {
		key, value, _ := strings.Cut(line, ": ")
		if strings.EqualFold(key, name) {
			return slices.Contains(h[http.CanonicalHeaderKey(name)], value)
		}
	}
	return false
}

// CheckBefore says what is not as c expects behind jwt_authn, or "".
func (c Call) CheckBefore(seen Seen) string {
	switch {
	case c.Before == 0 && (!seen.Reached || seen.Status >= 300):
		return fmt.Sprintf("before: got %d, want it to reach the bank", seen.Status)
	case c.Before != 0 && (seen.Reached || seen.Status != c.Before):
		return fmt.Sprintf("before: got %d (reached the bank: %t), want %d", seen.Status, seen.Reached, c.Before)
	case c.Lie != "" && seen.Lied == c.Stripped:
		return fmt.Sprintf("before: the bank saw the client's %s: %t, want %t", c.Lie, seen.Lied, !c.Stripped)
	}
	return ""
}

// CheckWith says what is not as c expects with tiergate, or "".
func (c Call) CheckWith(seen Seen) string {
	if c.Status == 0 {
		return c.checkAllowed(seen)
	}
	wanted := seen.Status == c.Status || c.Status == AnyRefusal && (seen.Status == 400 || seen.Status == 403)
	switch {
	case seen.Reached:
		return fmt.Sprintf("got %d and it reached the bank, want a denial", seen.Status)
	case !wanted:
		return fmt.Sprintf("got %d %s, want %d", seen.Status, seen.Why, c.Status)
	case !slices.Contains(strings.Split(c.Why, "|"), seen.Why):
		return fmt.Sprintf("got %d because of %q, want %q", seen.Status, seen.Why, c.Why)
	}
	return ""
}

func (c Call) checkAllowed(seen Seen) string {
	want := slices.Sorted(slices.Values(c.Set))
	switch {
	case !seen.Reached || seen.Status >= 300:
		return fmt.Sprintf("got %d %s, want it to reach the bank", seen.Status, seen.Why)
	case seen.Why != c.Why:
		return fmt.Sprintf("allowed by %q, want %q", seen.Why, c.Why)
	case seen.Lied:
		return "the bank saw the client's " + c.Lie
	case c.Target != "" && seen.target != c.Target:
		return fmt.Sprintf("the bank saw %s, want %s", seen.target, c.Target)
	case !slices.Equal(seen.owned, want):
		return fmt.Sprintf("the bank saw our headers %q, want %q", seen.owned, want)
	}
	return ""
}

// Result is a call, played before and with tiergate.
type Result struct {
	Call         Call
	Before, With Seen
	Problems     []string // what was not as expected
}

// Win reports whether tiergate stopped what got through before.
func (r Result) Win() bool {
	if !r.Before.Reached {
		return false
	}
	return !r.With.Reached || r.Before.Lied && !r.With.Lied
}

// PlayTwice plays c behind jwt_authn and with tiergate.
func (w *World) PlayTwice(ctx context.Context, profile envoy.Profile, c Call) (Result, error) {
	r := Result{Call: c}
	var err error
	if r.Before, err = w.Play(ctx, Gateway{profile, true}, c); err != nil {
		return r, err
	}
	if r.With, err = w.Play(ctx, Gateway{profile, false}, c); err != nil {
		return r, err
	}
	for _, problem := range []string{c.CheckBefore(r.Before), c.CheckWith(r.With)} {
		if problem != "" {
			r.Problems = append(r.Problems, problem)
		}
	}
	return r, nil
}

// Curl returns c with a fresh token as a command line that sends it through g.
func (w *World) Curl(g Gateway, c Call) (string, error) {
	r, err := w.credentialed(c)
	if err != nil {
		return "", err
	}
	e := w.gateways[g]
	if e == nil {
		return "", fmt.Errorf("gateway %v is not open", g)
	}
	if c.Who.Peer == "" {
		return r.Curl("http", e.Listener("api")), nil
	}
	leaf, err := w.leaf(c.Who.Peer)
	if err != nil {
		return "", err
	}
	return r.Curl("https", e.Listener("mesh"), "--cacert", w.CA.File, "--cert", leaf.CertFile, "--key", leaf.KeyFile), nil
}
