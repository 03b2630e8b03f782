package spec

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

// idForm is what a specification says of an id's form.
type idForm uint8

const (
	anyText idForm = iota
	integer
	uuid
)

func formOf(s *openapi3.Schema) idForm {
	switch {
	case s == nil:
	case s.Type.Is("integer"):
		return integer
	case s.Format == "uuid":
		return uuid
	}
	return anyText
}

// Sample is the operation's path with ids that have the form which the
// specification gives them, and these ids. Those for another n, from 1 to 26,
// differ in every one.
func (op *Operation) Sample(n int) (path string, ids []string, err error) {
	segs, rename, err := divide(op.Path)
	if err != nil {
		return "", nil, err
	}
	forms := map[string]idForm{} // by capture
	if op.rest != nil {
		for name, form := range op.rest.ids {
			forms[rename[name]] = form
		}
	}
	var captures []string
	for i := range segs {
		captures = append(captures, segs[i].params...)
	}
	path, _, err = Fill(op.Path, func(i int) string {
		ids = append(ids, forms[captures[i]].sample(n, i+1))
		return ids[i]
	})
	return path, ids, err
}

func (f idForm) sample(n, i int) string {
	switch f {
	case integer:
		return fmt.Sprint(100*n + i)
	case uuid:
		return fmt.Sprintf("00000000-0000-4000-8000-%06d%06d", n, i)
	case anyText:
	}
	return fmt.Sprintf("%c%d", 'a'+n-1, i)
}
