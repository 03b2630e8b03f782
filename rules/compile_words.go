package rules

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// exact checks a word that is compared to the letter. instead says what to write
// where a * was meant as any; without it, * is a letter like others.
func (c *compiler) exact(key string, at At[string], instead string) {
	c.readable(key, at)
	switch {
	case !at.given():
	case at.V == "":
		// It would match everything, or nothing, depending on who reads it.
		c.ms.Add(at.Pos, "%s is empty", key)
	case instead == "": // a claim may be any text
	case strings.TrimSpace(at.V) != at.V:
		c.ms.AddHint(at.Pos, "nobody sees it, and it is compared: leave it out", "%s %q begins or ends with a space", key, at.V)
	case at.V == anything:
		c.ms.AddHint(at.Pos, instead, "%s \"*\" is compared to the letter, it does not mean any", key)
	case strings.Contains(at.V, anything):
		c.warnings.AddHint(at.Pos, "write out what it should match", "%s %q is compared to the letter, * is no pattern", key, at.V)
	}
}

// readable refuses characters that were written as escapes and that a reader of
// the text would not see: reviews show it, and it must say what it seems to.
func (c *compiler) readable(key string, at At[string]) {
	if i := strings.IndexFunc(at.V, hidden); i >= 0 && !c.marred[at.Pos.File] {
		c.ms.AddHint(at.Pos, "leave it out", "%s has the character %U, which does not show", key, []rune(at.V[i:])[0])
	}
}

// hiddenCharacters refuses them in the files themselves, comments too: who
// reviews a file must see what the server reads.
func (c *compiler) hiddenCharacters() {
	for _, f := range c.src.Files {
		if IsSide(f.Path) { // its own reader says what may stand in it
			continue
		}
		n := 0
		for line := range strings.Lines(strings.TrimPrefix(f.Text, "\uFEFF")) {
			n++
			line = withoutEnd(line)
			if at := strings.IndexFunc(line, hidden); at >= 0 {
				c.marred[f.Path] = true
				col := len([]rune(line[:at])) + 1
				c.ms.AddHint(Pos{f.Path, n, col}, "delete it; within quotes of a condition write it as an escape",
					"the character %U does not show, or changes how the line shows", []rune(line[at:])[0])
			}
		}
	}
}

// hidden reports whether a character shows as nothing, passes for a space, or
// changes the order or the place in which others show: controls, the marks of
// Unicode's category Cf such as U+202E and U+200B, what may be ignored where
// text is shown (Default_Ignorable_Code_Point: fillers, variation selectors),
// letters that are blank, and every space but the one of ASCII.
func hidden(r rune) bool {
	switch {
	case r == ' ' || r == '\n' || r == '\t':
		return false
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7f
	case slices.Contains(blank, r):
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Z, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// blank are letters, marks and signs that show as nothing, by no property of theirs:
// the Braille pattern without dots, the Khitan filler, Egyptian blanks, the musical
// null notehead.
var blank = []rune{0x2800, 0x16FE4, 0x13441, 0x13442, 0x1D159}

// visible puts a mark in the place of every hidden character.
func visible(line string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return unicode.ReplacementChar
		}
		return r
	}, line)
}
