package spec

import (
	"strings"
	"testing"
)

func TestWordsOf(t *testing.T) {
	for name, want := range map[string]string{
		"batchDelete": "batch delete", "HTTPRoute": "http route", "ticket_id": "ticket id", "mark-as-read": "mark as read",
		"projectsV2": "projects v2", "X": "x", "": "", "événement": "événement", "IDs": "i ds",
	} {
		if got := strings.Join(wordsOf(name), " "); got != want {
			t.Errorf("wordsOf(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestSingular(t *testing.T) {
	for many, one := range map[string]string{
		"accounts": "account", "policies": "policy", "addresses": "address", "ingresses": "ingress", "boxes": "box", "statuses": "status",
		"status": "status", "people": "person", "api_keys": "api_key", "series": "series", "branches": "branch", "caches": "cache",
		"releases": "release", "purchases": "purchase", "shelves": "shelf", "databases": "database", "buses": "bus", "news": "news", "gas": "ga", "is": "is", "": "",
	} {
		if got := singular(many); got != one {
			t.Errorf("singular(%q) = %q, want %q", many, got, one)
		}
	}
}

func TestVerbs(t *testing.T) {
	for segment, want := range map[string]string{
		"cancel": "cancel", "batchDelete": "delete", "bulk-update": "update", "markAsRead": "mark_as_read", "search": "list", "mergeAll": "merge",
		"invoice": "", "totals": "", "": "", "all": "",
	} {
		if got, ok := verb(segment); got != want || ok != (want != "") {
			t.Errorf("verb(%q) = %q, %v, want %q", segment, got, ok, want)
		}
	}
}

// Each hint has a twin that differs in one thing and says nothing.
func TestHints(t *testing.T) {
	for _, name := range []string{"ssn", "iban", "access_token", "clientSecret", "password", "card", "card_number", "dob", "dateOfBirth", "key", "apiKey", "private-key", "pin"} {
		if !hints(name) {
			t.Errorf("%q hints at nothing", name)
		}
	}
	for _, name := range []string{"session", "ibanez", "token_type", "secretary", "passwordless", "cardinal", "number", "date", "sort_key", "keyboard", "spin", ""} {
		if hints(name) {
			t.Errorf("%q hints at a secret", name)
		}
	}
}

func TestTenancy(t *testing.T) {
	for param, want := range map[string]string{"tenant": "tenant", "org_id": "org", "workspaceId": "workspace", "account-slug": "account", "tenants": "", "id": "", "organ": ""} {
		if got := tenancy(param); got != want {
			t.Errorf("tenancy(%q) = %q, want %q", param, got, want)
		}
	}
}
