package envoy

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// inFlight is the default of tiergate's limits.in_flight.
const inFlight = 1024

// samples are all files that wire tiergate into a proxy, by name.
func samples(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"hardened.yaml": hardened, "base.yaml": base, "tls.yaml": tlsBlocks}
	err := filepath.WalkDir("../deploy", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		all[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// documents parses every document of a file.
func documents(t *testing.T, source []byte) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, part := range strings.Split(string(source), "\n---\n") {
		var document map[string]any
		if err := yaml.Load([]byte(part), &document); err != nil {
			t.Fatal(err)
		}
		all = append(all, document)
	}
	return all
}

func TestSamplesParse(t *testing.T) {
	for name, source := range samples(t) {
		t.Run(name, func(t *testing.T) {
			for _, d := range documents(t, source) {
				if len(d) == 0 {
					t.Error("a document is empty")
				}
			}
		})
	}
}

// Below the breaker Envoy would answer for tiergate, without reason or record.
// Each sample that sends checks has at least one breaker, and all are larger.
func TestBreakersAreAboveInFlight(t *testing.T) {
	limits := map[string]bool{"max_requests": true, "max_pending_requests": true, "http2MaxRequests": true, "http1MaxPendingRequests": true, "maxParallelRequests": true, "maxPendingRequests": true}
	for _, name := range []string{"hardened.yaml", "base.yaml", "../deploy/istio/authorization-policy.yaml", "../deploy/envoy-gateway/security-policy.yaml"} {
		t.Run(name, func(t *testing.T) {
			found := 0
			for _, d := range documents(t, samples(t)[name]) {
				walk(d, func(key string, value any) {
					if !limits[key] {
						return
					}
					found++
					if n, ok := value.(int); !ok || n <= inFlight {
						t.Errorf("%s is %v, want more than limits.in_flight, %d", key, value, inFlight)
					}
				})
			}
			if found == 0 {
				t.Error("no circuit breaker is set")
			}
		})
	}
}

func TestSamplesFailClosed(t *testing.T) {
	for name, source := range samples(t) {
		for _, d := range documents(t, source) {
			walk(d, func(key string, value any) {
				open := key == "failOpen" || key == "failure_mode_allow" || key == "allow_partial_message" || key == "allowPartialMessage"
				if open && value != false {
					t.Errorf("%s: %s is %v, want false", name, key, value)
				}
				if (key == "statusOnError" || key == "status_on_error") && value != "503" && value != 503 {
					if m, ok := value.(map[string]any); !ok || m["code"] != "ServiceUnavailable" {
						t.Errorf("%s: %s is %v, want 503", name, key, value)
					}
				}
			})
		}
	}
}

// A CUSTOM policy asks only where a rule matches: the one rule is empty.
func TestIstioPolicyMatchesEverything(t *testing.T) {
	policy := documents(t, samples(t)["../deploy/istio/authorization-policy.yaml"])[0]
	spec, _ := policy["spec"].(map[string]any)
	rules, _ := spec["rules"].([]any)
	if len(rules) != 1 {
		t.Fatalf("%d rules, want 1", len(rules))
	}
	if rule, ok := rules[0].(map[string]any); !ok || len(rule) != 0 {
		t.Errorf("the rule is %v, want {}", rules[0])
	}
	if spec["action"] != "CUSTOM" {
		t.Errorf("action is %v, want CUSTOM", spec["action"])
	}
}

func walk(node any, visit func(key string, value any)) {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			visit(key, value)
			walk(value, visit)
		}
	case []any:
		for _, element := range node {
			walk(element, visit)
		}
	}
}
