package lint

import (
	"fmt"

	"cel.dev/cel-go/common/types"

	"github.com/tiergate/tiergate/rules"
)

// Finding is a thing that does not fulfil a check.
type Finding struct {
	Check   *Check
	Pos     rules.Pos // of the thing
	Sort    string
	Name    string // of the thing
	Failed  string // why the demand could not be evaluated, "" where it does not hold
	Pardons string // why it is excused, "" where it is not
}

// Text is the finding in a line.
func (f *Finding) Text() string {
	if f.Failed != "" {
		return fmt.Sprintf("%s: %s %q cannot be judged: %s", f.Check.ID.V, f.Sort, f.Name, f.Failed)
	}
	return fmt.Sprintf("%s: %s %q: %s", f.Check.ID.V, f.Sort, f.Name, f.Check.Says.V)
}

// Run holds every thing against every check of its sort, check by check. Excused
// findings are among the result.
func (cs *Checks) Run(w *World) []Finding {
	var out []Finding
	all := w.things()
	for i := range cs.checks {
		c := &cs.checks[i]
		for _, p := range all[c.Each.V] {
			failed, ok := c.holds(w, p.value)
			if ok {
				continue
			}
			f := Finding{Check: c.Check, Pos: p.pos, Sort: c.Each.V, Name: p.name, Failed: failed}
			if e := cs.exception(w, c, p.name); e != nil {
				f.Pardons = e.Because.V
			}
			out = append(out, f)
		}
	}
	return out
}

// holds reports whether a thing fulfils the check. What cannot be evaluated does
// not, and failed says why.
func (c *compiled) holds(w *World, thing any) (failed string, ok bool) {
	out, _, err := c.program.Eval(map[string]any{c.Each.V: thing, "now": w.Now})
	if err != nil {
		return err.Error(), false
	}
	b, isBool := out.(types.Bool)
	if !isBool {
		return "the demand is neither true nor false", false
	}
	return "", bool(b)
}

// exception returns what takes a thing out of a check, or nil.
func (cs *Checks) exception(w *World, c *compiled, name string) (found *Exception) {
	for _, e := range cs.except {
		if e.Check.V != c.ID.V || !e.covers(name) || e.over(w.Now) {
			continue
		}
		cs.used[e] = true
		found = e
	}
	return found
}

// Idle says which exceptions excused nothing in the runs so far, or are over.
func (cs *Checks) Idle(w *World) (ms rules.Mistakes) {
	for _, e := range cs.except {
		switch {
		case e.over(w.Now):
			ms.AddHint(e.Until.Pos, "mend what it excused, or set another day", "the exception from %q ended on %s", e.Check.V, e.Until.V.Format("2006-01-02"))
		case !cs.used[e]:
			ms.AddHint(e.Pos, "take it out", "the exception from %q excuses nothing", e.Check.V)
		}
	}
	return ms
}
