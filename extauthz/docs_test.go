package extauthz

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tiergate/tiergate/extauthz/audit"
)

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The page lists every metric, and none that is not there.
func TestMetricsAreDocumented(t *testing.T) {
	text := document(t, "reference/metrics.md")
	reg := prometheus.NewRegistry()
	if _, err := NewMetrics(reg, fullSources()); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, f := range families {
		known[f.GetName()] = true
		row := regexp.MustCompile("(?m)^\\| `" + f.GetName() + "` \\| " + strings.ToLower(f.GetType().String()) + " \\|(.*?)\\|").FindStringSubmatch(text)
		if row == nil {
			t.Errorf("%s is not documented as a %v", f.GetName(), f.GetType())
			continue
		}
		for _, l := range f.GetMetric()[0].GetLabel() {
			if !strings.Contains(row[1], "`"+l.GetName()+"`") {
				t.Errorf("%s: label %s is not documented", f.GetName(), l.GetName())
			}
		}
	}
	for _, name := range regexp.MustCompile(`tiergate_[a-z_]+`).FindAllString(text, -1) {
		if !known[name] {
			t.Errorf("%s is documented and does not exist", name)
		}
	}
}

// The page's example is a record, and every member of one is explained.
func TestRecordIsDocumented(t *testing.T) {
	text := document(t, "reference/record.md")
	example := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(text)
	if example == nil {
		t.Fatal("no example")
	}
	d := json.NewDecoder(strings.NewReader(example[1]))
	d.DisallowUnknownFields()
	var r audit.Record
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	again, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if unescape(string(again)) != strings.TrimSpace(example[1]) {
		t.Errorf("the example reads back as\n%s", again)
	}
	for member := range members(reflect.TypeFor[audit.Record]()) {
		if !strings.Contains(text, "`"+member+"`") && !strings.Contains(example[1], `"`+member+`"`) {
			t.Errorf("member %s is not explained", member)
		}
	}
}

func unescape(s string) string {
	return strings.NewReplacer(`\u003e`, ">", `\u003c`, "<", `\u0026`, "&").Replace(s)
}

// members are the names of a struct's JSON members, and of those inside.
func members(t reflect.Type) map[string]bool {
	all := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		all[name] = true
		inner := f.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			for name := range members(inner) {
				all[name] = true
			}
		}
	}
	return all
}

// Every message that the server logs is in the operators' page.
func TestLogMessagesAreDocumented(t *testing.T) {
	text := document(t, "operations.md")
	message := regexp.MustCompile(`[lL]og\.(?:Debug|Info|Warn|Error)\("([^"]+)"`)
	logged := map[string]bool{}
	for _, dir := range []string{".", "../cmd/tiergate", "../resolver", "../rules"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, found := range message.FindAllStringSubmatch(string(source), -1) {
				logged[found[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for m := range logged {
		if !strings.Contains(text, "| `"+m+"` |") {
			t.Errorf("%q is logged and not documented", m)
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| (?:info|warn|error) \\| `([^`]+)` \\|").FindAllStringSubmatch(text, -1) {
		if !logged[row[1]] {
			t.Errorf("%q is documented and never logged", row[1])
		}
	}
	if len(logged) < 15 {
		t.Errorf("only %d messages were found", len(logged))
	}
}
