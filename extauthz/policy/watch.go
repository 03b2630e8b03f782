package policy

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	pollEvery = time.Second            // finds what the watch misses: network file systems, no inotify instances left
	settle    = 100 * time.Millisecond // writers take a few steps; a burst is read once
)

// Watch reloads whenever the content below the directories changes, until ctx
// ends. The watch is on directories, not on files: a ConfigMap swaps a link
// beside them. A version that does not load is reported once, not every second.
func (l *Live) Watch(ctx context.Context, paths []string) error {
	events, closeWatch := notifier(paths, l.log)
	defer closeWatch()
	// Zero: the first look always loads, for the files may have changed between
	// the first load and this moment.
	var last [sha256.Size]byte
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-events:
			if !open {
				events = nil // the poll goes on
			}
		case <-poll.C:
		}
		now := fingerprint(paths)
		if now == last {
			continue
		}
		// A writer may be at it: half of a file can be valid rules without the
		// denials at its end. Only what stays the same for a while is read.
		for before := now; ; before = now {
			if !pause(ctx, settle) {
				return nil
			}
			if now = fingerprint(paths); now == before {
				break
			}
		}
		last = now
		if err := l.Reload(); err != nil {
			l.log.Error("rules not loaded", slog.String("policy", l.Current().Hash), slog.String("error", err.Error()))
		}
	}
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

// fingerprint hashes names and contents of everything that could be a rules
// file. What cannot be read takes part with its error, so that its return is
// a change too.
func fingerprint(paths []string) [sha256.Size]byte {
	h := sha256.New()
	for _, path := range paths {
		_ = filepath.WalkDir(followed(path), func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				fmt.Fprintf(h, "%q: %v\n", p, err)
			case filepath.Ext(p) == ".yaml":
				fmt.Fprintf(h, "%q\n", p)
				hashFile(h, p)
			}
			return nil
		})
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// followed is the directory that a link leads to now: WalkDir does not enter
// a root that is a link.
func followed(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// maxRead bounds what one poll reads of one file; the loader refuses larger ones anyway.
const maxRead = 8<<20 + 1

func hashFile(h io.Writer, path string) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		fmt.Fprintf(h, "%v\n", info.Mode())
		return
	}
	f, err := os.Open(path)
	if err != nil {
		fmt.Fprintf(h, "%v\n", err)
		return
	}
	defer func() { _ = f.Close() }()
	if _, err := io.Copy(h, io.LimitReader(f, maxRead)); err != nil {
		fmt.Fprintf(h, "%v\n", err)
	}
}
