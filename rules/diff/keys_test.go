package diff

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// Whoever adds a key to the language says here what the comparison makes of it.
// Until then a change of it is named and may be a gain.
func TestEveryKeyHasATreatment(t *testing.T) {
	walked := []reflect.Type{
		reflect.TypeFor[rules.Source](), reflect.TypeFor[rules.TierDecl](), reflect.TypeFor[rules.ObjectDecl](), reflect.TypeFor[rules.ActionDecl](),
		reflect.TypeFor[rules.IdentityDecl](), reflect.TypeFor[rules.HostDecl](), reflect.TypeFor[rules.LineDecl](), reflect.TypeFor[rules.RuleDecl](),
	}
	for typ, all := range treatments {
		known := maps.Clone(all)
		for i := range typ.NumField() {
			f := typ.Field(i)
			if _, ok := known[f.Name]; !ok && f.IsExported() && f.Type != position {
				t.Errorf("%v: nothing is said of %s", typ, f.Name)
			}
			if k := known[f.Name]; f.Type != position && !k.judged && !k.loads && !slices.Contains(walked, typ) {
				t.Errorf("%v: a change of %s is named nowhere", typ, f.Name)
			}
			delete(known, f.Name)
		}
		for name := range known {
			t.Errorf("%v has no %s", typ, name)
		}
	}
}

// A key that nobody thought of is named, and may be a gain.
func TestUnheardKeysAreNamed(t *testing.T) {
	type decl struct {
		Known, Unheard rules.At[string]
	}
	typ := reflect.TypeFor[decl]()
	treatments[typ] = map[string]treatment{"Known": judged}
	t.Cleanup(func() { delete(treatments, typ) })
	c := new(parts)
	c.of("thing", "x", decl{rules.At[string]{V: "a"}, rules.At[string]{V: "b"}})
	if len(c.list) != 1 || c.list[0].what != "unheard" || c.list[0].judged {
		t.Fatalf("%+v", c.list)
	}
	if p := new(pass); !p.mayGain(part{value: reflect.ValueOf("")}, c.list[0]) || !p.mayGain(c.list[0], part{value: reflect.ValueOf("")}) {
		t.Error("nobody gains by it")
	}
}

// A file beside the rules is its name and what is in it, wherever it lies.
func TestSideFilesAreTheirContent(t *testing.T) {
	text := func(path, data string) string {
		return spelt(reflect.ValueOf(rules.GRPCDecl{Descriptors: rules.SideFile{At: rules.At[string]{V: "a.binpb"}, File: &rules.File{Path: path, Text: data, Hash: fmt.Sprintf("%x", sha256.Sum256([]byte(data)))}}}))
	}
	old := text("old/a.binpb", "\x1b[0m")
	if old != text("new/a.binpb", "\x1b[0m") || strings.Contains(old, "\x1b") {
		t.Errorf("the same file is %q and %q", old, text("new/a.binpb", "\x1b[0m"))
	}
	if old == text("old/a.binpb", "other") {
		t.Errorf("the twin, another file, is %q, too", old)
	}
}
