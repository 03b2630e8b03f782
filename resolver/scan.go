package resolver

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// scanner reads a map line from left to right. The first fault ends it.
type scanner struct {
	text string
	at   int
}

// fault is what is wrong at one place of a line.
type fault struct {
	at         int // bytes from the line's start
	text, hint string
}

// faultAt makes a fault. The hint says what to do and may be empty.
func faultAt(at int, hint, format string, args ...any) *fault {
	return &fault{at: at, text: fmt.Sprintf(format, args...), hint: hint}
}

// column is the fault's place in a line that starts at column start, in characters.
func (f *fault) column(line string, start int) int {
	return start + utf8.RuneCountInString(line[:min(f.at, len(line))])
}

func (s *scanner) rest() string { return s.text[s.at:] }
func (s *scanner) end() bool    { return s.at == len(s.text) }

func (s *scanner) spaces() {
	for !s.end() && (s.text[s.at] == ' ' || s.text[s.at] == '\t') {
		s.at++
	}
}

// take steps over prefix if it comes next.
func (s *scanner) take(prefix string) bool {
	if strings.HasPrefix(s.rest(), prefix) {
		s.at += len(prefix)
		return true
	}
	return false
}

// while reads the longest run of characters that fit, which may be empty.
func (s *scanner) while(fits func(c byte) bool) word {
	w := word{at: s.at}
	for !s.end() && fits(s.text[s.at]) {
		s.at++
	}
	w.text = s.text[w.at:s.at]
	return w
}

// next shows what stands at the scanner's place, for messages.
func (s *scanner) next() string {
	if s.end() {
		return "the end of the line"
	}
	r, _ := utf8.DecodeRuneInString(s.rest())
	return fmt.Sprintf("%q", r)
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

func oneOf(set string) func(byte) bool {
	return func(c byte) bool { return isLetter(c) || isDigit(c) || strings.IndexByte(set, c) >= 0 }
}

// The alphabets of the language. What they leave out is free for later use.
var (
	isName   = oneOf("_")      // captures
	isWord   = oneOf("_-.")    // actions, types, attributes
	isParam  = oneOf("_-.~$")  // query parameters and headers
	isMember = oneOf("_-$@")   // members of a body
	isClaim  = oneOf("_-.:/")  // claims, some of which are URLs
	isFixed  = oneOf("_-.~@:") // fixed ids and bounds
)
