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
	news chan struct{} // closed, and made anew, with each line
}

func newLog() *logged { return &logged{news: make(chan struct{})} }

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(l, nil)) }

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.news)
	l.news = make(chan struct{})
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// waitFor waits until some line says so.
func (l *logged) waitFor(t *testing.T, want string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		l.mu.Lock()
		said, news := strings.Contains(l.text.String(), want), l.news
		l.mu.Unlock()
		if said {
			return
		}
		select {
		case <-news:
		case <-deadline:
			t.Fatalf("the log does not say %q:\n%s", want, l)
		}
	}
}
