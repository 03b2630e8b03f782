package rules

import (
	"errors"
	"fmt"
)

// Fault is a failure of one request that has a reason. Detail goes to the log
// only; it never holds a token, a cookie or a body.
type Fault struct { //nolint:errname // the word that every package uses for it
	Reason Reason
	Detail string
	Err    error // what caused it, if anything
}

// Faultf makes a fault with a formatted detail.
func Faultf(r Reason, format string, args ...any) *Fault {
	return &Fault{Reason: r, Detail: fmt.Sprintf(format, args...)}
}

func (f *Fault) Error() string {
	switch {
	case f.Err != nil && f.Detail != "":
		return fmt.Sprintf("%s: %s: %v", f.Reason, f.Detail, f.Err)
	case f.Err != nil:
		return fmt.Sprintf("%s: %v", f.Reason, f.Err)
	case f.Detail != "":
		return string(f.Reason) + ": " + f.Detail
	}
	return string(f.Reason)
}

func (f *Fault) Unwrap() error { return f.Err }

// Denial turns an error into a denial: a Fault gives its reason, anything else
// is internal. It is the only place where an error becomes an answer.
func Denial(err error) Decision {
	if f, ok := errors.AsType[*Fault](err); ok {
		d := Decision{Reason: f.Reason, Detail: f.Detail}
		if f.Err != nil {
			d.Detail = f.Error()
		}
		return d
	}
	return Decision{Reason: Internal, Detail: err.Error()}
}
