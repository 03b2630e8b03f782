package suite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// compare returns in what the outcome is not what the test wants.
func (t *testCase) compare(o *rules.Outcome) (faults []string) {
	w := &t.decl.Want
	if t.cell != nil {
		return t.cell.compare(o)
	}
	if w.Snapshot {
		return t.unlike(o)
	}
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	want := "allow"
	if w.Deny.V != "" {
		want = "deny " + w.Deny.V
	}
	right := o.Effect == rules.Allow
	if w.Deny.V != "" {
		right = o.Effect == rules.Deny && o.Reason == rules.Reason(w.Deny.V)
	}
	if !right {
		fault("got %v %s (%d), want %s", o.Effect, o.Reason, o.Status(), want)
		return append(faults, describe(o))
	}
	if w.Status.V != 0 && o.Status() != w.Status.V {
		fault("got status %d, want %d", o.Status(), w.Status.V)
	}
	if rule := t.rule(); rule != "" && !slices.Contains(decidedBy(o), rule) {
		fault("got rules %q, want %s", decidedBy(o), rule)
	}
	ambiguous := o.Reason == rules.IdentityAmbiguous // then it is one of several, and the test wants that
	if t.as != nil && o.Caller != nil && o.Caller.Name() != t.as.Name && !ambiguous {
		what, otherwise := "claims make", rules.Unknown
		if t.as.Peer != "" {
			what, otherwise = "peer makes", rules.Anonymous
		}
		fault("the %s the caller %s, the test says %s", what, cmp.Or(o.Caller.Name(), otherwise.String()), t.as.Name)
	}
	for _, h := range t.headers {
		got, set := header(o, h.name)
		switch {
		case h.absent && set:
			fault("got header %s: %q, want none", h.name, got)
		case !h.absent && !set:
			fault("got no header %s, want %q", h.name, h.value)
		case !h.absent && got != h.value:
			fault("got header %s: %q, want %q", h.name, got, h.value)
		}
	}
	return faults
}

// unlike returns in what the outcome is not the snapshot that was kept.
func (t *testCase) unlike(o *rules.Outcome) []string {
	faults := differences(t.shot, picture(o))
	if len(faults) == 0 {
		return nil
	}
	what := "the answer is not the snapshot in " + snapFile(t.decl.Pos.File)
	if t.shot == nil {
		what = "no snapshot in " + snapFile(t.decl.Pos.File)
	}
	return append([]string{what + "; --update writes what came"}, faults...)
}

// compare says how a cell is not what the picture has there.
func (k *cell) compare(o *rules.Outcome) []string {
	got, want := k.mark(o), k.wanted()
	if got == want || want == 0 { // where there is no picture to compare with, all of it is shown
		return nil
	}
	m := k.matrix
	return []string{fmt.Sprintf("%s %c %s: got %v %s (%d): %s", m.rows[k.row], m.letters[k.act], m.columns[k.column],
		o.Effect, o.Reason, o.Status(), describe(o))}
}

// rule is the id that the test names.
func (t *testCase) rule() string {
	if w := &t.decl.Want; w.Rule.V != "" || w.Allow.V == "true" {
		return w.Rule.V
	}
	return t.decl.Want.Allow.V
}

// decidedBy names the rules of an outcome: of an allow those of all targets, of
// a denial that of the target that was denied, for nothing else decided it.
func decidedBy(o *rules.Outcome) (ids []string) {
	for i := range o.Targets {
		if v := &o.Targets[i]; v.Rule != "" && v.Effect == o.Effect {
			ids = append(ids, v.Rule)
		}
	}
	return ids
}

func header(o *rules.Outcome, name string) (string, bool) {
	for _, h := range o.Obligations.SetHeaders {
		if h.Name == name {
			return h.Value, true
		}
	}
	return "", false
}

// describe says in one line how an outcome came about: the map line, the target
// that was decided last and its rule.
func describe(o *rules.Outcome) string {
	line := o.Operation
	if line == "" {
		line = "no map line"
	}
	parts := []string{line}
	if n := len(o.Targets); n > 0 {
		v := &o.Targets[n-1]
		what := v.Action + " " + v.Type
		if v.ID != "" {
			what += "/" + v.ID
		}
		parts = append(parts, what+" is "+v.Tier)
		switch {
		case v.Rule != "" && v.Missing != "":
			parts = append(parts, "nearest rule "+v.Rule+", missing "+v.Missing)
		case v.Rule != "":
			parts = append(parts, "rule "+v.Rule)
		}
	}
	if o.Detail != "" {
		parts = append(parts, o.Detail)
	}
	return strings.Join(parts, "; ")
}
