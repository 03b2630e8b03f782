//go:build e2e

package e2e

import "testing"

// What `tiergate review reach` counts is what asking the running server for
// every action on every object finds, for every identity, to the number.
func TestReviewEqualsBruteForce(t *testing.T) {
	w := world(t, programs(t, true))
	if err := w.Serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	review, err := w.Review(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(review.Identities) < 7 {
		t.Errorf("%d identities are reviewed, want all 7", len(review.Identities))
	}
	problems, err := w.CheckReview(t.Context(), review)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}
