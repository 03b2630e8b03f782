package rules

import "strings"

// Hidden returns the first character of a text that does not show, or changes how
// the text shows, where there is one: who reads such a text, or copies it, takes it
// for another one. A line's end and a tab are none.
func Hidden(text string) (r rune, found bool) {
	i := strings.IndexFunc(text, hidden)
	if i < 0 {
		return 0, false
	}
	return []rune(text[i:])[0], true
}
