package rules

// truth is what a condition comes to. Beside true and false there are the
// answer of a collection, where only the bounds are known, and two errors.
type truth uint8

const (
	no      truth = iota // the zero value holds for nothing
	yes                  // on a value: present
	unknown              // neither is proven: the value is not among the bounds
	absent               // an error: a value that is needed is absent
	failed               // any other error
)

// and combines as CEL does: false wins, then unknown, then the first error.
func (a truth) and(b truth) truth {
	switch {
	case a == no || b == no:
		return no
	case a == unknown || b == unknown:
		return unknown
	case a != yes:
		return a
	}
	return b
}

// or combines as CEL does: true wins, then unknown, then the first error.
func (a truth) or(b truth) truth {
	switch {
	case a == yes || b == yes:
		return yes
	case a == unknown || b == unknown:
		return unknown
	case a != no:
		return a
	}
	return b
}

func (a truth) not() truth {
	switch a {
	case no:
		return yes
	case yes:
		return no
	default:
		return a
	}
}

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// reason is the denial that an error in a condition leads to.
func (a truth) reason() Reason {
	if a == absent {
		return AttributeMissing
	}
	return RuleError
}
