package main

import (
	"context"
	"fmt"
	"io"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// whatIf explains the request once more, as it would be decided if what is supposed were
// so.
func (a *asked) whatIf(ctx context.Context, w io.Writer, e *policy.Explainer, raw *rules.RawRequest) error {
	s, err := rules.ParseSuppose(a.suppose)
	if err != nil {
		return err
	}
	out, err := e.Explain(ctx, raw, s)
	if err != nil {
		return fmt.Errorf("--what-if: %w", err)
	}
	other := *raw
	if at, ok := s.At(); ok {
		other.Now = at
	}
	return a.print(w, out, &other, a.suppose)
}
