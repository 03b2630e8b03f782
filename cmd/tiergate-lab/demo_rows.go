package main

import (
	"fmt"
	"strings"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/envoy"
)

func attackLine(number int, row e2e.Row, r e2e.Result) []cell {
	request := requestText(r.Call)
	if row.Through() == envoy.Base {
		request = "[base] " + request
	}
	before := cell{outcome(r.Before, r.Call), green}
	if r.Before.Reached && !r.Call.Stripped {
		before.colour = red
	}
	return []cell{{fmt.Sprint(number), ""}, {request, ""}, {r.Call.Who.String(), ""}, {r.Call.Object, ""}, before, with(r), {why(r), ""}}
}

func twinLine(r e2e.Result) []cell {
	return []cell{{"", ""}, {requestText(r.Call), dim}, {r.Call.Who.String(), dim}, {r.Call.Object, dim}, {outcome(r.Before, r.Call), dim}, with(r), {why(r), dim}}
}

func requestText(c e2e.Call) string {
	words := append([]string{c.Request.Method, c.Request.Target}, c.Request.Header...)
	if c.Request.Body != "" {
		words = append(words, c.Request.Body)
	}
	return strings.Join(words, " ")
}

func with(r e2e.Result) cell {
	if len(r.Problems) > 0 {
		return cell{outcome(r.With, r.Call) + "!", red}
	}
	return cell{outcome(r.With, r.Call), green}
}

func why(r e2e.Result) string {
	if r.With.Why == "" {
		return "Envoy, by itself"
	}
	return r.With.Why
}

func outcome(s e2e.Seen, c e2e.Call) string {
	switch {
	case s.Reached && c.Lie != "" && s.Lied:
		return fmt.Sprintf("%d lie arrives", s.Status)
	case s.Reached && c.Lie != "":
		return fmt.Sprintf("%d lie removed", s.Status)
	case s.Reached:
		return fmt.Sprintf("%d passes", s.Status)
	}
	return fmt.Sprintf("%d refused", s.Status)
}
