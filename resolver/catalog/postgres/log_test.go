package postgres

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// logged is what was logged so far.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func newLog() *logged { return &logged{} }

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(l, nil)) }

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logged) waitFor(t *testing.T, want string) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !strings.Contains(l.String(), want); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("the log does not say %q:\n%s", want, l)
		}
	}
}
