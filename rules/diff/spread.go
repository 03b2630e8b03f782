package diff

// most is how many combinations are tried in one place before only pairs are.
const most = 3000

// spread calls f with each combination of one value of each dimension, given by
// their numbers: the first ones first. Where there are too many, at most two
// dimensions leave their first value, and it returns false.
func spread(dims []int, f func([]int)) (all bool) {
	n := 1
	for _, d := range dims {
		if n *= d; n > most {
			return pairs(dims, f)
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

func pairs(dims []int, f func([]int)) bool {
	at := make([]int, len(dims))
	f(at)
	for i := range dims {
		for at[i] = 1; at[i] < dims[i]; at[i]++ {
			f(at)
			for k := i + 1; k < len(dims); k++ {
				for at[k] = 1; at[k] < dims[k]; at[k]++ {
					f(at)
				}
				at[k] = 0
			}
		}
		at[i] = 0
	}
	return false
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
