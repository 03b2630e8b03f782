package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// Find is the line of a method and a path as a client sends it, without query,
// and what its captures read there, by their names. Its error is a *rules.Fault.
func (r *Routes) Find(host, method, path string) (op *Operation, captures map[string]string, err error) {
	h := r.host(host)
	if h == nil {
		return nil, nil, rules.Faultf(rules.NoRoute, "no line is for host %q", host)
	}
	segs, slash, err := splitPath(path, true)
	if err != nil {
		return nil, nil, err
	}
	m, err := h.match(method, path, segs, slash)
	if err != nil {
		return nil, nil, err
	}
	captures = make(map[string]string, len(m.Op.captures))
	for i := range m.Op.captures {
		c := &m.Op.captures[i]
		captures[c.text] = c.value(m.segs)
	}
	return m.Op, captures, nil
}

// host is what was declared for a name, or for the names below the longest part
// of it; nil if nothing was.
func (r *Routes) host(name string) *host {
	if h := r.hosts[name]; h != nil || len(r.below) == 0 {
		return h
	}
	for i := 1; i < len(name); i++ {
		if name[i] != '.' {
			continue
		}
		if h := r.below[name[i:]]; h != nil {
			return h
		}
	}
	return nil
}

// match finds the line for a path and its segments, of which slash says that one
// holds a slash of its own.
func (h *host) match(method, path string, segs []string, slash bool) (Match, error) {
	if method == head { // its answer tells what GET's would
		method = "GET"
	}
	if h.anySlash && len(segs) > 1 && segs[len(segs)-1] == "" {
		segs = segs[:len(segs)-1]
	}
	plain := h.plain(segs)
	exact := search{method: method}
	exact.forward(&h.root, plain)
	op := exact.best
	switch {
	case slash && (op == nil || !op.EncodedSlash):
		return Match{}, rules.Faultf(rules.AmbiguousPath, "the path has an encoded slash, and no line that takes it for a part of an id")
	case op == nil:
		return Match{}, rules.Faultf(rules.NoRoute, "no line of %s is for %s and this path of %d segments", h.name, method, len(segs))
	}
	if len(op.narrower) > 0 {
		alike := search{method: method, folded: true, than: op}
		if alike.forward(&h.root, plain); alike.best != nil {
			return Match{}, rules.Faultf(rules.AmbiguousPath, "%s is matched, but without regard to case %s is", op.Template, alike.best.Template)
		}
	}
	for i := range op.captures {
		c := &op.captures[i]
		if c.part == 0 && c.pattern != nil && !c.pattern.once(c.segment(segs)) {
			return Match{}, rules.Faultf(rules.AmbiguousPath, "%s can be read in two ways", op.Template)
		}
	}
	if slash {
		if err := h.within(op, method, segs); err != nil {
			return Match{}, err
		}
	}
	if err := op.checkText(path, segs); err != nil {
		return Match{}, err
	}
	return Match{Op: op, segs: segs}, nil
}

// plain is a path as it is compared with the host's templates.
func (h *host) plain(segs []string) []string {
	if !h.anyCase {
		return segs
	}
	out := segs
	for i, s := range segs {
		if l := lower(s); l != s {
			if &out[0] == &segs[0] {
				out = append([]string(nil), segs...)
			}
			out[i] = l
		}
	}
	return out
}

// within refuses a path whose encoded slashes do not all stand in captures of one
// segment, and one that has a line, too, when they divide segments: the proxy or
// the server may be another than the line believes.
func (h *host) within(op *Operation, method string, segs []string) error {
	for i := range segs {
		if strings.IndexByte(segs[i], '/') >= 0 && !op.captures1(i, len(segs)) {
			return rules.Faultf(rules.AmbiguousPath, "an encoded slash in segment %d, which is no capture of one segment", i+1)
		}
	}
	divided := search{method: method, folded: true}
	if divided.forward(&h.root, h.plain(strings.Split(strings.Join(segs, "/"), "/"))); divided.best != nil {
		return rules.Faultf(rules.AmbiguousPath, "%s is matched, but with the encoded slash as a slash %s is", op.Template, divided.best.Template)
	}
	return nil
}

// captures1 reports whether a segment of n is, or holds, captures of one segment.
func (op *Operation) captures1(segment, n int) bool {
	for i := range op.captures {
		c := &op.captures[i]
		if from, _ := c.span(n); from == segment && !c.several {
			return true
		}
	}
	return false
}

// slashes refuses a preflight whose encoded slashes no line takes that is for the
// method which the browser asks for.
func (h *host) slashes(req *rules.Request) error {
	if !req.Slash {
		return nil
	}
	method, _ := req.Header("access-control-request-method")
	_, err := h.match(method, req.Path, req.Segs, true)
	return err
}
