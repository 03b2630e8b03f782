package resolver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tiergate/tiergate/rules"
)

// parseLine reads one map line. It knows the language and nothing of the
// schema; what it accepts prints back to the same line but for spaces.
func parseLine(text string) (*line, *fault) {
	if !utf8.ValidString(text) {
		return nil, faultAt(0, "", "the line is not UTF-8")
	}
	s := &scanner{text: text}
	l := &line{}
	for _, step := range []func(*line) *fault{s.method, s.operation, s.query, s.arrow, s.targets} {
		s.spaces()
		if f := step(l); f != nil {
			return nil, f
		}
	}
	return l, nil
}

const lineForm = "a line is METHOD /path -> action type/{id}"

func (s *scanner) method(l *line) *fault {
	l.method = s.while(oneOf("-"))
	switch m := l.method.text; {
	case m == "":
		return faultAt(s.at, lineForm, "want a method, found %s", s.next())
	case protocols[m]:
	case m == head:
		return faultAt(l.method.at, "write GET", "HEAD requests match GET lines")
	case m == connect:
		return faultAt(l.method.at, "", "CONNECT requests are always denied")
	case !slices.Contains(methods, m):
		return faultAt(l.method.at, rules.DidYouMean(m, slices.Concat(methods, slices.Sorted(maps.Keys(protocols)))), "unknown method %q", m)
	}
	return nil
}

// operation reads what stands behind the method.
func (s *scanner) operation(l *line) *fault {
	if protocols[l.method.text] {
		return s.call(l)
	}
	return s.template(l)
}

// methods are those that a line may name. ANY stands for every method.
var methods = []string{
	"ANY", "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "PURGE",
}

// template reads /literal/{capture}/{rest=**}, a trailing slash included.
func (s *scanner) template(l *line) *fault {
	if s.end() || s.text[s.at] != '/' {
		return faultAt(s.at, lineForm, "want a path that starts with /, found %s", s.next())
	}
	for s.take("/") {
		if n := len(l.segments); n > 0 && l.segments[n-1].kind == rest {
			return faultAt(s.at-1, "", "nothing may follow {%s=**}", l.segments[n-1].text)
		} else if n > 0 && l.segments[n-1].text == "" {
			return faultAt(s.at-1, "", "an empty segment")
		}
		seg, f := s.segment()
		if f != nil {
			return f
		}
		l.segments = append(l.segments, seg)
	}
	if len(l.segments) > maxSegments {
		return faultAt(l.segments[maxSegments].at, "", "more than %d segments", maxSegments)
	}
	return nil
}

// maxSegments bounds a template, and so the depth of a match.
const maxSegments = 64

func (s *scanner) segment() (segment, *fault) {
	if s.take("{") {
		return s.capture()
	}
	seg := segment{kind: literal, word: word{at: s.at}}
	for !s.end() {
		r, n := utf8.DecodeRuneInString(s.rest())
		if !inTemplate(r) {
			break
		}
		s.at += n
	}
	seg.text = s.text[seg.at:s.at]
	switch {
	case s.take("{"):
		return seg, s.besideCapture()
	case s.take("*"):
		return seg, faultAt(s.at-1, "write {name=**} for all that is left of a path", "no wildcard is called *")
	case s.take("%"):
		return seg, faultAt(s.at-1, "write the character itself", "a template has no percent escapes")
	case dots(seg.text) != "":
		return seg, faultAt(seg.at, "", "a path with the segment %q is always denied", seg.text)
	}
	return seg, nil
}

// inTemplate accepts what a decoded segment may hold and a path writes as it is.
func inTemplate(r rune) bool {
	if r < utf8.RuneSelf {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-._~$'()+,=:@", r)
	}
	return r != utf8.RuneError && unicode.IsPrint(r)
}

// capture reads {id} or {path=**} from behind the brace.
func (s *scanner) capture() (segment, *fault) {
	seg := segment{kind: capture}
	var f *fault
	if seg.word, f = s.name(); f != nil {
		return seg, f
	}
	if s.take("=**") {
		seg.kind = rest
	}
	if s.take("?") {
		return seg, faultAt(s.at-1, "", "a path capture is always present, it takes no ?")
	}
	if f := s.brace(); f != nil {
		return seg, f
	}
	if !s.end() && strings.IndexByte("/? \t", s.text[s.at]) < 0 && !strings.HasPrefix(s.rest(), "->") {
		return seg, s.besideCapture()
	}
	return seg, nil
}

// besideCapture refuses, from behind one brace, what shares a segment with a capture.
func (s *scanner) besideCapture() *fault {
	seg, _, _ := strings.Cut(s.rest(), "/")
	if strings.Contains(seg, "{") {
		return faultAt(s.at, "", "several captures in one segment are not supported yet")
	}
	return faultAt(s.at, "a capture is a whole segment", "text beside a capture in one segment is not supported yet")
}

// name reads a capture's name.
func (s *scanner) name() (word, *fault) {
	w := s.while(isName)
	switch {
	case w.text == "":
		return w, faultAt(s.at, "a name is letters, digits and _", "want the name of a capture, found %s", s.next())
	case isDigit(w.text[0]):
		return w, faultAt(w.at, "", "the name %q starts with a digit", w.text)
	case reserved[w.text]:
		return w, faultAt(w.at, "", "the name %q is reserved", w.text)
	}
	return w, nil
}

var reserved = map[string]bool{"body": true, "query": true, "header": true, "caller": true, "args": true, "message": true, "form": true}

func (s *scanner) brace() *fault {
	if !s.take("}") {
		return faultAt(s.at, "", "want }, found %s", s.next())
	}
	return nil
}

// query reads ?x={x}&y={y}.
func (s *scanner) query(l *line) *fault {
	for sep := "?"; s.take(sep); sep = "&" {
		q := queryCapture{param: s.while(isParam)}
		if q.param.text == "" {
			return faultAt(s.at, "write ?name={name}", "want the name of a query parameter, found %s", s.next())
		}
		if !s.take("={") {
			return faultAt(s.at, "write "+q.param.text+"={name}", "a query capture is a name and a capture, found %s", s.next())
		}
		var f *fault
		if q.name, f = s.name(); f != nil {
			return f
		}
		if s.take("?") {
			return faultAt(s.at-1, fmt.Sprintf("write {%s?} in the target", q.name.text), "a query capture is no part of the match, it takes no ? here")
		}
		if f := s.brace(); f != nil {
			return f
		}
		l.query = append(l.query, q)
	}
	return nil
}

func (s *scanner) arrow(*line) *fault {
	if !s.take("->") {
		return faultAt(s.at, lineForm, "want ->, found %s", s.next())
	}
	return nil
}
