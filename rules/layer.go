package rules

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Layered is a file system of several rules directories. What the first says
// stands for all; the others add to it, as far as its `teams` let them.
type Layered interface {
	fs.FS
	// Layers names the directories, which stand at the root, the top layer first.
	Layers() []string
}

// Layers makes the named directories at the root of fsys layers, the top one first.
func Layers(fsys fs.FS, names ...string) fs.FS { return layered{fsys, names} }

type layered struct {
	fs.FS
	names []string
}

func (l layered) Layers() []string                      { return l.names }
func (l layered) Stat(name string) (fs.FileInfo, error) { return fs.Stat(l.FS, name) }

// layersOf are the layers of a file system, or nil: one directory is none.
func layersOf(fsys fs.FS) []string {
	if l, ok := fsys.(Layered); ok && len(l.Layers()) > 1 {
		return slices.Clone(l.Layers())
	}
	return nil
}

// Lower reports whether a file is of a layer below the top one.
func (s *Source) Lower(file string) bool {
	return len(s.Layers) > 0 && !strings.HasPrefix(file, s.Layers[0]+"/")
}

// Top is the top layer by itself, or nil where there are no layers. Whatever it
// says it must say without the others, or these could give its words a meaning.
func (s *Source) Top() *Source {
	if len(s.Layers) == 0 {
		return nil
	}
	top := *s
	top.Layers = nil
	lower := func(at Pos) bool { return s.Lower(at.File) }
	top.Files = slices.DeleteFunc(slices.Clone(s.Files), func(f File) bool { return s.Lower(f.Path) })
	top.Objects = slices.DeleteFunc(slices.Clone(s.Objects), func(d ObjectDecl) bool { return lower(d.Pos) })
	top.Routes = slices.DeleteFunc(slices.Clone(s.Routes), func(d HostDecl) bool { return lower(d.Pos) })
	top.Rules = slices.DeleteFunc(slices.Clone(s.Rules), func(d RuleDecl) bool { return lower(d.Pos) })
	top.Define = slices.DeleteFunc(slices.Clone(s.Define), func(e Entry[At[string]]) bool { return lower(e.Pos) })
	top.ActionGroups = slices.DeleteFunc(slices.Clone(s.ActionGroups), func(e Entry[Strings]) bool { return lower(e.Pos) })
	return &top
}

// lowerSections are what a layer below the top one may have: sections of things
// that each have an owner. All others are about everybody's.
var lowerSections = []string{"objects", "routes", "rules", "define", "action_groups"}

// onlyTop refuses the sections of a file of a lower layer that are the top layer's.
func (p *parser) onlyTop(n *Node) {
	if n == nil || n.Kind != Mapping {
		return
	}
	for i := 0; i < len(n.Items); i += 2 {
		if key := n.Items[i]; isSection(key.Value) && !slices.Contains(lowerSections, key.Value) {
			p.ms.AddHint(key.Pos, "it is about what all layers share: ask who keeps "+p.src.Layers[0],
				"%s has no meaning here: it belongs to the top layer, %s", key.Value, p.src.Layers[0])
		}
	}
}

// keepLower drops of a lower layer's sections those that are read once for all, so
// that none of them takes the place of the top layer's.
func (s *sections) keepLower() {
	*s = sections{Objects: s.Objects, Routes: s.Routes, Rules: s.Rules, Define: s.Define, ActionGroups: s.ActionGroups,
		Identities: s.Identities, Groups: s.Groups, Categories: s.Categories} // what is known by name is not reported as unknown again
}

// holds reports whether an entry of `files` is a file, or the directory that it is in.
func holds(entry, file string) bool {
	return entry == file || strings.HasSuffix(entry, "/") && strings.HasPrefix(file, entry)
}

// cleanPath reports whether a path is written as positions show it, but for a
// slash behind a directory.
func cleanPath(p string) bool {
	p = strings.TrimSuffix(p, "/")
	return fs.ValidPath(p) && path.Clean(p) == p && p != "."
}
