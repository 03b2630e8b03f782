package policy

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	pollEvery = time.Second            // finds what the watch misses: network file systems, no inotify instances left
	settle    = 300 * time.Millisecond // between two looks that must see the same
	restless  = 20                     // looks without rest until somebody is told
)

// Watch reloads whenever the content of the directories changes, until ctx
// ends. The watch is on directories, not on files: a ConfigMap swaps a link
// beside them. A version that does not load is reported once, not every second.
func (l *Live) Watch(ctx context.Context, paths []string) error {
	events, closeWatch := notifier(paths, l.o.Log)
	defer closeWatch()
	// Zero: the first look always loads, for the files may have changed between
	// the first load and this moment.
	var last snapshot
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		asked := false
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-events:
			if !open {
				events = nil // the poll goes on
			}
		case <-poll.C:
		case <-l.look:
			asked = true
		}
		asked = asked || l.freed()
		if now := look(paths); asked || now != last {
			last = l.follow(ctx, paths, now)
		}
	}
}

// Look makes Watch reload at once, though it may have seen no change.
func (l *Live) Look() {
	select {
	case l.look <- struct{}{}:
	default: // it is about to
	}
}

// follow reloads once a writer who may be at work has come to rest: half of a
// file can be valid rules without the denials at its end. It takes two looks
// that see the same, and a load that read just that. It returns what it saw.
func (l *Live) follow(ctx context.Context, paths []string, now snapshot) snapshot {
	for looks := 1; pause(ctx, settle); looks++ {
		if looks == restless {
			l.o.Log.Warn("rules keep changing, the old ones stay in force until they rest")
		}
		before := now
		if now = look(paths); now != before {
			continue
		}
		err := l.reload(&now)
		if errors.Is(err, errMoved) {
			continue
		}
		if errors.Is(err, ErrHeld) {
			l.o.Log.Error("rules held until they are accepted", slog.String("policy", l.Current().Hash), slog.String("error", err.Error()))
		} else if err != nil {
			l.o.Log.Error("rules not loaded", slog.String("policy", l.Current().Hash), slog.String("error", err.Error()))
		}
		return now
	}
	return now
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// notifier sends something soon after a change below the paths. Where the
// system has no watch to give, it never does, and the poll alone finds changes.
func notifier(paths []string, log *slog.Logger) (<-chan fsnotify.Event, func()) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("no file watch, polling instead", slog.String("error", err.Error()))
		return nil, func() {}
	}
	for _, path := range paths {
		_ = filepath.WalkDir(followed(path), func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				err = w.Add(p)
			}
			if err != nil {
				log.Warn("directory not watched, polling instead", slog.String("path", p), slog.String("error", err.Error()))
			}
			return nil
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range w.Errors {
			// An error is a lost event, which the poll finds.
		}
	}()
	return w.Events, func() { _ = w.Close(); <-done }
}

// followed is the directory that a link leads to now: WalkDir does not enter
// a root that is a link.
func followed(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}
