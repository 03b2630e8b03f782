package rules

import "testing"

func TestHostSet(t *testing.T) {
	s := NewHostSet("api.example.com", "*.shop.example.com", "[::1]")
	for host, want := range map[string]bool{
		"api.example.com": true, "web.example.com": false, "a.shop.example.com": true, "a.b.shop.example.com": true, "shop.example.com": false,
		"badshop.example.com": false, ".shop.example.com": false, "*.shop.example.com": true, "[::1]": true, "": false,
	} {
		if got := s.Has(host); got != want {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
	}
	if (*HostSet)(nil).Has("api.example.com") || NewHostSet().Has("") {
		t.Error("an empty set has a host")
	}
}
