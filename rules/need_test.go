package rules

import (
	"strings"
	"testing"
	"testing/fstest"
)

const needy = `
tiers: [ { name: low } ]
objects:
  - { type: room, tier: low }
  - { type: box, tier: low, parent: room, attributes: { region: string, tags: [string], size: int, full: bool } }
identities:
  - { name: it, kind: service, match: { issuer: corp, subject: it }, task: packs, needs: [NEED] }
`

func TestNeedCovers(t *testing.T) {
	full := func(change func(*Object)) Object {
		o := Object{ID: "b1", Parent: "r1", State: Stored, Attributes: []any{"eu", []string{"red", "old"}, int64(3), true}}
		if change != nil {
			change(&o)
		}
		return o
	}
	for _, row := range []struct {
		need, action string
		change       func(*Object)
		want         bool
	}{
		{"read box", "read", nil, true},
		{"read box", "list", nil, false},
		{"read box/b1", "read", nil, true},
		{"read box/b2", "read", nil, false},
		{"read box[region=eu]", "read", nil, true},
		{"read box[region=us]", "read", nil, false},
		{"read box[region=eu]", "read", func(o *Object) { o.Attributes[0] = nil }, false},
		{"read box[region=eu]", "read", func(o *Object) { o.Attributes = nil }, false},
		{"read box[tags=old]", "read", nil, true},
		{"read box[tags=new]", "read", nil, false},
		{"read box[size=3]", "read", nil, true},
		{"read box[size=4]", "read", nil, false},
		{"read box[full=true]", "read", nil, true},
		{"read box[full=false]", "read", nil, false},
		{"read box[region=eu,size=3]", "read", nil, true},
		{"read box[region=eu, size=4]", "read", nil, false},
		{"list box in room/r1", "list", nil, true},
		{"list box in room/r2", "list", nil, false},
		{"list box in room/r1", "list", func(o *Object) { o.Parent = "" }, false},
	} {
		t.Run(row.need, func(t *testing.T) {
			text := `"` + row.need + `"`
			src, ms := Parse(fstest.MapFS{"r.yaml": {Data: []byte(replaceOnce(t, needy, "NEED", text))}})
			if err := ms.Err(); err != nil {
				t.Fatal(err)
			}
			set, ms := Compile(src, Env{Partial: true})
			if err := ms.Err(); err != nil {
				t.Fatal(err)
			}
			o := full(row.change)
			o.Type = set.Schema().Types["box"]
			if got := set.Identities()[0].Needs[0].Covers(row.action, &o); got != row.want {
				t.Errorf("%s of %+v: %v, want %v", row.action, o, got, row.want)
			}
			o.Type = set.Schema().Types["room"]
			if set.Identities()[0].Needs[0].Covers(row.action, &o) {
				t.Error("it covers another type")
			}
		})
	}
}

// A need gives no right: the twin rule does.
func TestNeedsGiveNoRight(t *testing.T) {
	for _, row := range []struct {
		rule string
		want Reason
	}{
		{`rules: [ { id: packs, allow: it, to: [read], on: box, up_to: low } ]`, Allowed},
		{``, NoRule},
	} {
		src, ms := Parse(fstest.MapFS{"r.yaml": {Data: []byte(replaceOnce(t, needy, "NEED", "read box") + row.rule)}})
		if err := ms.Err(); err != nil {
			t.Fatal(err)
		}
		set, ms := Compile(src, Env{Partial: true})
		if err := ms.Err(); err != nil {
			t.Fatal(err)
		}
		id := set.Identities()[0]
		c := &Caller{Verified: &Verified{Issuer: "corp", Subject: "it"}, Kind: Service, Identity: id}
		d := set.Decide(&Request{}, c, []Target{{Action: "read", Object: Object{Type: set.Schema().Types["box"], ID: "b1", State: Stored, RowTier: NoTier}}})
		if d.Reason != row.want {
			t.Errorf("with %q: %s, want %s", row.rule, d.Reason, row.want)
		}
	}
}

func replaceOnce(t *testing.T, text, old, new string) string {
	t.Helper()
	before, after, ok := strings.Cut(text, old)
	if !ok {
		t.Fatalf("%q is not there", old)
	}
	return before + new + after
}
