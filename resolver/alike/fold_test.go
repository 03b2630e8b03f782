package alike

import (
	"strings"
	"testing"
	"unicode"
)

func fold(s string) string { return string(Append(nil, s)) }

// What strings.EqualFold takes for equal is equal, and nothing else but what
// stands in a group together.
func TestFold(t *testing.T) {
	groups := [][]string{
		{""}, {"a", "A", "ａ", "Ａ", "ᵃ", "ⓐ", " a", "a ", "\ta", "\u00a0a", "\ufeffa", "a\u200b", "a\u00ad", "a\x00", "\x00 a", "\u200b\u3000a", "\x7fa", "a\ufe0f", "a\u3164", "\u2028a"},
		{"k", "K", "\u212a"}, {"s", "S", "\u017f"}, {"strasse", "straße", "STRASSE", "straẞe"}, {"ü", "Ü", "u\u0308"}, {"u"},
		{"i", "I", "İ", "ı", "i\u0307", "I\u0307", "ⅰ", "ℹ"}, {"id", "ıd", "İD", "i\u200dd", "ＩＤ", "ⅰⅾ"}, {"i d", "I\u00a0D"}, {"fi", "ﬁ", "FI"},
		{"ς", "Σ", "σ"}, {"["}, {"{"}, {"@"}, {"`"}, {"1", "１", "①"}, {"ab", "aB"}, {"."}, {"_"}, {"-"},
	}
	for i, one := range groups {
		for j, other := range groups {
			for _, a := range one {
				for _, b := range other {
					if got := fold(a) == fold(b); got != (i == j) || strings.EqualFold(a, b) && !got {
						t.Errorf("%q and %q: got %v, want %v", a, b, got, i == j)
					}
				}
			}
		}
	}
}

// What nobody sees, and what is dropped, hides no name however much of it there is;
// a long text costs what its beginning does.
func TestLongNames(t *testing.T) {
	for _, s := range []string{
		"i" + strings.Repeat("\u0307", 5000) + "d", strings.Repeat("\u200b", 5000) + "id", strings.Repeat("\u3000", 5000) + "ｉd",
		"id" + strings.Repeat(" ", 5000) + "\u00a0", strings.Repeat("\ufeff ", 3000) + "İd\u200b",
	} {
		if !Name(s, "id") || fold(s) != "id" {
			t.Errorf("%.20q… does not fold to id but to %.20q", s, fold(s))
		}
	}
	if n := len(fold(strings.Repeat("\ufdfa", 19_000))); n == 0 || n > 100_000 {
		t.Errorf("a long name is folded to %d bytes", n)
	}
	if Name("id"+strings.Repeat("\ufdfa", 19_000), "id") {
		t.Error("a longer name is taken for id")
	}
}

// The table and the short cut for the first characters know the same.
func TestInvisible(t *testing.T) {
	for r := rune(0); r < 0x300; r++ {
		if got, want := Invisible(r), unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point); got != want {
			t.Errorf("%U: got %v", r, got)
		}
	}
}

func BenchmarkFoldLong(b *testing.B) {
	s := strings.Repeat("\ufdfa", 19_000)
	for b.Loop() {
		Name(s, "_method")
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"id", "İ", "ẞ", "\u1160", "\u0345", "\ufb03", "\xff"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.EqualFold(a, b) && fold(a) != fold(b) && isASCII(a) {
			t.Errorf("%q and %q: %q, %q", a, b, fold(a), fold(b))
		}
		if Folded(a) && fold(a) != a {
			t.Errorf("%q is folded, yet becomes %q", a, fold(a))
		}
		if s := fold(a); isASCII(s) && fold(s) != s {
			t.Errorf("%q becomes %q, that becomes %q", a, s, fold(s))
		}
	})
}
