package diff

import "slices"

// So many combinations are tried in one place, before only pairs are.
const (
	most     = 3_000
	mostNow  = 20_000    // of objects, while there is patience left
	patience = 4_000_000 // how often an object was tried before there is none
)

// spread calls f with each combination of one value of each dimension, given by
// their numbers: the first ones first. Where there are more than most, at most two
// dimensions leave their value in the first combination, and then in each of bases (nil
// for none), and it returns false.
func spread(dims []int, most int, bases func() [][]int, f func([]int)) (all bool) {
	n := 1
	for _, d := range dims {
		if n *= d; n > most {
			from := [][]int{make([]int, len(dims))}
			if bases != nil {
				from = append(from, bases()...)
			}
			around(dims, most, from, f)
			return false
		}
	}
	at := make([]int, len(dims))
	for {
		f(at)
		i := len(dims) - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < dims[i] {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return true
		}
	}
}

// around calls f with what is near each of bases; once it was called more than most
// times, with no more than the bases themselves.
func around(dims []int, most int, bases [][]int, f func([]int)) {
	called := 0
	for _, base := range bases {
		if called > most {
			f(base)
			continue
		}
		pairs(dims, base, func(at []int) {
			called++
			f(at)
		})
	}
}

// pairs calls f with a base and what differs from it in one or two dimensions.
func pairs(dims, base []int, f func([]int)) {
	at := slices.Clone(base)
	others := func(i int, f func()) {
		for n := range dims[i] {
			if at[i] = n; n != base[i] {
				f()
			}
		}
		at[i] = base[i]
	}
	f(at)
	for i := range dims {
		others(i, func() {
			f(at)
			for k := i + 1; k < len(dims); k++ {
				others(k, func() { f(at) })
			}
		})
	}
}

// set is values in the order in which they came, each once.
type set[T comparable] struct{ list []T }

func (s *set[T]) add(values ...T) {
	for _, v := range values {
		if !s.has(v) {
			s.list = append(s.list, v)
		}
	}
}

func (s *set[T]) has(v T) bool {
	for _, other := range s.list {
		if other == v {
			return true
		}
	}
	return false
}
