package graphql

import "slices"

// UnreadIDs are the arguments of a field, and members of input objects in them, that
// are of type ID and at none of the paths that a line captures: each may name an
// object that nobody decides on. Input types within themselves count once.
func (s *Schema) UnreadIDs(name string, captured [][]string) (unread []string) {
	f := s.named[name]
	if f == nil {
		return nil
	}
	var within []*input
	var look func(at string, path []string, in *shape)
	look = func(at string, path []string, in *shape) {
		for in.list != nil {
			at, path, in = at+"[]", append(path, "[]"), in.list
		}
		switch t := in.named; {
		case t.kind == scalarID && !slices.ContainsFunc(captured, func(c []string) bool { return slices.Equal(c, path) }):
			unread = append(unread, at)
		case t.kind == object && !slices.Contains(within, t):
			within = append(within, t)
			for i := range t.members {
				m := &t.members[i]
				look(at+"."+m.name, append(slices.Clone(path), m.name), m.shape)
			}
			within = within[:len(within)-1]
		}
	}
	for i := range f.args {
		look("args."+f.args[i].name, []string{f.args[i].name}, f.args[i].shape)
	}
	return unread
}
