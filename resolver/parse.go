package resolver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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

// method reads a method or several of them, PUT|PATCH, or a protocol.
func (s *scanner) method(l *line) *fault {
	l.method = s.while(oneOf("-|"))
	at := l.method.at
	known := methods
	if !strings.Contains(l.method.text, "|") {
		known = slices.Concat(methods, slices.Sorted(maps.Keys(protocols)))
	}
	var seen []string
	for m := range strings.SplitSeq(l.method.text, "|") {
		switch {
		case m == "":
			return faultAt(at, lineForm, "want a method, found %s", (&scanner{text: s.text, at: at}).next())
		case m == head:
			return faultAt(at, "write GET", "HEAD requests match GET lines")
		case m == connect:
			return faultAt(at, "", "CONNECT requests are always denied")
		case !slices.Contains(known, m):
			return faultAt(at, rules.DidYouMean(m, known), "unknown method %q", m)
		case m == "ANY" && m != l.method.text:
			return faultAt(at, "", "ANY stands alone, for it is every method")
		case slices.Contains(seen, m):
			return faultAt(at, "", "%s is there twice", m)
		}
		seen = append(seen, m)
		at += len(m) + 1
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
