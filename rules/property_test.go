package rules

import (
	"strings"
	"testing"
)

func TestPropertyPath(t *testing.T) {
	for name, want := range map[string]string{
		"ssn": "ssn", "address.zip": "address zip", "items[].price": "items [] price", "tags[]": "tags []", "grid[][].x": "grid [] [] x", "x-y_z$@": "x-y_z$@",
		"": "", ".": "", "a.": "", ".a": "", "a..b": "", "[]": "", "a[": "", "a]": "", "a][": "", "a[0]": "", "limits.1": "", "7": "", "*": "", "a.*": "", `a"b`: "", "a[]b": "",
	} {
		steps, ok := PropertyPath(name)
		if got := strings.Join(steps, " "); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", name, got, ok, want)
		}
	}
}

// A value that is named as a whole names what is below it, and what is named
// below a property names the property.
func TestPropertiesThatAPathTouches(t *testing.T) {
	typ := &Type{Properties: map[string]Tier{"ssn": 2, "address.zip": 1, "items[].price": 3, "card": 1}}
	for path, want := range map[string]string{
		"phone": "", "ssn": "ssn", "ssn.last": "ssn", "address": "address.zip", "address.zip": "address.zip", "address.city": "", "addressee": "",
		"items": "items[].price", "items[]": "items[].price", "items[].name": "", "items[].price.net": "items[].price", "*": "items[].price", `"ssn.x"`: "",
	} {
		if got, _ := typ.property([]string{"phone", path}); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	if got, tier := typ.property([]string{"card", "address"}); got != "address.zip" || tier != 1 {
		t.Errorf("of equals: got %q, %d", got, tier)
	}
}

func TestWritablePaths(t *testing.T) {
	writable := map[string]bool{"phone": true, "address.city": true, "items[].name": true, "metadata": true}
	for path, want := range map[string]bool{
		"phone": true, "address.city": true, "metadata.k": true, "metadata[].k": true, "items[].name": true, "items[].name.first": true,
		"address": false, "address.zip": false, "items": false, "items[].price": false, "phones": false, "*": false, "": false, `"phone.x"`: false,
	} {
		if got := mayWrite(writable, path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

// What is asked for raises the tier of an object and of a collection alike, and
// is not written.
func TestReadsRaiseTheTier(t *testing.T) {
	s := &Schema{Tiers: []TierInfo{{Name: "low"}, {Name: "mid"}, {Name: "high"}}}
	typ := &Type{Tier: 0, MaxRowTier: 1, Properties: map[string]Tier{"ssn": 2}}
	for _, c := range []struct {
		row  string
		t    Target
		want string
	}{
		{"another field", Target{Action: "read", Reads: []string{"phone"}}, "low type"},
		{"the property", Target{Action: "read", Reads: []string{"ssn"}}, "high property ssn"},
		{"all of it", Target{Action: "read", Reads: []string{Everything}}, "high property ssn"},
		{"of a list, another field", Target{Action: "list", Collection: true, Reads: []string{"phone"}}, "mid collection"},
		{"of a list, the property", Target{Action: "list", Collection: true, Reads: []string{"ssn"}}, "high property ssn"},
		{"tested, not written", Target{Action: "update", Properties: []string{"phone"}, Reads: []string{"ssn"}}, "high property ssn"},
	} {
		c.t.Object = Object{Type: typ, RowTier: NoTier}
		tier, from := s.TierOf(&c.t)
		if got := s.TierName(tier) + " " + from; got != c.want {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
	}
}
