package audit

import (
	"strconv"
	"time"
)

// line is append, but that no line is longer than Read takes. A request chooses
// how many targets there are and how long their ids.
func (r *Record) line(b []byte) []byte {
	const most = maxLine - 64 // head and seq
	b = r.append(b)
	if len(b) <= most {
		return b
	}
	cut := *r
	cut.Cut, cut.Inputs, cut.Spend = true, nil, nil
	if b = cut.append(b[:0]); len(b) > most {
		cut.Targets = nil
		b = cut.append(b[:0])
	}
	return b
}

// append writes r as one JSON line without the opening `{"v":…,"seq":…`, which
// the writer puts in front under its lock. It writes what encoding/json would,
// but that unprintable characters are escaped too; a test compares the two.
func (r *Record) append(b []byte) []byte {
	b = number(b, `,"gap":`, r.Gap)
	b = text(b, `,"why":`, r.Why)
	b = text(b, `,"id":`, r.ID)
	b = text(b, `,"envoy_id":`, r.EnvoyID)
	b = text(b, `,"trace":`, r.Trace)
	b = append(b, `,"time":`...)
	b = appendTime(b, r.Time)
	if r.Caller != (Caller{}) {
		b = append(b, `,"caller":`...)
		b = r.Caller.append(b)
	}
	if r.Actor != nil {
		b = append(b, `,"actor":`...)
		b = r.Actor.append(b)
	}
	b = text(b, `,"peer":`, r.Peer)
	b = text(b, `,"op":`, r.Op)
	b = position(b, `,"op_pos":`, r.OpPos)
	b = number(b, `,"stream_s":`, r.Stream)
	b = list(b, `,"targets":[`, r.Targets)
	b = text(b, `,"effect":`, r.Effect)
	b = number(b, `,"status":`, r.Status)
	b = text(b, `,"reason":`, r.Reason)
	b = text(b, `,"detail":`, plain(r.Detail))
	if r.Shadow != nil {
		b = append(b, `,"shadow":`...)
		b = r.Shadow.append(b)
	}
	b = list(b, `,"answers":[`, r.Answers)
	b = list(b, `,"spend":[`, r.Spend)
	b = flag(b, `,"stripped":true`, r.Stripped)
	b = r.Versions.append(b)
	b = list(b, `,"inputs":[`, r.Inputs)
	b = flag(b, `,"cut":true`, r.Cut)
	b = r.Cache.append(b)
	b = r.Us.append(b)
	return append(b, '}', '\n')
}

func (c *Caller) append(b []byte) []byte {
	b = append(b, `{"kind":`...)
	b = appendText(b, c.Kind)
	b = text(b, `,"identity":`, c.Identity)
	b = text(b, `,"issuer":`, c.Issuer)
	b = text(b, `,"subject":`, c.Subject)
	b = text(b, `,"client":`, c.Client)
	b = text(b, `,"token":`, c.Token)
	b = text(b, `,"key":`, c.Key)
	b = flag(b, `,"bound":true`, c.Bound)
	b = text(b, `,"bound_by":`, c.BoundBy)
	b = text(b, `,"purpose":`, c.Purpose)
	return append(b, '}')
}

func (t *Target) append(b []byte) []byte {
	b = append(b, `{"action":`...)
	b = appendText(b, t.Action)
	b = append(b, `,"type":`...)
	b = appendText(b, t.Type)
	b = text(b, `,"id":`, t.ID)
	b = text(b, `,"tier":`, t.Tier)
	b = text(b, `,"tier_from":`, t.TierFrom)
	if len(t.Categories) > 0 {
		b = appendList(append(b, `,"categories":`...), t.Categories, appendText)
	}
	b = append(b, `,"effect":`...)
	b = appendText(b, t.Effect)
	b = append(b, `,"reason":`...)
	b = appendText(b, t.Reason)
	b = text(b, `,"rule":`, t.Rule)
	b = position(b, `,"pos":`, t.Pos)
	b = text(b, `,"missing":`, t.Missing)
	b = text(b, `,"as":`, t.As)
	return append(b, '}')
}

func (s *Shadow) append(b []byte) []byte {
	b = append(b, `{"effect":`...)
	b = appendText(b, s.Effect)
	b = append(b, `,"reason":`...)
	b = appendText(b, s.Reason)
	b = text(b, `,"detail":`, plain(s.Detail))
	b = text(b, `,"rule":`, s.Rule)
	b = append(b, `,"by":`...)
	b = appendText(b, s.By)
	if !s.Until.IsZero() {
		b = append(b, `,"until":`...)
		b = appendTime(b, s.Until)
	}
	return append(b, '}')
}

func (a *Answer) append(b []byte) []byte {
	b = append(b, `{"name":`...)
	b = appendText(b, a.Name)
	b = append(b, `,"value":`...)
	b = appendText(b, a.Value)
	return append(b, '}')
}

func (s *Spend) append(b []byte) []byte {
	b = append(b, `{"target":`...)
	b = strconv.AppendInt(b, int64(s.Target), 10)
	b = append(b, `,"rule":`...)
	b = appendText(b, s.Rule)
	b = append(b, `,"limit":`...)
	b = appendText(b, s.Limit)
	b = append(b, `,"amount":`...)
	b = strconv.AppendInt(b, s.Amount, 10)
	return append(b, '}')
}

func (v *Versions) append(b []byte) []byte {
	if *v == (Versions{}) {
		return b
	}
	b = append(b, `,"versions":{`...)
	start := len(b)
	b = text(b, `,"policy":`, v.Policy)
	b = text(b, `,"config":`, v.Config)
	b = number(b, `,"catalog":`, v.Catalog)
	b = number(b, `,"keys":`, v.Keys)
	return closeObject(b, start)
}

func (i *Input) append(b []byte) []byte {
	b = append(b, `{"target":`...)
	b = strconv.AppendInt(b, int64(i.Target), 10)
	b = append(b, `,"name":`...)
	b = appendText(b, i.Name)
	if i.Value != nil {
		b = append(b, `,"value":`...)
		b = appendValue(b, i.Value)
	}
	b = text(b, `,"hash":`, i.Hash)
	return append(b, '}')
}

func (c *Cache) append(b []byte) []byte {
	if *c == (Cache{}) {
		return b
	}
	b = append(b, `,"cache":{`...)
	start := len(b)
	b = flag(b, `,"token":true`, c.Token)
	b = number(b, `,"hits":`, c.Hits)
	b = number(b, `,"misses":`, c.Misses)
	b = number(b, `,"stale":`, c.Stale)
	return closeObject(b, start)
}

func (u *Us) append(b []byte) []byte {
	if *u == (Us{}) {
		return b
	}
	b = append(b, `,"us":{`...)
	start := len(b)
	b = number(b, `,"decode":`, u.Decode)
	b = number(b, `,"match":`, u.Match)
	b = number(b, `,"identify":`, u.Identify)
	b = number(b, `,"resolve":`, u.Resolve)
	b = number(b, `,"decide":`, u.Decide)
	b = append(b, `,"total":`...)
	b = strconv.AppendInt(b, u.Total, 10)
	return closeObject(b, start)
}

// closeObject drops the comma in front of the first member, which stands at start.
func closeObject(b []byte, start int) []byte {
	if len(b) > start {
		b = append(b[:start], b[start+1:]...)
	}
	return append(b, '}')
}

func list[T any, P interface {
	*T
	append(b []byte) []byte
}](b []byte, key string, items []T) []byte {
	if len(items) == 0 {
		return b
	}
	b = append(b, key...)
	for i := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = P(&items[i]).append(b)
	}
	return append(b, ']')
}

func text(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	return appendText(append(b, key...), s)
}

func number[N int | int64 | uint64](b []byte, key string, n N) []byte {
	if n == 0 {
		return b
	}
	b = append(b, key...)
	if n < 0 {
		return strconv.AppendInt(b, int64(n), 10)
	}
	return strconv.AppendUint(b, uint64(n), 10)
}

func flag(b []byte, member string, on bool) []byte {
	if !on {
		return b
	}
	return append(b, member...)
}

func position(b []byte, key string, p Pos) []byte {
	if p == (Pos{}) {
		return b
	}
	b = appendText(append(b, key...), p.File)
	if p.Line == 0 {
		return b
	}
	b = append(b[:len(b)-1], ':') // inside the closing quote
	b = strconv.AppendInt(b, int64(p.Line), 10)
	b = append(b, ':')
	b = strconv.AppendInt(b, int64(p.Col), 10)
	return append(b, '"')
}

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().Truncate(time.Microsecond).AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// appendValue writes a value of one of the kinds of package rules. A value of
// any other type would be a fault of ours and is written as null.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendText(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case bool:
		return strconv.AppendBool(b, v)
	case []string:
		return appendList(b, v, appendText)
	case []int64:
		return appendList(b, v, func(b []byte, i int64) []byte { return strconv.AppendInt(b, i, 10) })
	}
	return append(b, "null"...)
}

func appendList[T any](b []byte, items []T, item func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, v := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = item(b, v)
	}
	return append(b, ']')
}
