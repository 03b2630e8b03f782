package identity

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// noon is the time of every request here.
var noon = time.Date(2027, 1, 15, 12, 0, 0, 0, time.UTC)

// one request of corp's svc, from an address, with a token of an age.
type use struct {
	peer    string
	from    string
	issued  time.Duration // ago; negative for no iat
	purpose string
}

func (u use) of(id rules.Identity) (*rules.Caller, error) {
	id.Name, id.Kind, id.Issuer, id.Subject = "svc", rules.Service, "corp", "svc"
	v := &rules.Verified{Issuer: "corp", Subject: "svc", IssuedAt: noon.Add(-u.issued)}
	if u.issued < 0 {
		v.IssuedAt = time.Time{}
	}
	req := &rules.Request{Now: noon}
	if u.from != "" {
		req.ClientIP = netip.MustParseAddr(u.from)
	}
	return NewRecogniser([]*rules.Identity{&id}).Recognise(rules.Evidence{Verified: v, Peer: u.peer}, req, u.purpose)
}

func networks(texts ...string) (out []netip.Prefix) {
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// Each limit of an identity refuses for its own reason what differs from its twin
// in one thing.
func TestLimitsOfAnIdentity(t *testing.T) {
	for _, row := range []struct {
		name   string
		id     rules.Identity
		use    use
		reason rules.Reason
	}{
		{"active", rules.Identity{}, use{}, ""},
		{"suspended", rules.Identity{Status: rules.Suspended}, use{}, rules.IdentitySuspended},
		{"retired", rules.Identity{Status: rules.Retired}, use{}, rules.IdentitySuspended},

		{"begun now", rules.Identity{NotBefore: noon}, use{}, ""},
		{"not begun", rules.Identity{NotBefore: noon.Add(1)}, use{}, rules.IdentityExpired},
		{"ends soon", rules.Identity{Expires: noon.Add(1)}, use{}, ""},
		{"ended now", rules.Identity{Expires: noon}, use{}, rules.IdentityExpired},

		{"reviewed in time", rules.Identity{Overdue: noon.Add(1)}, use{}, ""},
		{"review overdue", rules.Identity{Overdue: noon}, use{}, rules.ReviewOverdue},

		{"in the network", rules.Identity{Networks: networks("10.0.0.0/8")}, use{from: "10.9.9.9"}, ""},
		{"in another", rules.Identity{Networks: networks("10.0.0.0/8")}, use{from: "11.9.9.9"}, rules.NetworkNotAllowed},
		{"in the second", rules.Identity{Networks: networks("10.0.0.0/8", "2001:db8::/32")}, use{from: "2001:db8::1"}, ""},
		{"IPv4 in the form of IPv6", rules.Identity{Networks: networks("10.0.0.0/8")}, use{from: "::ffff:10.9.9.9"}, ""},
		{"IPv6 that ends alike", rules.Identity{Networks: networks("10.0.0.0/8")}, use{from: "::10.9.9.9"}, rules.NetworkNotAllowed},
		{"with a zone", rules.Identity{Networks: networks("fe80::/10")}, use{from: "fe80::1%eth0"}, rules.NetworkNotAllowed},
		{"its twin", rules.Identity{Networks: networks("fe80::/10")}, use{from: "fe80::1"}, ""},
		{"an unknown address", rules.Identity{Networks: networks("10.0.0.0/8")}, use{}, rules.NetworkNotAllowed},

		{"as old as may be", rules.Identity{MaxAge: time.Hour}, use{issued: time.Hour}, ""},
		{"older", rules.Identity{MaxAge: time.Hour}, use{issued: time.Hour + 1}, rules.TokenTooOld},
		{"of no age", rules.Identity{MaxAge: time.Hour}, use{issued: -1}, rules.TokenTooOld},
		{"no age, none demanded", rules.Identity{}, use{issued: -1}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := row.use.of(row.id)
			if got := reasonOf(t, err, ""); got != row.reason {
				t.Fatalf("refused for %q, want %q", got, row.reason)
			}
			if c.Name() != "svc" {
				t.Errorf("the caller is %q: the record and revocations want to know", c.Name())
			}
		})
	}
}

// The steps come in the order of the page: whoever misses several is refused for
// the first.
func TestLimitsComeInOrder(t *testing.T) {
	id := rules.Identity{
		Workload: billing, Status: rules.Suspended, Expires: noon, Networks: networks("10.0.0.0/8"), MaxAge: time.Minute,
	}
	u := use{from: "192.0.2.1", issued: time.Hour, purpose: "none of its own"}
	for _, step := range []struct {
		want rules.Reason
		mend func()
	}{
		{rules.BindingMismatch, func() { u.peer = billing }},
		{rules.IdentitySuspended, func() { id.Status = rules.Active }},
		{rules.IdentityExpired, func() { id.Expires = time.Time{} }},
		{rules.NetworkNotAllowed, func() { u.from = "10.1.1.1" }},
		{rules.TokenTooOld, func() { u.issued = time.Second }},
		{rules.PurposeNotAllowed, func() { u.purpose = "" }},
		{"", func() {}},
	} {
		_, err := u.of(id)
		if got := reasonOf(t, err, ""); got != step.want {
			t.Fatalf("refused for %q, want %q", got, step.want)
		}
		step.mend()
	}
}

// A request without a time proves nothing about an end.
func TestNoTimeIsTooLate(t *testing.T) {
	id := &rules.Identity{Name: "a", Kind: rules.Service, Issuer: "corp", Subject: "a", Expires: noon}
	v := rules.Evidence{Verified: &rules.Verified{Issuer: "corp", Subject: "a"}}
	_, err := NewRecogniser([]*rules.Identity{id}).Recognise(v, new(rules.Request), "")
	if got := reasonOf(t, err, ""); got != rules.IdentityExpired {
		t.Errorf("refused for %q", got)
	}
}
