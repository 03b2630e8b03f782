package alike

import "bytes"

// Once is a name that was folded once, to be compared with many.
type Once struct {
	name  string
	plain bool // there is nothing to fold but its case

	folded, steps []byte
	under, base   []byte // as PHP reads it, and up to its first bracket; nil where that is no other reading
}

// Fold folds a name.
func Fold(name string) Once {
	f := Once{name: name, plain: plainWord(name)}
	if f.plain {
		return f
	}
	f.folded = Append(nil, name)
	f.steps = appendSteps(nil, f.folded)
	if bytes.ContainsAny(f.folded, ". [") {
		f.under = bytes.Clone(f.folded)
		underscore(f.under)
		f.base = f.under[:len(f.folded)]
		if at := bytes.IndexByte(f.folded, '['); at >= 0 {
			f.base = f.under[:at]
		}
	}
	return f
}

// Is reports whether some server reads the name as another one, as Name does.
func (f *Once) Is(name string) bool {
	if f.plain {
		return Name(f.name, name)
	}
	var room [2][64]byte
	n := Append(room[0][:0], name)
	if bytes.Equal(f.folded, n) || partOf(f.steps, appendSteps(room[1][:0], n)) {
		return true
	}
	if f.under == nil {
		return false
	}
	underscore(n)
	return bytes.Equal(f.under, n) || bytes.Equal(f.base, n)
}

// Wraps reports whether the name goes into another one by its first step, as
// acc[tenant] does into tenant: Rails and others put what a body says below the
// name of what it is about, unless the query has something there.
func (f *Once) Wraps(name string) bool {
	at := bytes.IndexByte(f.steps, '.')
	if f.plain || at < 0 {
		return false
	}
	var room [2][64]byte
	return partOf(f.steps[at+1:], appendSteps(room[1][:0], Append(room[0][:0], name)))
}
