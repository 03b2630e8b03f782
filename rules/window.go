package rules

import "time"

// EndDate is when something ends: a date, whose day in UTC is still in it, or an
// RFC 3339 time, which is not. V is the first moment behind it.
type EndDate struct{ At[time.Time] }

// DecodeNode implements Decodable.
func (e *EndDate) DecodeNode(d *Decoder, n *Node) {
	d.Into(n, &e.At)
	if _, err := time.Parse(time.DateOnly, n.Value); err == nil {
		e.V = e.V.AddDate(0, 0, 1)
	}
}

// String is the last day, where it ends with one, else the moment.
func (e EndDate) String() string {
	if e.V.Equal(e.V.Truncate(24 * time.Hour)) {
		return e.Last().Format(time.DateOnly)
	}
	return e.V.Format(time.RFC3339)
}

// Last is the last moment that is in it; its day is the one that was written.
func (e EndDate) Last() time.Time { return lastOf(e.V) }

func lastOf(end time.Time) time.Time { return end.Add(-time.Nanosecond).UTC() }

// window is the time in which a rule applies; zero times are no bounds.
type window struct {
	from time.Time
	end  time.Time // the first moment behind it
}

// outside names the bound that a moment is beyond, "" for none.
func (w *window) outside(now time.Time) string {
	switch {
	case now.Before(w.from):
		return "not_before"
	case over(w.end, now):
		return "until"
	}
	return ""
}

// over reports whether an end has come. To whom the time is not known it has.
func over(end, now time.Time) bool { return !end.IsZero() && (now.IsZero() || !now.Before(end)) }

// window compiles not_before and until of a rule.
func (c *compiler) window(d *RuleDecl) window {
	w := window{d.NotBefore.V, d.Until.V}
	switch {
	case d.NotBefore.given() && d.Until.given() && !w.from.Before(w.end):
		c.ms.AddHint(d.Until.Pos, "until has the later date; its day is still in it", "the rule ends before it begins, %s", w.from.Format(time.RFC3339))
	case d.Until.given() && !c.env.Now.IsZero() && over(w.end, c.env.Now):
		c.warnings.AddHint(d.Until.Pos, "remove the rule, or give it a later end", "the rule never applies: it ended %s", w.end.Format(time.RFC3339))
	}
	return w
}
