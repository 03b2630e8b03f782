package rules

import (
	"iter"
	"path"
	"slices"
	"strings"
)

// SideFile is a file beside the rules that says what an API looks like: a
// schema, descriptors, definitions. It is part of the version like any rules file.
type SideFile struct {
	At[string]       // its name, relative to the file that names it
	File       *File // nil when nothing is named, or it is not there
}

// sideEndings are how a file is known to be read beside the rules. What has
// another ending may lie there unread.
var sideEndings = []string{".graphql", ".binpb", ".persisted.json", ".tools.json"}

// IsSide reports whether a file of a rules directory is read for another one
// that names it.
func IsSide(name string) bool {
	return slices.ContainsFunc(sideEndings, func(ending string) bool { return strings.HasSuffix(name, ending) })
}

// IsRead reports whether a file of a rules directory is read at all.
func IsRead(name string) bool { return IsYAML(name) || IsSide(name) }

// sides gives each declaration the file that it names.
func (p *parser) sides() {
	for i := range p.src.Routes {
		for s, ending := range p.src.Routes[i].sides() {
			p.side(s, ending)
		}
	}
}

// sides are the files that a host's declaration can name, with their endings.
func (h *HostDecl) sides() iter.Seq2[*SideFile, string] {
	return func(yield func(*SideFile, string) bool) {
		if !yield(&h.GraphQL.Schema, ".graphql") || !yield(&h.GraphQL.Persisted, ".persisted.json") || !yield(&h.GRPC.Descriptors, ".binpb") {
			return
		}
		for i := range h.MCP {
			if !yield(&h.MCP[i].Tools, ".tools.json") {
				return
			}
		}
	}
}

func (p *parser) side(s *SideFile, ending string) {
	if (s.Pos == Pos{}) {
		return
	}
	name := path.Join(path.Dir(s.Pos.File), s.V)
	switch {
	case path.IsAbs(s.V) || name == ".." || strings.HasPrefix(name, "../"):
		p.ms.AddHint(s.Pos, "put it into the rules directory, so that it is one version with the rules", "%q is not in the rules directory", s.V)
		return
	case !strings.HasSuffix(name, ending):
		p.ms.AddHint(s.Pos, "files beside the rules are known by their ending", "%q does not end in %s", s.V, ending)
		return
	}
	var there []string
	for i := range p.src.Files {
		f := &p.src.Files[i]
		if f.Path == name {
			s.File = f
			return
		}
		if strings.HasSuffix(f.Path, ending) {
			there = append(there, f.Path)
		}
	}
	p.ms.AddHint(s.Pos, DidYouMean(name, there), "there is no file %q", name)
}
