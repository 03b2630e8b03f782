package rules

import (
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"
)

// Parse reads every *.yaml file of a rules directory, but not *_test.yaml, and the
// files that these may name, in byte order of their paths. The directories of a
// Layered file system are layers; any other is one rules directory. With mistakes, the Source serves to find more of
// them, and is not to be put into force.
func Parse(fsys fs.FS) (*Source, Mistakes) {
	files, ms := ReadFiles(fsys, IsRead)
	p := parser{src: &Source{Layers: layersOf(fsys), broken: make(map[Pos]bool), Unread: len(ms) > 0}, ms: ms}
	found := false
	for _, f := range files {
		if IsTests(f.Path) {
			p.tests(f)
			continue
		}
		p.src.Files = append(p.src.Files, f)
		found = found || IsYAML(f.Path)
	}
	for _, lower := range []bool{false, true} { // what is there already is the top layer's
		p.files(slices.DeleteFunc(slices.Clone(p.src.Files), func(f File) bool { return !IsYAML(f.Path) || p.src.Lower(f.Path) != lower }))
	}
	p.src.Rules = slices.Concat(p.rules...)
	p.sides()
	if !found && len(p.ms) == 0 {
		p.ms.AddHint(Pos{File: directories(fsys)}, "names that start with a dot and *_test.yaml are not read as rules",
			"no *.yaml file in the rules directory")
	}
	p.src.faulty = len(p.ms) > 0
	return p.src, p.ms.cut()
}

type parser struct {
	src   *Source
	ms    Mistakes
	rules [][]RuleDecl // of each file: one list would be copied again and again, and there may be many
}

// directories names what was searched: the rules directories that are read as
// one, or the only one there is.
func directories(fsys fs.FS) string {
	entries, _ := fs.ReadDir(fsys, ".") // that it can be read is known by now
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return "."
	}
	return strings.Join(names, ", ")
}

// sections is what one rules file may hold.
type sections struct {
	Tiers        []TierDecl       `yaml:"tiers"`
	Unclassified At[string]       `yaml:"unclassified"`
	BroadAbove   At[string]       `yaml:"broad_above"`
	Overdue      At[string]       `yaml:"overdue"`
	Weights      Entries[At[int]] `yaml:"weights"`
	Categories   Strings          `yaml:"categories"`
	Objects      []ObjectDecl     `yaml:"objects"`
	Routes       []HostDecl       `yaml:"routes"`
	Identities   []IdentityDecl   `yaml:"identities"`
	Groups       []GroupDecl      `yaml:"groups"`
	ActionGroups Entries[Strings] `yaml:"action_groups"`

	Define Entries[At[string]] `yaml:"define"`

	Kinds Entries[CallerKindDecl] `yaml:"kinds"`
	Rules []RuleDecl              `yaml:"rules"`
	Teams []TeamDecl              `yaml:"teams"`
}

func (p *parser) file(f File, read *document) {
	d := Decoder{Mistakes: append(p.ms, read.ms...), broken: p.src.broken, frees: true}
	var s sections
	if read.node == nil {
		p.src.Unread = true
	} else {
		d.Into(read.node, &s)
	}
	p.ms = d.Mistakes
	if p.src.Lower(f.Path) {
		p.onlyTop(read.node)
		s.keepLower()
	}
	p.merge(&s)
}

// tooMuch reports whether a file is not looked into: for what it holds, or because
// enough is wrong already.
func (p *parser) tooMuch(f File) bool {
	n := marks(f.Text)
	if n > maxMarks {
		p.ms.AddHint(Pos{f.Path, 1, 1}, "divide it into several files", "some %d keys, values and items in one file, at most %d are read", n, maxMarks)
	}
	if n <= maxMarks && !p.ms.enough() {
		return false
	}
	p.src.Unread = true
	return true
}

// tests looks into a file of tests for sections of rules: nobody loads them, and
// a denial there would deny nothing. What else is wrong with it is found when the
// tests are run.
func (p *parser) tests(f File) {
	if p.tooMuch(f) {
		return
	}
	n, _ := parseYAML(f.Path, []byte(f.Text), maxItems)
	if n == nil || n.Kind != Mapping {
		return
	}
	for i := 0; i < len(n.Items); i += 2 {
		if key := n.Items[i]; isSection(key.Value) {
			p.ms.AddHint(key.Pos, "move it to a file with another ending",
				"%s holds tests; its %s section is never loaded", path.Base(f.Path), key.Value)
		}
	}
}

func isSection(key string) bool {
	for f := range reflect.TypeFor[sections]().Fields() {
		if f.Tag.Get("yaml") == key {
			return true
		}
	}
	return false
}

// merge adds a file's sections. Lists add up; what orders or names one thing
// for the whole policy may stand in one file only.
func (p *parser) merge(s *sections) {
	if len(s.Tiers) > 0 && len(p.src.Tiers) > 0 {
		p.ms.AddHint(s.Tiers[0].Pos, "their order is one list", "tiers are already given at %v", p.src.Tiers[0].Pos)
	} else if len(s.Tiers) > 0 {
		p.src.Tiers = s.Tiers
	}
	p.single(&p.src.Unclassified, s.Unclassified, "unclassified")
	p.single(&p.src.BroadAbove, s.BroadAbove, "broad_above")
	p.single(&p.src.Overdue, s.Overdue, "overdue")
	p.src.Weights = append(p.src.Weights, s.Weights...)
	p.src.Categories = append(p.src.Categories, s.Categories...)
	p.src.Objects = append(p.src.Objects, s.Objects...)
	p.src.Routes = append(p.src.Routes, s.Routes...)
	p.src.Identities = append(p.src.Identities, s.Identities...)
	p.src.Groups = append(p.src.Groups, s.Groups...)
	p.src.Define = append(p.src.Define, s.Define...)
	p.src.ActionGroups = append(p.src.ActionGroups, s.ActionGroups...)
	p.src.Kinds = append(p.src.Kinds, s.Kinds...)
	p.rules = append(p.rules, s.Rules)
	p.src.Teams = append(p.src.Teams, s.Teams...)
}

func (p *parser) single(to *At[string], from At[string], key string) {
	switch {
	case from.Pos == Pos{}:
	case to.Pos != Pos{}:
		p.ms.Add(from.Pos, "%s is already given at %v", key, to.Pos)
	default:
		*to = from
	}
}
