package pairs

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/e2e/oracle"
)

// proof says of each member of the declarations in a world what was seen of it.
type proof struct {
	written   map[string]bool // keys
	reached   map[string]bool // constructs of the evaluator
	asked     map[string]bool // members that table wants to be seen
	through   map[string]bool // an answer came by a declaration that has it
	otherwise map[string]bool // without it an answer would be another one
}

func newProof() *proof {
	p := &proof{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, is := range table {
		word, rest, says := strings.Cut(is, ": ")
		if !says {
			rest = is
		}
		if !says || word == "hung" {
			for member := range strings.FieldsSeq(rest) {
				p.asked[member] = true
			}
		}
	}
	return p
}

// whole are the members that are not taken apart.
var whole = []string{"Type.Source", "Line.Path", "Line.Query", "Line.Targets", "Define.Cond", "Mutation.Value"}

// members calls each with every member of a declaration that is given, those within
// it included, and a name for it.
func members(name string, v reflect.Value, each func(name string, v reflect.Value)) {
	v = reflect.Indirect(v)
	for i := range v.NumField() {
		f, is := v.Type().Field(i), v.Field(i)
		if !f.IsExported() || is.IsZero() {
			continue
		}
		at := name + "." + f.Name
		if is.Kind() == reflect.Struct {
			members(at, is, each)
			continue
		}
		each(at, is)
		inner := f.Type
		switch {
		case slices.Contains(whole, at) || inner == reflect.TypeFor[*oracle.Cond]():
		case inner.Kind() == reflect.Pointer && inner.Elem().Kind() == reflect.Struct:
			members(at, is, each)
		case inner.Kind() == reflect.Slice:
			for k := range is.Len() {
				if element := reflect.Indirect(is.Index(k)); element.Kind() == reflect.Struct {
					members(element.Type().Name(), element, each)
				}
			}
		}
	}
}

// everywhere are the sections that any answer may hang on.
func everywhere(w *oracle.World, each func(name string, v reflect.Value)) {
	world := reflect.ValueOf(w).Elem()
	for _, name := range []string{"Unclassified", "Overdue"} {
		if v := world.FieldByName(name); !v.IsZero() {
			each("World."+name, v)
		}
	}
	for i := range w.Groups {
		members("Group", reflect.ValueOf(&w.Groups[i]), each)
	}
	for i := range w.ActionGroups {
		members("ActionGroup", reflect.ValueOf(&w.ActionGroups[i]), each)
	}
}

// look tries what of a world decides what becomes of a request.
func (p *proof) look(w *oracle.World, r *oracle.Request, book *oracle.Book) {
	before := book.Copy()
	want, by, about := book.Through(w, r)
	for _, construct := range want.Reached {
		p.reached[construct] = true
	}
	for _, declaration := range by {
		v := reflect.ValueOf(declaration)
		members(v.Elem().Type().Name(), v, func(name string, _ reflect.Value) { p.through[name] = true })
	}
	said := essence(want)
	try := func(name string, v reflect.Value) {
		if p.otherwise[name] || !p.asked[name] {
			return
		}
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		v.SetZero()
		p.otherwise[name] = without(w, r, before.Copy(), said)
		v.Set(old)
	}
	everywhere(w, try)
	for _, declaration := range about {
		v := reflect.ValueOf(declaration)
		members(v.Elem().Type().Name(), v, try)
	}
}

// essence is what of an answer anybody sees.
func essence(a oracle.Answer) string {
	return fmt.Sprint(a.Effect, a.Reason, a.Status, a.Text, a.Set, a.Strip, a.Stream, a.Shadow != nil, a.Answers)
}

// without is the essence where something is missing. Where that is what the evaluator
// relies on, its answer proves nothing.
func without(w *oracle.World, r *oracle.Request, book *oracle.Book, said string) (differs bool) {
	defer func() {
		if recover() != nil {
			differs = false
		}
	}()
	return essence(book.Judge(w, r)) != said
}

// Worlds in which everything must be seen: as many as it takes, and most at last.
const enoughSeeds, most = 20, 400

// What a key says must decide: some answer came by a declaration that has it, and some
// answer would be another one without it. Of a few keys the one or the other is no
// question; what table says of each must be exactly so.
func TestPairsAreDecidedByEveryKey(t *testing.T) {
	seen := newProof()
	var lack []string
	for seed := uint64(0); seed < most && (seed < enoughSeeds || len(lack) > 0); seed++ {
		w := oracle.GenerateDirect(seed)
		seen.write(t, w)
		book := new(oracle.Book)
		for _, r := range oracle.Pairs(w, 20) {
			seen.look(w, r, book)
		}
		if seed+1 >= enoughSeeds {
			lack = seen.lacks()
		}
	}
	for _, what := range lack {
		t.Error(what)
	}
}
