package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// Suppose is what an explanation takes to be otherwise than it is. The zero value
// changes nothing.
type Suppose struct {
	Tier       string            // of every target
	Attributes map[string]string // of every object whose type declares them, as text; a list has one element
}

// ExplainIf is Explain of a request whose objects are otherwise. Its error says
// what cannot be supposed.
func (p *Policy) ExplainIf(ctx context.Context, raw *rules.RawRequest, s Suppose) (*rules.Outcome, []rules.Miss, error) {
	other := *p
	if s.Tier != "" {
		tier, ok := p.set.Schema().TierByName(s.Tier)
		if !ok {
			return nil, nil, fmt.Errorf("no tier %q; the tiers are %s", s.Tier, strings.Join(tierNames(p.set.Schema()), ", "))
		}
		other.set = p.set.WithTier(tier)
	}
	c := check{p: &other, raw: raw, o: other.undecided(), suppose: &s}
	near := c.explain(ctx)
	return c.o, near, c.unsupposed
}

func tierNames(s *rules.Schema) (names []string) {
	for i := range s.Tiers {
		names = append(names, s.Tiers[i].Name)
	}
	return names
}

// apply changes the targets as supposed; an attribute that none of them has is an error.
func (s *Suppose) apply(targets []rules.Target) error {
	for _, name := range slices.Sorted(maps.Keys(s.Attributes)) {
		found := false
		for i := range targets {
			o := &targets[i].Object
			slot := o.Type.Slot(name)
			if slot < 0 {
				continue
			}
			v, err := supposed(o.Type.Attributes[slot], s.Attributes[name])
			if err != nil {
				return err
			}
			found = true
			values := make([]any, len(o.Type.Attributes)) // the row's own are the cache's
			copy(values, o.Attributes)
			values[slot], o.Attributes = v, values
		}
		if !found {
			return fmt.Errorf("no object of the request has an attribute %q", name)
		}
	}
	return nil
}

// supposed reads the value of an attribute; "" is none.
func supposed(a rules.Attribute, text string) (any, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // an absent attribute is nil
	}
	v, ok := a.Kind.ParseScalar(text)
	if !ok {
		return nil, fmt.Errorf("attribute %q is %v, %q is not", a.Name, a.Kind, text)
	}
	switch v := v.(type) {
	case string:
		if a.Kind == rules.StringList {
			return []string{v}, nil
		}
	case int64:
		if a.Kind == rules.IntList {
			return []int64{v}, nil
		}
	}
	return v, nil
}
