package rules

import (
	"slices"
	"strings"
)

// neverAsked are headers with a meaning of their own: credentials, and what a line
// or a body is read by. An upstream that does not get one reads another request.
var neverAsked = []string{"authorization", "dpop", "accept", "content-type", "content-encoding", "range", "if-match", "if-none-match", "idempotency-key", "traceparent"}

// ask compiles what a rule asks for.
func (c *compiler) ask(d *RuleDecl) *ask {
	a := &d.Ask
	if a.Pos == (Pos{}) {
		return nil
	}
	name := a.Header.V
	switch {
	case !a.Header.given():
		c.ms.AddHint(a.Pos, "header: x-support-case", "ask does not say in which header")
	case !headerName.MatchString(name):
		c.ms.AddHint(a.Header.Pos, "write lower-case letters, digits and -", "%q is no header name for a rule", name)
	case NeverSettable(name) || slices.Contains(neverAsked, name) || strings.HasPrefix(name, "x-tiergate-"):
		c.ms.AddHint(a.Header.Pos, "a header of its own, which the upstream does not get", "header %q has another meaning", name)
	case slices.Contains(c.env.Managed, name):
		c.ms.AddHint(a.Header.Pos, "a header that is not managed", "header %q is managed: it is removed from every request and never a caller's word", name)
	}
	c.answerName(a)
	if !a.Pattern.given() {
		c.ms.AddHint(a.Pos, `pattern: "CASE-[0-9]{6}"`, "ask does not say which answers will do")
		return nil
	}
	re := c.pattern("pattern", a.Pattern, `\A(?:`, `)\z`)
	if re == nil {
		return nil
	}
	if re.MatchString("") {
		c.ms.AddHint(a.Pattern.Pos, "it is matched against the whole value", "the pattern %q also fits an answer that says nothing", a.Pattern.V)
	}
	return &ask{header: name, as: a.As.V, pattern: re}
}

// answerName checks the name in the record: one name is one header, or nobody could
// tell which answer it was.
func (c *compiler) answerName(a *AskDecl) {
	switch first, known := c.answers[a.As.V]; {
	case !a.As.given():
		c.ms.AddHint(a.Pos, "as: case", "ask does not say how the record calls the answer")
	case !word.MatchString(a.As.V):
		c.ms.AddHint(a.As.Pos, "letters, digits, - _ and ., a letter first", "%q is no name for an answer", a.As.V)
	case !known:
		c.answers[a.As.V] = a.Header
	case first.V != a.Header.V:
		c.ms.Add(a.As.Pos, "%q is the name of what header %s says, at %v", a.As.V, first.V, first.Pos)
	}
}

// asked collects the headers in which rules in force ask.
func (c *compiler) asked() {
	for _, r := range c.set.rules {
		if r.ask != nil && !r.shadow && !slices.Contains(c.set.asks, r.ask.header) {
			c.set.asks = append(c.set.asks, r.ask.header)
		}
	}
	slices.Sort(c.set.asks)
}
