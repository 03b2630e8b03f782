package rules

import (
	"slices"
	"strings"
)

// Limits of what is read and said of one load, beside maxFileSize: a file of that size
// could else hold so much, or be so wrong, that looking at it took gigabytes.
const (
	maxMistakes = 1_000   // after which no more are looked for
	maxItems    = 50_000  // of one list
	maxMarks    = 400_000 // of a file, of all that begins a key, a value or an item
)

// marks counts what divides values from each other in YAML: there are no more values
// than twice as many. Those in texts and comments count, too.
func marks(text string) int {
	n := strings.Count(text, "- ") + strings.Count(text, "-\n") + strings.Count(text, "? ")
	for i := range len(text) {
		switch text[i] {
		case ',', ':', '[', '{':
			n++
		}
	}
	return n
}

// few are as many warnings as somebody may read, and one that says that there are more.
func (ms Mistakes) few() Mistakes {
	if more := len(ms) - maxMistakes; more > 0 {
		ms = slices.Clone(ms[:maxMistakes])
		ms.Add(ms[maxMistakes-1].Pos, "and %d more warnings", more)
	}
	return ms
}

// enough reports whether no more mistakes are to be looked for.
func (ms Mistakes) enough() bool { return len(ms) >= maxMistakes }

// cut leaves as many as somebody may read, and says that there are more.
func (ms Mistakes) cut() Mistakes {
	if !ms.enough() {
		return ms
	}
	ms.sort()
	ms = ms[:maxMistakes:maxMistakes]
	ms.Add(ms[maxMistakes-1].Pos, "more than %d mistakes: no more are looked for", maxMistakes)
	return ms
}
