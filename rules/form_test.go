package rules

import (
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"
)

// Two forms of a file say the same to everybody and load; whatever else became of it is
// said where it stands.
func TestR1FormsOfAFile(t *testing.T) {
	const good = "tiers: [ { name: public } ]\nobjects: [ { type: doc, tier: public } ]\nidentities: [ { name: ada, kind: human, match: { issuer: corp, subject: ada } } ]\n" +
		"rules: [ { id: r, allow: ada, to: [read], on: doc, up_to: public } ]\n"
	wide := "\xff\xfe"
	for _, u := range utf16.Encode([]rune(good)) {
		wide += string([]byte{byte(u), byte(u >> 8)})
	}
	for _, c := range []struct{ name, text, want string }{
		{"as it is", good, ""},
		{"lines that end with CR LF", strings.ReplaceAll(good, "\n", "\r\n"), ""},
		{"a byte order mark", "\uFEFF" + good, ""},
		{"both", "\uFEFF" + strings.ReplaceAll(good, "\n", "\r\n"), ""},
		{"two byte order marks", "\uFEFF\uFEFF" + good, "a.yaml:1:"},
		{"lines that end with CR", strings.ReplaceAll(good, "\n", "\r"), "a.yaml:1:28: the character U+000D ends a line for YAML"},
		{"0 bytes", "", "a.yaml:1:1: the file is empty"},
		{"a byte order mark alone", "\uFEFF", "a.yaml:1:1: the file is empty"},
		{"only comments", "# tiers: []\n", "a.yaml:1:1: the file says nothing"},
		{"half of it", good[:len(good)-40], "a.yaml:5:1: not valid YAML"},
		{"two documents", good + "---\n" + good, "a.yaml:5:1: a second document in one file"},
		{"twice", good + good, `a.yaml:5:1: "tiers" is already given at a.yaml:1:1`},
		{"an unknown key", good + "rulez: []\n", `a.yaml:5:1: unknown key "rulez"`},
		{"a tab before a key", good + "\tteams: []\n", "a.yaml:5:1: not valid YAML: found character that cannot start any token"},
		{"a NUL", good + "\x00", "a.yaml:1:1: not valid YAML: control characters are not allowed"},
		{"another encoding", good + "# caf\xe9\n", "a.yaml:1:1: the file is not UTF-8"},
		{"UTF-16", wide, "a.yaml:1:1: the file is not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, ms := Parse(fstest.MapFS{"a.yaml": {Data: []byte(c.text)}})
			set, more := Compile(src, Env{Issuers: map[string]IssuerEnv{"corp": {}}})
			report := append(ms, more...).Report(func(string) string { return c.text })
			if tab := strings.Contains(c.text, "\t"); tab != strings.Contains(report, "YAML is indented by spaces") {
				t.Errorf("reported:\n%s", report)
			}
			if c.want != "" {
				if !strings.HasPrefix(report, c.want) || len(set.Rules()) != 0 {
					t.Errorf("%d rules, reported:\n%s\nwant %s", len(set.Rules()), report, c.want)
				}
				return
			}
			who := &Caller{Verified: &Verified{Issuer: "corp", Subject: "ada"}, Kind: Human, Identity: set.Identities()[0]}
			read := Target{Action: "read", Object: Object{Type: set.Schema().Types["doc"], ID: "1", RowTier: NoTier, State: Stored}}
			if got := set.Decide(new(Request), who, []Target{read}); report != "" || got.Effect != Allow {
				t.Errorf("%v %s, reported: %q", got.Effect, got.Reason, report)
			}
			read.Action = "delete"
			if got := set.Decide(new(Request), who, []Target{read}); got.Reason != NoRule {
				t.Errorf("twin: %v %s, want no_rule", got.Effect, got.Reason)
			}
		})
	}
}
