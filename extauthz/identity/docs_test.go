package identity

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// Operators query messages and reasons, so the page names every one of them.
func TestThePageNamesEveryMessageAndReason(t *testing.T) {
	page := string(must(os.ReadFile("../../docs/identity.md")))
	sources, err := filepath.Glob("*.go")
	if err != nil || len(sources) < 20 {
		t.Fatalf("%d sources, %v", len(sources), err)
	}
	message := regexp.MustCompile(`log\.(?:Info|Warn|Error)\("([^"]+)"`)
	used := regexp.MustCompile(`rules\.((?:Token|Credential|Binding|JWKS|Keys|Purpose|Identity|Agent)[A-Za-z]+)\b`)
	names := map[string]bool{}
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text := string(must(os.ReadFile(file)))
		for _, m := range message.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(page, "| `"+m[1]+"` |") {
				t.Errorf("%s logs %q, which docs/identity.md does not explain", file, m[1])
			}
		}
		for _, m := range used.FindAllStringSubmatch(text, -1) {
			names[m[1]] = true
		}
	}
	if len(names) < 18 {
		t.Errorf("only %d reasons found in the sources: %v", len(names), names)
	}
	for _, r := range rules.Reasons() {
		is401 := r.Status() == 401 && r != rules.CredentialMissing // which is a decision, not a refusal
		if is401 && !strings.Contains(page, "`"+string(r)+"`") {
			t.Errorf("docs/identity.md does not name %s", r)
		}
	}
}
