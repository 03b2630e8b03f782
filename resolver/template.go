package resolver

import "strings"

// segment is one segment of a template, between two slashes.
type segment struct {
	word    // the decoded literal, or the name of a capture that is a whole segment
	kind    segmentKind
	pattern *pattern // of mixed ones
}

// segmentKind orders segments from narrow to wide.
type segmentKind uint8

const (
	literal segmentKind = iota
	mixed               // {base}...{head}, {id}.json: captures and text
	capture             // {id}: one segment that is not empty
	rest                // {path=**}: one or more segments, none of them empty
	front               // of {name=**}:verb: none or more segments in front of the mixed one that follows
)

// many reports whether the kind stands for any number of segments. A template
// has at most one of these.
func (k segmentKind) many() bool { return k >= rest }

// pathCapture is a capture of a template and where a matched path has its value.
// Segments behind a rest are counted from the end.
type pathCapture struct {
	word             // its name
	from    int      // its first segment; negative: counted from the end
	to      int      // behind its last segment; 0 or negative: counted from the end
	several bool     // {name=…}: its segments, joined by slashes, are the value
	pattern *pattern // of its only segment, nil where that is the value
	part    int      // which capture of the pattern
	trim    int      // bytes at the end that are no part of the value
}

// value reads the capture from the segments of a path that the template matches.
func (c *pathCapture) value(segs []string) string {
	from, to := c.span(len(segs))
	if c.several {
		all := strings.Join(segs[from:to], "/")
		return all[:len(all)-c.trim]
	}
	if c.pattern != nil {
		return c.pattern.part(segs[from], c.part)
	}
	return segs[from]
}

// segment is the first segment of the capture.
func (c *pathCapture) segment(segs []string) string {
	from, _ := c.span(len(segs))
	return segs[from]
}

func (c *pathCapture) span(n int) (from, to int) {
	from, to = c.from, c.to
	if from < 0 {
		from += n
	}
	if to <= 0 {
		to += n
	}
	return from, to
}

// behindRest counts what stands behind the rest from the end.
func behindRest(segs []segment, captures []pathCapture) {
	for i := range segs {
		if !segs[i].kind.many() {
			continue
		}
		for j := range captures {
			c := &captures[j]
			if c.from > i {
				c.from -= len(segs)
			}
			if c.to > i {
				c.to -= len(segs)
			}
		}
		return
	}
}

// simple reports whether a template has whole segments and a rest only at its end.
func simple(segs []segment) bool {
	for i := range segs {
		switch segs[i].kind {
		case mixed, front:
			return false
		case rest:
			return i == len(segs)-1
		case literal, capture:
		}
	}
	return true
}

// least is how many segments a rest stands for at least.
func (k segmentKind) least() int {
	if k == front {
		return 0
	}
	return 1
}
