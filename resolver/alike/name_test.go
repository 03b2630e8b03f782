package alike

import "testing"

func TestName(t *testing.T) {
	for _, c := range []struct {
		param, name string
		want        bool
	}{
		{"id", "id", true},
		{"ID", "id", true},
		{"id[]", "id", true},
		{"id[0]", "id", true},
		{"id[a][b]", "id", true},
		{" id", "id", true},
		{"account.id", "account_id", true},
		{"account id", "account_id", true},
		{"id ", "id", true},
		{"\u00a0id", "id", true},
		{".method", "_method", true},
		{" _method", "_method", true},
		{"[method", "_method", true},
		{"account[id", "account_id", true},
		{"id.x", "id", true},
		{"id .x", "id", true},
		{".id", "id", true},
		{"..ID.y[0]", "id", true},
		{"account.id.x", "account.id", true},
		{"ıd", "id", true},
		{"İd", "id", true},
		{"\ufeffid", "id", true},
		{"i\x00d", "id", true},
		{"ｉｄ［］", "id", true},
		{"ıd[0]", "ID", true},
		{"._method", "_method", true},
		{"_method.x", "_method", true},
		{"\ufeff_method", "_method", true},
		{"＿method", "_method", true},
		{"＿ＭＥＴＨＯＤ．x", "_method", true},
		{"a_\u200bmethod", "_method", false},
		{"ïd", "id", false},
		{"i d", "id", false},
		{"id-x", "id", false},
		{"id_x", "id", false},
		{"payment_method", "_method", false},
		{"account_id", "account.id", false}, // the server that reads the dot reads this one as another
		{"idx", "id", false},
		{"i", "id", false},
		{"", "id", false},
		{"x.id", "id", false},
		// what qs, Rack and others read where brackets come first or stray
		{"[id]", "id", true},
		{"[[id]]", "id", true},
		{"[id", "id", true},
		{"]id", "id", true},
		{"id]", "id", true},
		{"[]id", "id", true},
		{"[id][x]", "id", true},
		{"id]x", "id", true},
		{" [ ID ] ", "id", true},
		{"［id］", "id", true},
		{"[_method]", "_method", true},
		{"_method]", "_method", true},
		{"[id", "[id]", true},
		{"id", "[id]", true},
		{"[x]id", "id", false},
		{"[x][id]", "id", false},
		{"[idx]", "id", false},
		{"[]", "id", false},
		{"[]", "[]", true},
		{".", "[]", false},
		{"id", "[]", false},
		{"filter[tenant]", "filter.tenant", true},
		{"filter.tenant", "filter[tenant]", true},
		{"[filter][tenant]", "filter.tenant", true},
		{"filter[tenant][]", "filter.tenant", true},
		{"filter_tenant", "filter.tenant", false},
		{"filter", "filter.tenant", false},
		{"filter[owner]", "filter.tenant", false},
		{"filter.tenants", "filter[tenant]", false},
	} {
		if got := Name(c.param, c.name); got != c.want {
			t.Errorf("Name(%q, %q) = %v, want %v", c.param, c.name, got, c.want)
		}
		if f := Fold(c.param); f.Is(c.name) != c.want {
			t.Errorf("Fold(%q).Is(%q) = %v, want %v", c.param, c.name, !c.want, c.want)
		}
	}
}

// FuzzOnce: a name that is folded once is the same names as one that is not.
func FuzzOnce(f *testing.F) {
	f.Add("ID[0]", "id")
	f.Add("a.b_c", "a_b_c")
	f.Add("\u0131d [x", "id")
	f.Fuzz(func(t *testing.T, param, name string) {
		if f := Fold(param); f.Is(name) != Name(param, name) {
			t.Errorf("Fold(%q).Is(%q) is not %v", param, name, Name(param, name))
		}
	})
}
