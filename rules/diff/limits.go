package diff

import (
	"reflect"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// limitsMore reports whether whoever keeps within the new limits keeps within the old
// ones. A budget for each subject is none that all subjects of an identity share.
func limitsMore(before, after reflect.Value) bool {
	old, _ := before.Interface().(rules.LimitDecls)
	now, _ := after.Interface().(rules.LimitDecls)
	return !slices.ContainsFunc(old, func(o rules.LimitDecl) bool {
		return !slices.ContainsFunc(now, func(n rules.LimitDecl) bool { return within(&o, &n) })
	})
}

// within reports whether a limit lets nothing through that another one stops: it counts
// the same, no more of it in no shorter a time. Whom it is by must be the same.
func within(old, now *rules.LimitDecl) bool {
	less := func(old, now int) bool { return old == 0 && now == 0 || now > 0 && now <= old }
	by := func(d *rules.LimitDecl) bool { return d.By.V == "subject" }
	return less(old.Objects.V, now.Objects.V) && less(old.Writes.V, now.Writes.V) && less(old.Amount.V, now.Amount.V) &&
		old.Of.V == now.Of.V && now.Per.V >= old.Per.V && by(old) == by(now)
}
