package sqlite

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tiergate/tiergate/resolver/catalog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write makes a file beside others of a test.
func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// build makes a file of rows at a path.
func build(t testing.TB, out, name, text string) Imported {
	t.Helper()
	in := write(t, filepath.Join(t.TempDir(), name), text)
	done, err := Import(t.Context(), ImportOptions{Out: out, Files: []string{in}, Type: typeOf(text)})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// typeOf is what a text that names no type is imported as.
func typeOf(text string) string {
	if strings.Contains(text, "type") {
		return ""
	}
	return "account"
}

// clock is the time of a test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// from opens a source over a file that a test built.
func from(t testing.TB, path string, change func(*Options)) *Source {
	t.Helper()
	o := Options{Path: path}
	if change != nil {
		change(&o)
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// jsonl writes rows as lines of JSON.
func jsonl(t testing.TB, rows []catalog.Row) string {
	t.Helper()
	var b strings.Builder
	for _, r := range rows {
		m := map[string]any{"id": r.Key.ID, "type": r.Key.Type}
		for name, v := range r.Columns {
			m[name] = v
		}
		if r.Tier != "" {
			m["tier"] = r.Tier
		}
		if r.Parent != "" {
			m["parent"] = r.Parent
		}
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	return b.String()
}
