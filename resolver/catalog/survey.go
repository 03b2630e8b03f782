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
// cache, with what else whoever uses them checks; of a Described source it goes by
// what that says, and reads only the first rows of each type. It says nothing about
// other sources, nor about a file that cannot be used: File.Err does.
func (v *View) Survey(source string, checks ...Check) Survey {
	src := v.catalog.sources[source]
	if src == nil {
		return Survey{}
	}
	s := surveyor{checks: checks, readers: make(map[string][]reader)}
	switch f := src.Source.(type) {
	case *File:
		t := f.table.Load()
		if t == nil || len(t.records) == 0 {
			return Survey{}
		}
		s.file, s.held = f.options.Path, t.held
		s.whole = func(string) bool { return t.records[0].cells != nil }
		s.read(v, src, t.typed)
		s.rows(t)
	case Described:
		d := f.Describe()
		if len(d.Types) == 0 {
			return Survey{}
		}
		s.file, s.held = d.File, d.held()
		s.whole = func(typ string) bool { return d.Types[typ].Whole }
		s.read(v, src, true)
		s.described(d, f)
	}
	return Survey{Bad: s.bad.list(), Odd: s.odd.list()}
}

// surveyor compares rows with the types that read them.
type surveyor struct {
	file     string
	held     held
	whole    func(typ string) bool // rows of a type have a cell for every column
	readers  map[string][]reader   // of the rows of a type; those of all rows under ""
	checks   []Check
	bad, odd findings
}

// read collects the types that read a source, and compares what they declare with
// the columns that there are.
func (s *surveyor) read(v *View, src *source, typed bool) {
	for typ, sh := range v.shapes {
		if sh.source == src {
			name := typ.Name
			if !typed {
				name = ""
			}
			s.readers[name] = append(s.readers[name], reader{typ: typ, shape: sh})
		}
	}
	s.columns()
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
			s.missing(&readers[i], s.held[rowType], s.whole(rowType))
		}
	}
	all := s.held.all()
	for _, column := range slices.Sorted(maps.Keys(all)) {
		if !declared[column] {
			s.odd.add(rules.Pos{File: s.file, Line: all[column], Col: 1}, "column %q is declared by no type that reads the file, and ignored", column)
		}
	}
}

// missing compares what a type declares with the columns of its rows. What makes
// each of them a bad row is said once.
func (s *surveyor) missing(r *reader, has columns, whole bool) {
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

func (s *surveyor) rows(t *table) {
	unread := make(map[string]bool)
	for i := range t.records {
		r := &t.records[i]
		readers := s.readers[r.key.Type]
		if len(readers) == 0 && !unread[r.key.Type] {
			unread[r.key.Type] = true
			s.unread(r.pos, r.key.Type)
		}
		if r.bad != "" {
			s.bad.add(r.pos, "%s", r.bad)
			continue
		}
		row := Row{Key: r.key}
		t.fill(&row, r)
		s.row(r.pos, "", row, readers)
	}
}

func (s *surveyor) unread(pos rules.Pos, typ string) {
	s.odd.add(pos, "rows of type %q, which no type with this catalog reads", typ)
}

// row types one row as all who read it would. at says which row it is, where pos does not.
func (s *surveyor) row(pos rules.Pos, at string, row Row, readers []reader) {
	asked := len(readers) == 0
	for _, reader := range readers {
		asked = asked || reader.typ.ID == nil || reader.typ.ID.MatchString(row.Key.ID)
		if reader.unfit {
			continue
		}
		e := entry{found: true}
		if wrong := reader.shape.typed(&e, row, func(string) {}); wrong != "" {
			s.bad.add(pos, "%s%s: %s", reader.typ.Name, at, wrong)
			break
		}
		o := rules.Object{Type: reader.typ, ID: row.Key.ID}
		e.apply(&o)
		for _, check := range s.checks {
			if wrong, hint := check(&o); wrong != "" {
				s.bad.addHint(pos, hint, "%s%s: %s", reader.typ.Name, at, wrong)
			}
		}
	}
	if !asked {
		s.odd.add(pos, "%s%s: the id does not match the type's `id`: no request can ask for it", readers[0].typ.Name, at)
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
