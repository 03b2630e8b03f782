package resolver

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// template reads a path of literals and captures, a trailing slash included.
func (s *scanner) template(l *line) *fault {
	start := s.at
	if s.end() || s.text[s.at] != '/' {
		return faultAt(s.at, lineForm, "want a path that starts with /, found %s", s.next())
	}
	for s.take("/") {
		if n := len(l.segments); n > 0 && l.segments[n-1].kind == literal && l.segments[n-1].text == "" {
			return faultAt(s.at-1, "", "an empty segment")
		}
		if f := s.segment(l); f != nil {
			return f
		}
	}
	if len(l.segments) > maxSegments {
		return faultAt(l.segments[maxSegments].at, "", "more than %d segments", maxSegments)
	}
	l.path = s.text[start:s.at]
	behindRest(l.segments, l.captures)
	return nil
}

// maxSegments bounds a template, and so the depth of a match.
const maxSegments = 64

// segment reads text and captures up to the next slash.
func (s *scanner) segment(l *line) *fault {
	text := []word{s.words()}
	var names []word
	for s.take("{") {
		brace := s.at - 1
		name, f := s.name()
		if f != nil {
			return f
		}
		if s.take("=") && !s.single() {
			if brace > text[0].at || len(names) > 0 {
				return faultAt(brace, "", "{%s=…} stands for several segments, so nothing stands in front of it in the first", name.text)
			}
			return s.several(l, name)
		}
		if s.take("?") {
			return faultAt(s.at-1, "", "a path capture is always present, it takes no ?")
		}
		if f := s.brace(); f != nil {
			return f
		}
		names, text = append(names, name), append(text, s.words())
		if len(names) > 1 && text[len(names)-1].text == "" {
			return faultAt(brace, "write text or a slash between them", "two captures with nothing between them")
		}
	}
	if f := s.odd(); f != nil {
		return f
	}
	return l.add(text, names)
}

// add adds a segment of texts and the captures between them.
func (l *line) add(text, names []word) *fault {
	n := len(l.segments)
	switch {
	case len(names) == 0:
		if dots(text[0].text) != "" {
			return faultAt(text[0].at, "", "a path with the segment %q is always denied", text[0].text)
		}
		l.segments = append(l.segments, segment{kind: literal, word: text[0]})
		return nil
	case len(names) > maxCaptures:
		return faultAt(names[maxCaptures].at, "", "more than %d captures in one segment", maxCaptures)
	case len(names) == 1 && text[0].text+text[1].text == "":
		l.segments = append(l.segments, segment{kind: capture, word: names[0]})
		l.captures = append(l.captures, pathCapture{word: names[0], from: n, to: n + 1})
		return nil
	}
	var plain []string
	for _, t := range text {
		if !isASCII(t.text) {
			return faultAt(t.at, "", "text beside a capture is not supported yet where it is not ASCII")
		}
		plain = append(plain, t.text)
	}
	p := newPattern(plain...)
	l.segments = append(l.segments, segment{kind: mixed, word: names[0], pattern: p})
	for i := range names {
		l.captures = append(l.captures, pathCapture{word: names[i], from: n, to: n + 1, pattern: p, part: i})
	}
	return nil
}

// single steps over the form of a capture that is one segment, *.
func (s *scanner) single() bool { return strings.HasPrefix(s.rest(), "*}") && s.take("*") }

// several reads {name=projects/*/secrets/*} from behind the equals sign, and
// the text that may stand behind it: one capture of several segments.
func (s *scanner) several(l *line, name word) *fault {
	c := pathCapture{word: name, from: len(l.segments), several: true}
	for {
		w := s.words()
		seg := segment{kind: literal, word: w}
		switch {
		case w.text != "":
			if dots(w.text) != "" {
				return faultAt(w.at, "", "a path with the segment %q is always denied", w.text)
			}
		case s.take("**"):
			seg.kind, seg.text = rest, name.text
			for i := range l.segments {
				if l.segments[i].kind.many() {
					return faultAt(s.at-2, "", "a template has one ** at most")
				}
			}
		case s.take("*"):
			seg.kind, seg.text = capture, name.text
		default:
			return faultAt(s.at, "write {name=**}, or {name=projects/*}", "want a segment, * or **, found %s", s.next())
		}
		l.segments = append(l.segments, seg)
		if !s.take("/") {
			break
		}
	}
	if f := s.brace(); f != nil {
		return f
	}
	return s.tail(l, &c)
}

// tail reads the text behind a capture of several segments, such as :cancel.
func (s *scanner) tail(l *line, c *pathCapture) *fault {
	w := s.words()
	if !s.end() && s.text[s.at] == '{' {
		return faultAt(s.at, "", "a second capture behind {%s=…} in its last segment is not supported yet", c.text)
	}
	if f := s.odd(); f != nil {
		return f
	}
	if last := &l.segments[len(l.segments)-1]; w.text != "" {
		switch {
		case !isASCII(w.text):
			return faultAt(w.at, "", "text beside a capture is not supported yet where it is not ASCII")
		case last.kind == literal:
			last.text += w.text
		case last.kind == rest: // all but the last of its segments may be missing
			last.kind = front
			l.segments = append(l.segments, segment{kind: mixed, word: w, pattern: newPattern("", w.text)})
		default:
			*last = segment{kind: mixed, word: w, pattern: newPattern("", w.text)}
		}
	}
	c.to, c.trim = len(l.segments), len(w.text)
	l.captures = append(l.captures, *c)
	return nil
}

// words reads what a segment may hold as it is, up to an arrow.
func (s *scanner) words() word {
	w := word{at: s.at}
	for !s.end() && !strings.HasPrefix(s.rest(), "->") {
		r, n := utf8.DecodeRuneInString(s.rest())
		if !inTemplate(r) {
			break
		}
		s.at += n
	}
	w.text = s.text[w.at:s.at]
	return w
}

// odd refuses what looks like a template's but is not.
func (s *scanner) odd() *fault {
	switch {
	case s.take("*"):
		return faultAt(s.at-1, "write {name=**} for any number of segments", "no wildcard is called *")
	case s.take("%"):
		return faultAt(s.at-1, "write the character itself", "a template has no percent escapes")
	}
	return nil
}

// inTemplate accepts what a decoded segment may hold and a path writes as it is.
func inTemplate(r rune) bool {
	if r < utf8.RuneSelf {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-._~$'()+,=:@", r)
	}
	return r != utf8.RuneError && unicode.IsPrint(r)
}
