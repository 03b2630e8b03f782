package alike

import (
	"strings"
	"testing"
)

// What follows the beginning of a name changes no answer, and costs nothing.
func TestBeginning(t *testing.T) {
	long := strings.Repeat("\ufdfa", 300)
	for _, c := range []struct {
		param, name string
		want        bool
	}{
		{"_method", "_method", true},
		{"ｉd" + long, "id", false},
		{"ｉd." + long, "id", true},
		{"ｉd[" + long, "id", true},
		{"ｉd _" + long, "id", false},
		{"[ｉd]" + long, "id", true},
		{"i[d]" + long, "id", false},
		{"_[method]" + long, "_method", false},
		{"a.b" + long, "a_b", false},
		{"a.b[" + long, "a_b", true},
		{"a.ｂ[" + long, "a_b", true},
		{"ß" + long, "s", false},
		{"ß." + long, "ss", true},
		{"id_[" + long, "id_", true},
		{"id." + long, "id_", false},
		{long + "id", "id", false},
		{strings.Repeat("[", 3000) + "ｉd", "id", false}, // longer than a name is
		{strings.Repeat("[", 900) + "ｉd", "id", true},
	} {
		f := Fold(c.param)
		if got := Name(c.param, c.name); got != c.want || f.Is(c.name) != got {
			t.Errorf("%.20q… and %q: got %v and %v, want %v", c.param, c.name, got, f.Is(c.name), c.want)
		}
	}
}

// BenchmarkNames is of the names of a body without credentials: 60 KB of the
// character that is folded to most.
func BenchmarkNames(b *testing.B) {
	for _, begin := range []string{"", "_", "_method", "_[method]"} {
		name := begin + strings.Repeat("\ufdfa", 55)
		b.Run("begin="+begin, func(b *testing.B) {
			for b.Loop() {
				for range 360 {
					Name(name, "_method")
				}
			}
		})
	}
}
