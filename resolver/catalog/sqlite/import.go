package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

// ImportOptions say what to build a file of. Out and Files have no default.
type ImportOptions struct {
	Out      string   // the file to build, which is replaced when the new one is whole
	Files    []string // .csv or .jsonl
	Type     string   // of all rows; "": each row names its own
	KeepBad  bool     // rows that cannot be used are kept as such, instead of ending the import
	Memory   int      // bytes of rows that are held at a time; 64 MiB
	Progress func(Progress)
}

// Progress is how far an import is. It is told every few ten thousand rows.
type Progress struct {
	Written   bool  // rows are written; else they are read
	Rows      int64 // so far
	Bytes, Of int64 // of the files that are read
}

// Imported is what an import made.
type Imported struct {
	Rows  int64
	Bad   rules.Mistakes // rows that were kept and cannot be used: the first ones, and how many more
	Stamp string         // SHA-256 of the rows, in hex: equal files of rows make equal files
}

const (
	defaultMemory = 64 << 20
	leastMemory   = 64 << 10
	told          = 50_000 // rows between two words of progress
)

// Import builds a file of the rows of other files, which it reads once, one row at
// a time, as a catalog that names them would. It builds beside Out and renames, so
// that whoever reads Out has the old file or the new one. What is wrong with the
// files comes back as rules.Mistakes, with places; then Out is as it was.
func Import(ctx context.Context, o ImportOptions) (done Imported, err error) {
	if o.Out == "" || len(o.Files) == 0 {
		return done, errors.New("sqlite: Out and Files are needed")
	}
	if err := apart(o.Out, o.Files); err != nil {
		return done, err
	}
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	dir, err := os.MkdirTemp(filepath.Dir(o.Out), "."+filepath.Base(o.Out)+".*")
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	in := &importer{ctx: ctx, options: o, types: make(map[string]*typ), sorter: &sorter{dir: dir, memory: max(leastMemory, o.Memory)}}
	defer in.sorter.close()
	if err := in.read(); err != nil {
		return done, err
	}
	half := filepath.Join(dir, "catalog.db")
	if done, err = in.write(half); err != nil {
		return done, err
	}
	return done, replace(half, o.Out)
}

// apart refuses to replace a file that is read, under whatever name.
func apart(out string, files []string) error {
	old, err := os.Stat(out)
	if err != nil { // there is nothing to lose; what else is wrong shows when it is written
		return nil //nolint:nilerr // see above
	}
	for _, name := range files {
		if info, err := os.Stat(name); err == nil && os.SameFile(old, info) {
			return fmt.Errorf("sqlite: %s is read, so it is not replaced", out)
		}
	}
	return nil
}

// replace puts a finished file in the place of another, and both on the disk.
func replace(from, to string) error {
	f, err := os.OpenFile(from, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return regular.SyncDir(filepath.Dir(to))
}

// importer collects rows, sorts them, and writes them.
type importer struct {
	ctx     context.Context //nolint:containedctx // of the one call that it lives in
	options ImportOptions
	sorter  *sorter
	types   map[string]*typ
	list    []*typ // in the order in which they came
	rows    int64
	bad     faults

	file   int   // that is read
	before int64 // bytes of the files before it
	of     int64
}

// typ is what is known of the rows of a type.
type typ struct {
	n            int // of its table
	name         string
	text         bool // of CSV
	tier, parent bool
	columns      []string
	slots        map[string]int
	first        map[string]int // line that has a column first, for each column of the rows
	rows         int64
	tiers        map[string]int
}

const (
	maxTypes   = 1000
	maxColumns = 256 // as files in memory have
)

func (in *importer) read() error {
	for _, path := range in.options.Files {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		in.of += info.Size()
	}
	for i, path := range in.options.Files {
		in.file = i
		if err := in.readFile(path); err != nil {
			return err
		}
	}
	for _, t := range in.list {
		if err := catalog.Misspelt(in.options.Files[0], map[string]map[string]int{t.name: t.first}).Err(); err != nil {
			return err
		}
	}
	in.options.Progress(Progress{Rows: in.rows, Bytes: in.before, Of: in.of})
	return nil
}

func (in *importer) readFile(path string) error {
	f, err := regular.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read from
	counted := &counter{from: f}
	err = catalog.Scan(path, counted, func(row catalog.Row) error {
		if in.rows++; in.rows%told == 0 {
			in.options.Progress(Progress{Rows: in.rows, Bytes: in.before + counted.n, Of: in.of})
			if err := in.ctx.Err(); err != nil {
				return err
			}
		}
		return in.take(row)
	})
	in.before += counted.n
	if in.ctx.Err() != nil {
		return in.ctx.Err()
	}
	return err
}

// counter counts what is read.
type counter struct {
	from io.Reader
	n    int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

// take sorts a row in.
func (in *importer) take(row catalog.Row) error {
	name, err := in.typeOf(row)
	if err != nil {
		return err
	}
	t := in.types[name]
	if t == nil {
		if len(in.list) == maxTypes {
			return fmt.Errorf("more than %d types", maxTypes)
		}
		t = &typ{
			n: len(in.list), name: name, text: row.Whole, slots: make(map[string]int), first: make(map[string]int), tiers: make(map[string]int),
		}
		in.types[name], in.list = t, append(in.list, t)
	}
	if t.text != row.Whole {
		return fmt.Errorf("rows of type %q are in CSV and in JSONL: they would not mean the same", name)
	}
	values, err := t.values(row)
	if err != nil {
		return err
	}
	r := record{typ: t.n, id: row.Key.ID, file: in.file, line: row.Pos.Line, values: values}
	return in.sorter.add(&r)
}

func (in *importer) typeOf(row catalog.Row) (string, error) {
	switch given := in.options.Type; {
	case given == "" && row.Key.Type == "":
		return "", errors.New("the row names no type: add a column, or --type for all rows")
	case given != "" && row.Key.Type != "" && row.Key.Type != given:
		return "", fmt.Errorf("the row is of another type than --type %s", given)
	case given != "":
		return given, nil
	default:
		return row.Key.Type, nil
	}
}

// values are those of a record, and the row's columns are learnt from it.
func (t *typ) values(row catalog.Row) ([]any, error) {
	named := func(column string) {
		if _, known := t.first[column]; !known {
			t.first[column] = row.Pos.Line
		}
	}
	values := make([]any, least, least+len(t.columns))
	if tier := row.Tier != "" || row.NoTier; tier || row.Whole && !row.Untiered {
		values[0], t.tier = row.Tier, true
		named("tier")
	}
	if row.Parent != "" {
		values[1], t.parent = row.Parent, true
		named("parent")
	}
	if row.Bad != "" { // nothing in it is of use
		values[2] = row.Bad
		return values, nil
	}
	for _, column := range row.Null {
		if column == "parent" {
			values[1], t.parent = "", true
			named("parent")
		}
	}
	if err := t.learn(row); err != nil {
		return nil, err
	}
	values = append(values, make([]any, len(t.columns))...)
	for column, value := range row.Columns {
		kept, err := stored(value)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", column, err)
		}
		values[least+t.slots[column]] = kept
	}
	for _, column := range row.Null {
		if slot, known := t.slots[column]; known {
			values[least+slot] = jsonNull
		}
	}
	return values, nil
}

// learn gives the columns of a row that are new their places, in order of their names.
func (t *typ) learn(row catalog.Row) error {
	var fresh []string
	for column := range row.Columns {
		if _, known := t.slots[column]; !known {
			fresh = append(fresh, column)
		}
	}
	for _, column := range row.Null {
		if _, known := t.slots[column]; !known && column != "parent" {
			fresh = append(fresh, column)
		}
	}
	slices.Sort(fresh)
	for _, column := range fresh {
		if len(t.columns) == maxColumns {
			return fmt.Errorf("more than %d different columns", maxColumns)
		}
		t.slots[column], t.first[column] = len(t.columns), row.Pos.Line
		t.columns = append(t.columns, column)
	}
	return nil
}
