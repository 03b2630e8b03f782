package rules

import (
	"fmt"
	"math"
	"strconv"
)

// Unpaid are the rules that apply to a target and have no room for the request even
// where nothing is spent.
func (s *Spend) Unpaid(verdict int) (out []Miss) {
	for i := range s.Claims {
		c := &s.Claims[i]
		if c.Verdict != verdict {
			continue
		}
		for k := range c.Options {
			o := &c.Options[k]
			for n := range o.Charges {
				charge := &o.Charges[n]
				wanted := s.wanted(charge)
				if wanted <= charge.Budget.Most {
					continue
				}
				l := &Lack{
					Kind: "limit", Name: charge.Budget.Counts.String(), Want: []string{strconv.FormatInt(charge.Budget.Most, 10)}, Had: []string{strconv.FormatInt(wanted, 10)},
					Refused: "it is more than the limit has room for by itself", Stage: stageLimit, says: s.noRoom(charge),
				}
				out = append(out, Miss{Rule: o.Rule, Pos: o.Pos, Fits: true, Effect: Allow, Missing: l.says, Lack: l})
				break
			}
		}
	}
	return out
}

// lacksCount says that a rule which counts objects allows no collection: nobody knows which
// they are. No line can bring it one, but an action that is supposed.
func (cl *clause) lacksCount(f *facts) *Lack {
	for i := range cl.limits {
		if l := &cl.limits[i]; l.Counts == Objects && f.target.Collection {
			return &Lack{
				Kind: "limit", Name: l.Counts.String(), Want: []string{strconv.FormatInt(l.Most, 10)}, Refused: "a collection is no number of objects",
				Stage: stageLimit, says: "limit: " + l.String(),
			}
		}
	}
	return nil
}

// noRoom says how much of the budget of a charge a request wants, where that is not there.
func (s *Spend) noRoom(c *Charge) string {
	return fmt.Sprintf("limit: no room for %d in %s", s.wanted(c), c.Budget)
}

// wanted is how much a request wants of the budget of a charge, for all its targets.
func (s *Spend) wanted(of *Charge) (sum int64) {
	type object struct{ typ, id string }
	objects := map[object]bool{}
	for i := range s.Claims {
		for _, o := range s.Claims[i].Options {
			for k := range o.Charges {
				c := &o.Charges[k]
				switch {
				case *c.Budget != *of.Budget || c.Account != of.Account:
				case c.Budget.Counts != Objects:
					sum += min(c.Amount, math.MaxInt64/2-sum)
				case c.ID == "":
					sum++
				default:
					objects[object{c.Type, c.ID}] = true
				}
			}
		}
	}
	return sum + int64(len(objects))
}
