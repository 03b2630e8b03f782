package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// called names what the calls of a request touch, in their order. Every call has
// a line, or the request is none that anybody allowed.
func (m *Match) called(req *rules.Request, c *rules.Caller) ([]rules.Target, error) {
	e := m.Op.endpoint
	calls, err := e.reader.read(req, m)
	if err != nil {
		return nil, err
	}
	var out []rules.Target
	for i := range calls {
		op := e.lines[calls[i].name]
		if op == nil {
			return nil, rules.Faultf(rules.NoRoute, "no line is for the call %d, %.200q", i+1, calls[i].name)
		}
		m.Calls = append(m.Calls, op)
		r := resolution{op: op, req: req, caller: c, body: &calls[i].args, fields: calls[i].fields, start: len(out)}
		if out, err = r.all(out); err != nil {
			return nil, err
		}
		if len(out) > e.max {
			return nil, rules.Faultf(rules.TooManyTargets, "the calls of the request name %d or more targets, the endpoint allows %d", len(out), e.max)
		}
	}
	if len(out) == 0 {
		return nil, rules.Faultf(rules.NoTarget, "the request calls nothing")
	}
	return out, nil
}

// maxNamed is how many calls a record names.
const maxNamed = 5

// Line is what the request does, as far as it is known: the line of the operation,
// or those of the calls that were read, each once.
func (m *Match) Line() string {
	if len(m.Calls) == 0 {
		return m.Op.Line
	}
	var lines []string
	seen := map[*Operation]bool{}
	for _, op := range m.Calls {
		if seen[op] {
			continue
		}
		seen[op] = true
		if len(lines) == maxNamed {
			lines = append(lines, "…")
			break
		}
		lines = append(lines, op.Line)
	}
	return strings.Join(lines, "; ")
}
