package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const (
	maxFileSize = 8 << 20 // bytes; a file of that size already takes some hundred MB to read
	maxDirDepth = 16      // directories below the rules directory; also ends a loop of links
)

// Parse reads every *.yaml file of a rules directory, but not *_test.yaml, in
// byte order of their paths. Names that start with a dot are not entered, so a
// Kubernetes volume is read once, through its visible links. With mistakes, the
// Source serves to find more of them, and is not to be put into force.
func Parse(fsys fs.FS) (*Source, Mistakes) {
	p := parser{fsys: fsys, src: &Source{broken: make(map[Pos]bool)}}
	p.walk(".", 0)
	slices.Sort(p.paths)
	for _, name := range p.paths {
		p.file(name)
	}
	if len(p.paths) == 0 && len(p.ms) == 0 {
		p.ms.Add(Pos{}, "no *.yaml file in the rules directory")
	}
	p.src.faulty = len(p.ms) > 0
	return p.src, p.ms
}

type parser struct {
	fsys  fs.FS
	src   *Source
	paths []string
	ms    Mistakes
}

// walk collects the paths of rules files. It asks for each entry's target
// rather than its own type, because a mounted volume holds links only.
func (p *parser) walk(dir string, depth int) {
	if depth > maxDirDepth {
		p.ms.Add(Pos{File: dir}, "more than %d directories deep", maxDirDepth)
		return
	}
	entries, err := fs.ReadDir(p.fsys, dir)
	if err != nil {
		p.ms.Add(Pos{File: dir}, "%v", err)
		return
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := fs.Stat(p.fsys, name)
		switch {
		case err != nil:
			if rulesFile(name) || path.Ext(name) == "" {
				p.ms.Add(Pos{File: name}, "%v", err)
			}
		case info.IsDir():
			p.walk(name, depth+1)
		case strings.HasSuffix(name, ".yml"):
			// Read silently as nothing, a misnamed file could drop a deny rule.
			p.ms.AddHint(Pos{File: name}, "rename it to "+strings.TrimSuffix(name, ".yml")+".yaml",
				"rules files end in .yaml")
		case !rulesFile(name):
		case !info.Mode().IsRegular():
			p.ms.Add(Pos{File: name}, "not a regular file (%v)", info.Mode().Type())
		case info.Size() > maxFileSize:
			p.ms.Add(Pos{File: name}, "%d bytes long, at most %d are read", info.Size(), maxFileSize)
		default:
			p.paths = append(p.paths, name)
		}
	}
}

func rulesFile(name string) bool {
	return strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, "_test.yaml")
}

// sections is what one rules file may hold.
type sections struct {
	Tiers        []TierDecl       `yaml:"tiers"`
	Unclassified At[string]       `yaml:"unclassified"`
	BroadAbove   At[string]       `yaml:"broad_above"`
	Weights      Entries[At[int]] `yaml:"weights"`
	Objects      []ObjectDecl     `yaml:"objects"`
	Routes       []HostDecl       `yaml:"routes"`
	Identities   []IdentityDecl   `yaml:"identities"`
	Rules        []RuleDecl       `yaml:"rules"`
}

func (p *parser) file(name string) {
	text, err := readCapped(p.fsys, name)
	if err == nil && len(text) > maxFileSize {
		err = fmt.Errorf("more than %d bytes long", maxFileSize)
	}
	if err != nil {
		p.ms.Add(Pos{File: name}, "%v", err)
		p.src.Unread = true
		return
	}
	sum := sha256.Sum256(text)
	p.src.Files = append(p.src.Files, File{Path: name, Text: string(text), Hash: hex.EncodeToString(sum[:])})
	n, ms := ParseYAML(name, text)
	d := Decoder{Mistakes: append(p.ms, ms...), broken: p.src.broken}
	var s sections
	if n == nil {
		p.src.Unread = true
	} else {
		d.Into(n, &s)
	}
	p.ms = d.Mistakes
	p.merge(&s)
}

// readCapped reads one byte more than is allowed at most: the size that Stat
// told may be outdated, or a lie.
func readCapped(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	return io.ReadAll(io.LimitReader(f, maxFileSize+1))
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
	p.src.Weights = append(p.src.Weights, s.Weights...)
	p.src.Objects = append(p.src.Objects, s.Objects...)
	p.src.Routes = append(p.src.Routes, s.Routes...)
	p.src.Identities = append(p.src.Identities, s.Identities...)
	p.src.Rules = append(p.src.Rules, s.Rules...)
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
