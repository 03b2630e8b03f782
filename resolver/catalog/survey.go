package catalog

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// Survey is what there is to say about the rows of a file before a server serves
// them: what it would refuse, and what it would only ignore or never find.
type Survey struct{ Bad, Odd rules.Mistakes }

// Check says what is wrong with a row that its type could use, "" when nothing is,
// with a hint for who corrects it. Neither may show a value.
type Check func(o *rules.Object) (wrong, hint string)

// Survey reads all rows of a file source as the view's types would, past the
// cache, with what else whoever uses them checks. It says nothing about a source
// that is no file, nor about a file that cannot be used: File.Err does.
func (v *View) Survey(source string, checks ...Check) Survey {
	src := v.catalog.sources[source]
	if src == nil {
		return Survey{}
	}
	f, ok := src.Source.(*File)
	if !ok {
		return Survey{}
	}
	t := f.table.Load()
	if t == nil || len(t.records) == 0 {
		return Survey{}
	}
	s := surveyor{file: f.options.Path, table: t, readers: make(map[string][]reader), checks: checks}
	for typ, sh := range v.shapes {
		if sh.source == src {
			name := typ.Name
			if !t.typed {
				name = ""
			}
			s.readers[name] = append(s.readers[name], reader{typ: typ, shape: sh})
		}
	}
	s.columns()
	s.rows()
	return Survey{Bad: s.bad.list(), Odd: s.odd.list()}
}

// surveyor compares the rows of a table with the types that read them.
type surveyor struct {
	file     string
	table    *table
	readers  map[string][]reader // of the rows of a type; those of all rows under ""
	checks   []Check
	bad, odd findings
}

// reader is a type that reads rows. With unfit columns none of them is of use to
// it, and none is worth a word of its own.
type reader struct {
	typ   *rules.Type
	shape *shape
	unfit bool
}

func (s *surveyor) columns() {
	declared := make(map[string]bool)
	for _, name := range builtIn {
		declared[name] = true
	}
	for _, rowType := range slices.Sorted(maps.Keys(s.readers)) {
		readers := s.readers[rowType]
		slices.SortFunc(readers, func(a, b reader) int { return cmp.Compare(a.typ.Name, b.typ.Name) })
		for i := range readers {
			for _, a := range readers[i].typ.Attributes {
				declared[a.Name] = true
			}
			s.missing(&readers[i], s.table.held[rowType])
		}
	}
	all := s.table.held.all()
	for _, column := range slices.Sorted(maps.Keys(all)) {
		if !declared[column] {
			s.odd.add(rules.Pos{File: s.file, Line: all[column], Col: 1}, "column %q is declared by no type that reads the file, and ignored", column)
		}
	}
}

// missing compares what a type declares with the columns of its rows. What makes
// each of them a bad row is said once.
func (s *surveyor) missing(r *reader, has columns) {
	top := rules.Pos{File: s.file, Line: 1, Col: 1}
	if has == nil {
		s.odd.add(top, "no row is of type %s", r.typ.Name)
		return
	}
	lacks := func(column string) bool { _, there := has[column]; return !there }
	if lacks("tier") && r.typ.RowTiers {
		r.unfit = true
		s.bad.add(top, `type %s gives max_row_tier, and no row has the column "tier"`, r.typ.Name)
	}
	if lacks("parent") && r.typ.Parent != "" {
		s.odd.add(top, `type %s has a parent, and no row has the column "parent"`, r.typ.Name)
	}
	if r.shape.partial {
		return
	}
	whole := s.table.records[0].cells != nil
	for _, a := range r.typ.Attributes {
		switch {
		case lacks(a.Name) && whole:
			r.unfit = true
			s.bad.add(top, "type %s declares the attribute %q, and there is no such column", r.typ.Name, a.Name)
		case lacks(a.Name):
			s.odd.add(top, "type %s declares the attribute %q, and no row has it", r.typ.Name, a.Name)
		}
	}
}

func (s *surveyor) rows() {
	unread := make(map[string]bool)
	for i := range s.table.records {
		r := &s.table.records[i]
		readers := s.readers[r.key.Type]
		if len(readers) == 0 && !unread[r.key.Type] {
			unread[r.key.Type] = true
			s.odd.add(r.pos, "rows of type %q, which no type with this catalog reads", r.key.Type)
		}
		if r.bad != "" {
			s.bad.add(r.pos, "%s", r.bad)
			continue
		}
		var row Row
		s.table.fill(&row, r)
		for _, reader := range readers {
			if reader.unfit {
				continue
			}
			e := entry{found: true}
			if wrong := reader.shape.typed(&e, row, func(string) {}); wrong != "" {
				s.bad.add(r.pos, "%s: %s", reader.typ.Name, wrong)
				break
			}
			o := rules.Object{Type: reader.typ, ID: r.key.ID}
			e.apply(&o)
			for _, check := range s.checks {
				if wrong, hint := check(&o); wrong != "" {
					s.bad.addHint(r.pos, hint, "%s: %s", reader.typ.Name, wrong)
				}
			}
		}
	}
}

// mostFindings are shown of one kind in one file; one more counts the rest.
const mostFindings = 20

type findings struct {
	shown rules.Mistakes
	more  int
	next  rules.Pos // of the first that is only counted
}

func (f *findings) add(pos rules.Pos, format string, args ...any) {
	f.addHint(pos, "", format, args...)
}

func (f *findings) addHint(pos rules.Pos, hint, format string, args ...any) {
	if len(f.shown) < mostFindings {
		f.shown.AddHint(pos, hint, format, args...)
		return
	}
	if f.more == 0 {
		f.next = pos
	}
	f.more++
}

func (f *findings) list() rules.Mistakes {
	if f.more > 0 {
		f.shown.Add(f.next, "and so on: %d more in this file", f.more)
	}
	return f.shown
}
