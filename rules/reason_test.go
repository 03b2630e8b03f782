package rules

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestReasonsAreDocumented compares docs/reference/reasons.md with the code:
// every reason once, below the heading of its status.
func TestReasonsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/reference/reasons.md")
	if err != nil {
		t.Fatal(err)
	}
	heading := regexp.MustCompile(`^## .*: (\d{3})$`)
	row := regexp.MustCompile("^\\| `([a-z_]+)` \\| \\S")
	documented := make(map[Reason]int)
	status := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if m := heading.FindStringSubmatch(line); m != nil {
			status, _ = strconv.Atoi(m[1])
		}
		if m := row.FindStringSubmatch(line); m != nil {
			if documented[Reason(m[1])] != 0 {
				t.Errorf("%s is documented twice", m[1])
			}
			documented[Reason(m[1])] = status
		}
	}
	for _, r := range Reasons() {
		if documented[r] != r.Status() {
			t.Errorf("%s is documented with status %d, want %d", r, documented[r], r.Status())
		}
		delete(documented, r)
	}
	for r := range documented {
		t.Errorf("%s is documented and no reason", r)
	}
}

func TestDecisionStatus(t *testing.T) {
	for _, row := range []struct {
		d    Decision
		want int
	}{
		{Decision{}, 503},
		{Decision{Reason: "never heard of"}, 503},
		{Decision{Reason: Allowed}, 503}, // a denial with an allow's reason is a fault of ours
		{Decision{Reason: NoRule}, 403},
		{Decision{Reason: NoTarget}, 400},
		{Decision{Effect: Allow, Reason: NoRule}, 200},
	} {
		if got := row.d.Status(); got != row.want {
			t.Errorf("%+v has status %d, want %d", row.d, got, row.want)
		}
	}
}

func TestDenial(t *testing.T) {
	cause := errors.New("the disk is on fire")
	for _, row := range []struct {
		err    error
		reason Reason
		detail string
	}{
		{cause, Internal, "the disk is on fire"},
		{Faultf(NoTarget, "capture %s", "id"), NoTarget, "capture id"},
		{fmt.Errorf("resolve: %w", Faultf(NoTarget, "")), NoTarget, ""},
		{&Fault{Reason: CatalogUnavailable, Detail: "db", Err: cause}, CatalogUnavailable, "catalog_unavailable: db: the disk is on fire"},
		{&Fault{Reason: CatalogUnavailable, Err: cause}, CatalogUnavailable, "catalog_unavailable: the disk is on fire"},
	} {
		d := Denial(row.err)
		if d.Effect != Deny || d.Reason != row.reason || d.Detail != row.detail {
			t.Errorf("%v gives %v %q, want %v %q", row.err, d.Reason, d.Detail, row.reason, row.detail)
		}
	}
	if f := (&Fault{Reason: CatalogUnavailable, Err: cause}); !errors.Is(f, cause) {
		t.Error("a fault hides its cause")
	}
}
