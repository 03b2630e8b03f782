package lint

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"github.com/tiergate/tiergate/rules"
)

// maxCost bounds one check of one thing, in CEL's units; 10,000 are about a millisecond.
const maxCost = 100_000

// Checks are compiled checks with their exceptions. They are for one run: used
// exceptions are remembered.
type Checks struct {
	checks []compiled
	except []*Exception
	used   map[*Exception]bool
}

type compiled struct {
	*Check
	program cel.Program
}

// views are the types of things by their sort.
var views = map[string]reflect.Type{
	"rule": reflect.TypeFor[Rule](), "identity": reflect.TypeFor[Identity](),
	"type": reflect.TypeFor[Type](), "line": reflect.TypeFor[Line](),
}

// Compile checks conditions and joins files; of one id there may be one check.
func Compile(houses ...*House) (*Checks, rules.Mistakes) {
	var ms rules.Mistakes
	out := &Checks{used: make(map[*Exception]bool)}
	seen := make(map[string]rules.Pos)
	var ids []string
	for _, h := range houses {
		for i := range h.Checks {
			c := &h.Checks[i]
			if at, twice := seen[c.ID.V]; twice {
				ms.Add(c.ID.Pos, "check %q is already given at %v", c.ID.V, at)
				continue
			}
			seen[c.ID.V], ids = c.ID.Pos, append(ids, c.ID.V)
			program, err := c.compile()
			if err != nil {
				ms = append(ms, *err)
				continue
			}
			out.checks = append(out.checks, compiled{c, program})
		}
	}
	for _, h := range houses {
		for i := range h.Except {
			e := &h.Except[i]
			if _, known := seen[e.Check.V]; !known {
				ms.AddHint(e.Check.Pos, rules.DidYouMean(e.Check.V, ids), "there is no check %q", e.Check.V)
			}
			out.except = append(out.except, e)
		}
	}
	return out, ms
}

// All returns the checks in the order in which they are run.
func (cs *Checks) All() []*Check {
	out := make([]*Check, len(cs.checks))
	for i := range cs.checks {
		out[i] = cs.checks[i].Check
	}
	return out
}

func (c *Check) compile() (cel.Program, *rules.Mistake) {
	wrong := func(hint, format string, args ...any) *rules.Mistake {
		return &rules.Mistake{Pos: c.Demand.Pos, Text: fmt.Sprintf(format, args...), Hint: hint}
	}
	view := views[c.Each.V]
	if view == nil {
		return nil, wrong("", "nothing is checked by it")
	}
	env, err := cel.NewEnv(
		ext.NativeTypes(view, ext.ParseStructTags(true)),
		cel.Variable(c.Each.V, cel.ObjectType(view.String())),
		cel.Variable("now", cel.TimestampType),
	)
	if err != nil {
		return nil, wrong("", "CEL environment: %v", err)
	}
	ast, issues := env.Compile(c.Demand.V)
	if issues.Err() != nil {
		first := issues.Errors()[0].Message
		return nil, wrong(hintOf(first, c.Each.V, view), "not a condition over the %s: %s", c.Each.V, reworded(first, c.Each.V))
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, wrong("", "the demand is %v, want true or false", ast.OutputType())
	}
	program, err := env.Program(ast, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, wrong("", "%v", err)
	}
	return program, nil
}

var (
	undefined  = regexp.MustCompile(`undefined field '([^']*)'`)
	undeclared = regexp.MustCompile(`undeclared reference to '([^']*)'`)
)

// reworded turns CEL's message into one for who writes checks.
func reworded(message, sort string) string {
	message, _, _ = strings.Cut(message, " (in container")
	if m := undefined.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("a %s has no %q", sort, m[1])
	}
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%q is not known here", m[1])
	}
	return message
}

func hintOf(message, sort string, view reflect.Type) string {
	if m := undefined.FindStringSubmatch(message); m != nil {
		if hint := rules.DidYouMean(m[1], members(view)); hint != "" {
			return hint
		}
		return "it has " + strings.Join(members(view), ", ")
	}
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("the check is about each %s: write %s.…, or now", sort, sort)
	}
	return ""
}

// members are what a condition can read of a thing, sorted.
func members(view reflect.Type) (out []string) {
	for f := range view.Fields() {
		out = append(out, f.Tag.Get("cel"))
	}
	slices.Sort(out)
	return out
}
