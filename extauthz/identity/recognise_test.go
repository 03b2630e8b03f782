package identity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

func registered() []*rules.Identity {
	return []*rules.Identity{
		{Name: "svc-billing", Kind: rules.Service, Issuer: "corp", Subject: "svc-billing", Workload: billing, Purposes: []string{"invoicing"}},
		{Name: "clerk", Kind: rules.Human, Issuer: "corp", Subject: "ada", Purposes: []string{"support", "invoicing"}},
		{Name: "customers", Kind: rules.Human, Issuer: "corp", Clients: []string{"web", "app"}},
		{Name: "partners", Kind: rules.ThirdParty, Issuer: "corp", Clients: []string{"app", "partner", "partner"}},
		{Name: "acme", Kind: rules.ThirdParty, Issuer: "acme-idp"},
		{Name: "globex", Kind: rules.ThirdParty, Issuer: "globex-idp"},
		{Name: "globex-app", Kind: rules.ThirdParty, Issuer: "globex-idp", Clients: []string{"app"}},
		{Name: "twin-1", Kind: rules.Service, Issuer: "corp", Subject: "twin"},
		{Name: "twin-2", Kind: rules.Service, Issuer: "corp", Subject: "twin"},
		{Name: "batch-web", Kind: rules.Service, Issuer: "corp", Subject: "batch", Clients: []string{"web"}},
		{Name: "batch-cli", Kind: rules.Service, Issuer: "corp", Subject: "batch", Clients: []string{"cli"}},
		{Name: "slash", Kind: rules.Service, Issuer: "a/b", Subject: "c"},
		{Name: "all-1", Kind: rules.Human, Issuer: "crowded"},
		{Name: "all-2", Kind: rules.Human, Issuer: "crowded"},
		{Name: "no-client", Kind: rules.Human, Issuer: "lonely", Clients: []string{""}},
		{Name: "no-client-ada", Kind: rules.Human, Issuer: "lonely", Subject: "ada", Clients: []string{""}},
		{Name: "nobody", Kind: rules.Service, Subject: "x"},
	}
}

// docs/reference/decisions.md, section 3, step by step.
func TestRecognise(t *testing.T) {
	r := NewRecogniser(registered())
	for _, row := range []struct {
		name                    string
		issuer, subject, client string
		peer                    string
		purpose, line           string // of the token and of the map line
		want                    string // identity
		kind                    rules.CallerKind
		effective               string
		bound                   bool
		reason                  rules.Reason
	}{
		{name: "a subject", issuer: "corp", subject: "ada", want: "clerk", kind: rules.Human},
		{name: "a subject beats classes", issuer: "corp", subject: "ada", client: "web", want: "clerk", kind: rules.Human},
		{name: "a class by client", issuer: "corp", subject: "bob", client: "web", want: "customers", kind: rules.Human},
		{name: "a class that names its client twice", issuer: "corp", subject: "bob", client: "partner", want: "partners", kind: rules.ThirdParty},
		{name: "a class of all", issuer: "acme-idp", subject: "bob", client: "any", want: "acme", kind: rules.ThirdParty},
		{name: "two classes by client", issuer: "corp", subject: "bob", client: "app", kind: rules.Unknown, reason: rules.IdentityAmbiguous},
		{name: "a class of all and one by client", issuer: "globex-idp", subject: "bob", client: "app", kind: rules.Unknown, reason: rules.IdentityAmbiguous},
		{name: "two classes of all", issuer: "crowded", subject: "bob", kind: rules.Unknown, reason: rules.IdentityAmbiguous},
		{name: "twin: only the class of all", issuer: "globex-idp", subject: "bob", client: "web", want: "globex", kind: rules.ThirdParty},
		{name: "two for one subject", issuer: "corp", subject: "twin", kind: rules.Unknown, reason: rules.IdentityAmbiguous},
		{name: "two for one subject, told apart by client", issuer: "corp", subject: "batch", client: "cli", want: "batch-cli", kind: rules.Service},
		{name: "a subject whose client does not fit falls to the classes", issuer: "corp", subject: "batch", client: "partner", want: "partners", kind: rules.ThirdParty},
		{name: "a subject whose client does not fit, and no class", issuer: "corp", subject: "batch", kind: rules.Unknown},
		{name: "no client is not the empty client", issuer: "lonely", subject: "bob", kind: rules.Unknown},
		{name: "nor for a subject", issuer: "lonely", subject: "ada", kind: rules.Unknown},
		{name: "unknown subject", issuer: "corp", subject: "eve", kind: rules.Unknown},
		{name: "A18 same subject of another issuer", issuer: "other", subject: "ada", kind: rules.Unknown},
		{name: "A18 subject in another case", issuer: "corp", subject: "Ada", kind: rules.Unknown},
		{name: "A18 subject that is a client", issuer: "corp", subject: "web", kind: rules.Unknown},
		{name: "A18 twin: a/b and c", issuer: "a/b", subject: "c", want: "slash", kind: rules.Service},
		{name: "A18 a and b/c", issuer: "a", subject: "b/c", kind: rules.Unknown},
		{name: "an identity without issuer is nobody's", issuer: "", subject: "x", kind: rules.Unknown},
		{name: "unknown keeps the line's purpose", issuer: "corp", subject: "eve", line: "invoicing", kind: rules.Unknown, effective: "invoicing"},

		{name: "A25 bound by its workload", issuer: "corp", subject: "svc-billing", peer: billing, want: "svc-billing", kind: rules.Service, effective: "invoicing", bound: true},
		{name: "A25 another workload", issuer: "corp", subject: "svc-billing", peer: billing + "2", want: "svc-billing", kind: rules.Service, reason: rules.BindingMismatch},
		{name: "A25 no workload", issuer: "corp", subject: "svc-billing", want: "svc-billing", kind: rules.Service, reason: rules.BindingMismatch},
		{name: "a peer that nobody asked for", issuer: "corp", subject: "ada", peer: billing, want: "clerk", kind: rules.Human},

		{name: "purpose of the token", issuer: "corp", subject: "ada", purpose: "support", want: "clerk", kind: rules.Human, effective: "support"},
		{name: "purpose of the token beats the line", issuer: "corp", subject: "ada", purpose: "support", line: "invoicing", want: "clerk", kind: rules.Human, effective: "support"},
		{name: "purpose of the line", issuer: "corp", subject: "ada", line: "invoicing", want: "clerk", kind: rules.Human, effective: "invoicing"},
		{name: "the only purpose", issuer: "corp", subject: "svc-billing", peer: billing, want: "svc-billing", kind: rules.Service, effective: "invoicing", bound: true},
		{name: "no purpose among several", issuer: "corp", subject: "ada", want: "clerk", kind: rules.Human},
		{name: "token's purpose not among them", issuer: "corp", subject: "ada", purpose: "marketing", want: "clerk", kind: rules.Human, effective: "marketing", reason: rules.PurposeNotAllowed},
		{name: "line's purpose not among them", issuer: "corp", subject: "ada", line: "marketing", want: "clerk", kind: rules.Human, effective: "marketing", reason: rules.PurposeNotAllowed},
		{name: "a purpose where the identity has none", issuer: "corp", subject: "bob", client: "web", line: "support", want: "customers", kind: rules.Human, effective: "support", reason: rules.PurposeNotAllowed},
		{name: "binding comes before purpose", issuer: "corp", subject: "svc-billing", purpose: "x", want: "svc-billing", kind: rules.Service, effective: "x", reason: rules.BindingMismatch},
	} {
		t.Run(row.name, func(t *testing.T) {
			who := &rules.Verified{Issuer: row.issuer, Subject: row.subject, ClientID: row.client, Purpose: row.purpose}
			c, err := r.Recognise(rules.Evidence{Verified: who, Peer: row.peer}, new(rules.Request), row.line)
			if got := reasonOf(t, err, ""); got != row.reason {
				t.Fatalf("refused for %q, want %q", got, row.reason)
			}
			if c.Name() != row.want || c.Kind != row.kind || (c.Bound == rules.ByWorkload) != row.bound || c.Peer != row.peer || c.Verified != who {
				t.Errorf("caller %q, %v, bound %v, peer %q, want %q, %v, %v", c.Name(), c.Kind, c.Bound, c.Peer, row.want, row.kind, row.bound)
			}
			if row.reason != rules.BindingMismatch && c.Purpose != row.effective {
				t.Errorf("purpose %q, want %q", c.Purpose, row.effective)
			}
		})
	}
}

func TestAnonymousIsRecognised(t *testing.T) {
	r := NewRecogniser(registered())
	for _, who := range []*rules.Verified{nil, {Anonymous: true}, {Anonymous: true, Issuer: "corp", Subject: "ada"}} {
		c, err := r.Recognise(rules.Evidence{Verified: who, Peer: billing}, new(rules.Request), "invoicing")
		if err != nil || c.Kind != rules.Anonymous || c.Identity != nil || c.Peer != billing || c.Purpose != "invoicing" || c.Bound != rules.NotBound {
			t.Errorf("Recognise(%+v) = %+v, %v", who, c, err)
		}
	}
}

func TestAmbiguityNamesBoth(t *testing.T) {
	_, err := NewRecogniser(registered()).Recognise(rules.Evidence{Verified: &rules.Verified{Issuer: "corp", Subject: "twin"}}, new(rules.Request), "")
	if err == nil || !strings.Contains(err.Error(), "twin-1") || !strings.Contains(err.Error(), "twin-2") {
		t.Errorf("error %v, want both names", err)
	}
}

// The number of identities must not matter, nor may recognising allocate more
// than the caller itself.
func BenchmarkRecognise(b *testing.B) {
	for _, n := range []int{10, 1_000, 100_000} {
		ids := registered()
		for i := range n {
			ids = append(ids, &rules.Identity{Name: fmt.Sprint(i), Issuer: "corp", Subject: fmt.Sprint("s-", i)},
				&rules.Identity{Name: fmt.Sprint("c", i), Issuer: "corp", Clients: []string{fmt.Sprint("c-", i)}})
		}
		r := NewRecogniser(ids)
		who := rules.Evidence{Verified: &rules.Verified{Issuer: "corp", Subject: "bob", ClientID: "web"}}
		req := new(rules.Request)
		b.Run(fmt.Sprint(n, " identities"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Recognise(who, req, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
