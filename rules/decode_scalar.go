package rules

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// untyped gives an any its natural Go value: string, int64, float64, bool,
// []any, map[string]any or nil.
func (d *Decoder) untyped(n *Node, v reflect.Value) {
	switch n.Kind {
	case Sequence:
		var list []any
		d.value(n, reflect.ValueOf(&list).Elem())
		v.Set(reflect.ValueOf(list))
	case Mapping:
		var m map[string]any
		d.value(n, reflect.ValueOf(&m).Elem())
		v.Set(reflect.ValueOf(m))
	case Scalar:
		var out any = n.Value
		switch n.Tag {
		case "!!null":
			return
		case "!!bool":
			if n.Value != "true" && n.Value != "false" {
				d.Mistakes.Add(n.Pos, "want true or false, found %q", n.Value) // True would read as false
			}
			out = n.Value == "true"
		case "!!int":
			if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
				out = i
			}
		case "!!float":
			if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
				out = f
			}
		}
		v.Set(reflect.ValueOf(out))
	}
}

func (d *Decoder) scalar(n *Node, v reflect.Value) {
	var err error
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		var x time.Duration
		if x, err = parseDuration(n.Value); err == nil {
			v.SetInt(int64(x))
		}
	case v.Type() == reflect.TypeFor[time.Time]():
		var x time.Time
		if x, err = parseTime(n.Value); err == nil {
			v.Set(reflect.ValueOf(x))
		}
	case v.Kind() == reflect.String:
		v.SetString(n.Value)
	case v.Kind() == reflect.Bool:
		// Only the two spellings that everybody reads alike.
		if n.Value != "true" && n.Value != "false" {
			err = fmt.Errorf("want true or false, found %q", n.Value)
		}
		v.SetBool(n.Value == "true")
	case v.CanInt():
		var x int64
		if digits := strings.TrimLeft(n.Value, "+-"); len(digits) > 1 && digits[0] == '0' { // others read it as octal
			err = fmt.Errorf("want a whole number that does not begin with 0, found %q", n.Value)
		} else if x, err = strconv.ParseInt(n.Value, 10, 64); err == nil && !v.OverflowInt(x) {
			v.SetInt(x)
		} else {
			err = fmt.Errorf("want a whole number, found %q", n.Value)
		}
	default:
		err = fmt.Errorf("no way to read a %v", v.Type())
	}
	if err != nil {
		d.Mistakes.Add(n.Pos, "%v", err)
	}
}

// parseDuration reads a duration, or whole days: 90d.
func parseDuration(s string) (time.Duration, error) {
	const day, most = 24 * time.Hour, 36_500 // days that are far less than a Duration holds
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil && n <= most {
			return time.Duration(n) * day, nil // at most 36,500
		}
	}
	x, err := time.ParseDuration(s)
	if err != nil {
		err = fmt.Errorf("want a duration such as 30s, 5m or 90d, found %q", s)
	}
	return x, err
}

// parseTime reads a date, which means its first moment in UTC, or an RFC 3339 time.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("want a date such as 2027-03-31, found %q", s)
}
