package resolver

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestGRPCPage loads the rules of docs/grpc.md with descriptors of the services
// that they are about.
func TestGRPCPage(t *testing.T) {
	page, err := os.ReadFile("../docs/grpc.md")
	if err != nil {
		t.Fatal(err)
	}
	descriptors, err := os.ReadFile("testdata/page.binpb.txtpb")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"rules/tickets.binpb.txtpb": string(descriptors)}
	for _, m := range regexp.MustCompile("(?ms)^```yaml\n# (rules/[a-z]+\\.yaml)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		files[m[1]] = m[2]
	}
	if len(files) != 3 {
		t.Fatalf("%d files: the page moved, or the test does not see it", len(files))
	}
	routes, _, ms := load(t, files)
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	streams := 0
	for _, op := range routes.Operations() {
		if op.Stream > 0 {
			streams++
		}
	}
	if streams != 2 || len(routes.Operations()) != 7 {
		t.Errorf("%d lines, %d of them stream", len(routes.Operations()), streams)
	}
	files["rules/tickets.yaml"] = strings.Replace(files["rules/tickets.yaml"], "message.ids[]", "message.ids", 1)
	if _, _, ms := load(t, files); ms.Err() == nil {
		t.Error("a capture that is not as the descriptors say loads")
	}
}
