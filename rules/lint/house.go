package lint

import (
	_ "embed"
	"slices"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// House is a file of checks and of exceptions from checks.
type House struct {
	Checks []Check     `yaml:"checks"`
	Except []Exception `yaml:"except"`
}

// Check is what every thing of a sort must fulfil.
type Check struct {
	Pos    rules.Pos
	ID     rules.At[string] `yaml:"id"`
	Each   rules.At[string] `yaml:"each"`   // rule, identity, type or line
	Demand rules.At[string] `yaml:"demand"` // CEL over the thing, under its sort's name, and `now`
	Says   rules.At[string] `yaml:"says"`   // what is wrong with a thing that does not fulfil it
	See    rules.At[string] `yaml:"see"`    // where the reason is written

	Shipped bool // it comes with tiergate
}

// Exception takes things out of a check, for a reason.
type Exception struct {
	Pos     rules.Pos
	Check   rules.At[string]    `yaml:"check"`
	Of      rules.Strings       `yaml:"of"` // names of things; without it, all of them
	Because rules.At[string]    `yaml:"because"`
	Until   rules.At[time.Time] `yaml:"until"` // its last day; without it, for good
}

// over reports whether the exception's last day lies behind.
func (e *Exception) over(now time.Time) bool {
	return e.Until.Pos != rules.Pos{} && now.After(e.Until.V.AddDate(0, 0, 1))
}

// covers reports whether the exception is about a thing.
func (e *Exception) covers(name string) bool {
	return len(e.Of) == 0 || slices.Contains(e.Of.Values(), name)
}

//go:embed shipped.yaml
var shipped []byte

// Shipped returns the checks that come with tiergate.
func Shipped() (*House, rules.Mistakes) {
	h, ms := Read("shipped.yaml", shipped)
	for i := range h.Checks {
		h.Checks[i].Shipped = true
	}
	return h, ms
}

// Read reads a file of checks. Their conditions are looked at by Compile.
func Read(file string, text []byte) (*House, rules.Mistakes) {
	h := new(House)
	ms := rules.DecodeYAML(file, text, h)
	for i := range h.Checks {
		ms = append(ms, h.Checks[i].mistakes()...)
	}
	for i := range h.Except {
		e := &h.Except[i]
		if e.Check.V == "" {
			ms.AddHint(e.Pos, "check: the id of the check", "the exception does not say from which check")
		}
		if e.Because.V == "" {
			ms.AddHint(e.Pos, "because: why this is fine", "the exception gives no reason")
		}
	}
	return h, ms
}

func (c *Check) mistakes() (ms rules.Mistakes) {
	if c.ID.V == "" {
		ms.AddHint(c.Pos, "id: a short name, for exceptions and reports", "the check has no id")
	}
	if c.Demand.V == "" {
		ms.AddHint(c.Pos, `demand: rule.owner != ""`, "the check demands nothing")
	}
	if c.Says.V == "" {
		ms.AddHint(c.Pos, "says: what is wrong where the demand does not hold", "the check says nothing of what is wrong")
	}
	if !slices.Contains(sorts, c.Each.V) {
		at := c.Each.Pos
		if at == (rules.Pos{}) {
			at = c.Pos
		}
		hint := rules.DidYouMean(c.Each.V, sorts)
		if hint == "" {
			hint = "one of rule, identity, type, line"
		}
		ms.AddHint(at, hint, "each is %q, which is nothing that can be checked", c.Each.V)
	}
	return ms
}
