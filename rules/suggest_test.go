package rules

import "testing"

func TestDidYouMean(t *testing.T) {
	known := []string{"type", "owner", "corp", "invoicing", "up_to", "to", "on", "confidential"}
	for written, want := range map[string]string{
		"tpye":        "type",
		"typ":         "type",
		"crop":        "corp",
		"ownr":        "owner",
		"onwer":       "owner",
		"invocing":    "invoicing",
		"invoceing":   "invoicing",
		"confidental": "confidential",
		"too":         "to",
		"ot":          "to",
		"nope":        "", // type is two letters away, half of it
		"x":           "",
		"zz":          "",
		"":            "",
		"owning":      "",
		"invoice":     "",
	} {
		if want != "" {
			want = `did you mean "` + want + `"?`
		}
		if got := DidYouMean(written, known); got != want {
			t.Errorf("%q: got %s, want %s", written, got, want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"ab", "ba", 1}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "ab", 1},
		{"abcd", "badc", 2}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
	} {
		if got := editDistance(row.a, row.b, 9); got != row.want {
			t.Errorf("%q and %q: %d, want %d", row.a, row.b, got, row.want)
		}
		if got := editDistance(row.b, row.a, 9); got != row.want {
			t.Errorf("%q and %q: %d, want %d", row.b, row.a, got, row.want)
		}
	}
}
