package oracle

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// function is a call that conditions make, in the one form in which worlds have it.
type function struct {
	text string               // of A and B
	of   func(a, b any) truth // of values that are known
}

// functions are written and worked out here in the plainest way that the worlds' values allow.
var functions = map[string]function{
	"network": {"inNetwork(%s, %s)", func(_, b any) truth { // every client is 127.0.0.1
		return truthOf(slices.ContainsFunc(b.([]string), func(n string) bool { return slices.Contains(here, n) }))
	}},
	"hours": {"within(timestamp(%s * 21600), %s)", func(a, b any) truth { // quarters of days, the first of which is a Thursday
		n := a.(int64)
		return truthOf(hoursOf[b.(string)]((n/4+4)%7, n%4*6))
	}},
	"meets": {"intersects(%s, %s)", func(a, b any) truth {
		return truthOf(slices.ContainsFunc(a.([]string), func(s string) bool { return slices.Contains(b.([]string), s) }))
	}},
	"all": {"containsAll(%s, %s)", func(a, b any) truth {
		return truthOf(!slices.ContainsFunc(b.([]string), func(s string) bool { return !slices.Contains(a.([]string), s) }))
	}},
	"version": {`semver(string(%s) + ".2.0-rc.1", %s) >= 0`, func(a, b any) truth { // of b no release but N.2.0
		of, _ := strconv.ParseInt(strings.TrimSuffix(b.(string), ".2.0"), 10, 64)
		return truthOf(a.(int64) > of)
	}},
	"under": {`under("things/" + %s, %s)`, func(a, b any) truth {
		name, top := split("things/"+a.(string)), split(b.(string))
		if name == nil || top == nil {
			return isFault
		}
		return truthOf(len(name) >= len(top) && slices.Equal(name[:len(top)], top))
	}},
	"segment": {`segment("things/" + %s, "things") == %s`, func(a, b any) truth {
		name := split("things/" + a.(string))
		if name == nil {
			return isFault
		}
		return truthOf(name[1] == b)
	}},
}

// hoursOf says for the day of the week, Sunday is 0, and the hour whether it is in.
var hoursOf = map[string]func(day, hour int64) bool{
	"Thu 06:00-12:00 UTC":     func(day, hour int64) bool { return day == 4 && hour == 6 },
	"Fri-Mon UTC":             func(day, _ int64) bool { return day == 5 || day == 6 || day == 0 || day == 1 },
	"18:00-06:00 UTC":         func(_, hour int64) bool { return hour == 18 || hour == 0 },
	"Thu 18:00-06:00 UTC":     func(day, hour int64) bool { return day == 4 && hour == 18 || day == 5 && hour == 0 },
	"Thu 12:00-24:00 Etc/UTC": func(day, hour int64) bool { return day == 4 && hour >= 12 },
}

// split returns the segments of a name, nil where it is none. Worlds have no roots in names.
func split(name string) []string {
	all := strings.Split(name, "/")
	if strings.ContainsAny(name, ` %\?#`) || slices.Contains(all, "") || slices.Contains(all, ".") || slices.Contains(all, "..") {
		return nil
	}
	return all
}

func (f function) String(a, b Operand) string { return fmt.Sprintf(f.text, a, b) }

// call finds a function in a condition, nil for none.
func (c *Cond) call() *Cond {
	if _, ok := functions[c.Op]; ok {
		return c
	}
	for _, k := range c.Kids {
		if found := k.call(); found != nil {
			return found
		}
	}
	return nil
}

// functionConstructs are the ways in which functions end.
var functionConstructs = func() []string {
	out := []string{"function: unknown", "function: absent", "function: an error", "user: who acts is another", "user: nobody acts"}
	for _, name := range sortedKeys(functions) {
		out = append(out, "function: "+name, "function: not "+name)
	}
	return out
}()

// reachCall notes how the function in a condition ends.
func (e *evaluation) reachCall(c *Cond, refs lookup) {
	if c = c.call(); c == nil {
		return
	}
	e.reach("function: " + map[truth]string{isTrue: c.Op, isFalse: "not " + c.Op, isUnknown: "unknown", isMissing: "absent", isFault: "an error"}[c.eval(refs)])
}

// ofUser resolves what a condition says of the one for whom the request is made.
func (e *evaluation) ofUser(name string) string {
	judged := e.caller
	defer func() { e.caller = judged }()
	e.caller = e.user
	s, _ := e.context(nil, "caller."+name)
	e.reachIf(s != "" && e.user.actor != nil, "user: who acts is another")
	e.reachIf(s != "" && e.user.actor == nil, "user: nobody acts")
	return s
}
