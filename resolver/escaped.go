package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// checkText refuses a path in which text of the template came as an escape that it
// does not need. Servers that hold their routes against the path as it was sent
// find another route then: to them /items/AC1%3Apreview is the item AC1:preview,
// and not the preview of AC1.
func (op *Operation) checkText(path string, segs []string) error {
	if strings.IndexByte(path, '%') < 0 {
		return nil
	}
	at := 0
	for raw := range strings.SplitSeq(path[1:], "/") {
		if at == len(segs) { // the slash at the end that its host ignores
			break
		}
		if s := op.segmentAt(at, len(segs)); s != nil && s.escaped(raw, segs[at]) {
			return rules.Faultf(rules.AmbiguousPath, "%s is matched, but by an escape in segment %d that servers may take for another text", op.Template, at+1)
		}
		at++
	}
	return nil
}

// segmentAt is what one of n segments of a path is matched by, nil for one of a rest.
func (op *Operation) segmentAt(at, n int) *segment {
	more := n - len(op.segments)
	for i := range op.segments[:min(at+1, len(op.segments))] {
		if !op.segments[i].kind.many() {
			continue
		}
		if at -= more; at <= i {
			return nil
		}
		break
	}
	return &op.segments[at]
}

// escaped reports whether a segment has text as an escape, though it may stand as it is.
func (s *segment) escaped(raw, seg string) bool {
	if len(raw) == len(seg) || s.kind != literal && s.kind != mixed {
		return false
	}
	at := 0
	for i := 0; i < len(raw); i++ {
		if raw[i] == '%' {
			i += 2
			if standsInPath(seg[at]) && (s.kind == literal || s.pattern.inText(seg, at)) {
				return true
			}
		}
		at++
	}
	return false
}

// standsInPath knows what may stand in a segment as it is (RFC 3986 section 3.3),
// be it that this server refuses it there.
func standsInPath(c byte) bool {
	return isLetter(c) || isDigit(c) || strings.IndexByte("-._~!$&'()*+,;=:@", c) >= 0
}
