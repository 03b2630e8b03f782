package oracle

import (
	"slices"
	"strings"
)

// asSent, ascii and lenient are the ways in which text is compared.
func asSent(s string) string { return s }

func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// names are the captures of a segment.
func (s *Segment) names() []string {
	if s.Capture != "" {
		return []string{s.Capture}
	}
	return s.Names
}

// fits tries every way in which a template can match a path (section 2).
func fits(template []Segment, path []string, form func(string) string) bool {
	if len(template) == 0 || len(path) == 0 {
		return len(template) == len(path)
	}
	s, rest := template[0], template[1:]
	if !s.Rest {
		return len(s.divide(path[0], form, 1)) > 0 && fits(rest, path[1:], form)
	}
	for n := 1; n <= len(path) && path[n-1] != ""; n++ {
		last := form(path[n-1])
		ends := strings.HasSuffix(last, form(s.Verb)) && (n > 1 || len(last) > len(s.Verb)) && last != form(s.Verb)
		if ends && fits(rest, path[n:], form) {
			return true
		}
	}
	return false
}

// divide returns what each capture of a segment may be, for every way to read it
// where a capture beside text has at least so many bytes.
func (s *Segment) divide(segment string, form func(string) string, least int) [][]string {
	switch {
	case s.Capture != "" && segment != "":
		return [][]string{{segment}}
	case s.Capture != "" || len(s.Names) == 0:
		if s.Capture == "" && form(s.Literal) == form(segment) {
			return [][]string{{}}
		}
		return nil
	}
	all := [][]string{}
	var from func(at, capture int, read []string)
	from = func(at, capture int, read []string) { // behind the text in front of a capture
		text := s.Text[capture+1]
		for end := at + least; end+len(text) <= len(segment); end++ {
			switch last := capture == len(s.Names)-1; {
			case form(segment[end:end+len(text)]) != form(text) || last && end+len(text) != len(segment):
			case last:
				all = append(all, append(slices.Clone(read), segment[at:end]))
			default:
				from(end+len(text), capture+1, append(slices.Clone(read), segment[at:end]))
			}
		}
	}
	if head := s.Text[0]; len(segment) >= len(head) && form(segment[:len(head)]) == form(head) {
		from(len(head), 0, nil)
	}
	return all
}

// twice says whether a segment of the path can be read in two ways, by one way to
// compare text or, changed throughout, by another.
func (l *Line) twice(path []string, form func(string) string) bool {
	for i, s := range l.Path {
		if len(s.Names) < 2 {
			continue
		}
		segment := path[l.at(i, len(path))]
		changed := Segment{Names: s.Names}
		for _, text := range s.Text {
			changed.Text = append(changed.Text, lenient(text))
		}
		if len(s.divide(segment, form, 0)) != 1 || len(changed.divide(lenient(segment), asSent, 0)) != 1 {
			return true
		}
	}
	return false
}

// at is where a segment of the template stands in a path of n segments.
func (l *Line) at(i, n int) int {
	if rest := slices.IndexFunc(l.Path, func(s Segment) bool { return s.Rest }); rest >= 0 && i > rest {
		return i + n - len(l.Path)
	}
	return i
}

// captured is the value of a path capture.
func (l *Line) captured(name string, path []string, form func(string) string) string {
	for i, s := range l.Path {
		which := slices.Index(s.names(), name)
		if which < 0 {
			continue
		}
		at := l.at(i, len(path))
		if s.Rest {
			end := at + 1 + len(path) - len(l.Path)
			return strings.TrimSuffix(strings.Join(path[at:end], "/"), s.Verb)
		}
		return s.divide(path[at], form, 1)[0][which]
	}
	return ""
}

// slashed judges a path of which a segment holds a slash that was encoded.
func (e *evaluation) slashed(method string, l *Line) bool {
	if l == nil || !l.InCapture {
		return false
	}
	for i, segment := range e.path {
		if !strings.Contains(segment, "/") {
			continue
		}
		takes := func(j int) bool { return !l.Path[j].Rest && len(l.Path[j].names()) > 0 && l.at(j, len(e.path)) == i }
		inCapture := false
		for j := range l.Path {
			inCapture = inCapture || takes(j)
		}
		if !inCapture {
			return false
		}
	}
	return e.narrowest(method, strings.Split(strings.Join(e.path, "/"), "/"), lenient) == nil
}
