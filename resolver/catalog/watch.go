package catalog

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long changes are gathered before the file is read, so that a
// file that is replaced a thousand times a second is read ten times.
const quiet = 100 * time.Millisecond

// Run reads the file again whenever it changes, until ctx ends. The error is always nil.
func (f *File) Run(ctx context.Context) error {
	Follow(ctx, f.options.Path, f.options.Poll, f.options.Log, f.reload)
	return nil
}

// Follow calls look whenever the file at path may have changed, until ctx ends: at
// once, soon after a change, and once a poll. It watches the directory, because files
// are replaced by renaming and a Kubernetes mount swaps a link in it, and polls,
// because watches get lost or run out.
func Follow(ctx context.Context, path string, every time.Duration, log *slog.Logger, look func()) {
	changes, stop := watch(filepath.Dir(path), log)
	defer stop()
	look() // what changed before the watch stood
	poll := time.NewTicker(every)
	defer poll.Stop()
	var soon <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-changes:
			if !open {
				changes = nil // the poll goes on
			} else if soon == nil {
				soon = time.After(quiet)
			}
		case <-soon:
			soon = nil
			look()
		case <-poll.C:
			look()
		}
	}
}

// watch returns the events of a directory, or nil where there is no watch to be had.
func watch(dir string, log *slog.Logger) (changes <-chan fsnotify.Event, stop func()) {
	w, err := fsnotify.NewWatcher()
	if err == nil {
		if err = w.Add(dir); err == nil {
			// An error event is a lost event, which the poll finds.
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range w.Errors {
				}
			}()
			return w.Events, func() { _ = w.Close(); <-done }
		}
		_ = w.Close()
	}
	log.Warn("catalog directory is not watched, only polled", slog.String("dir", dir), slog.Any("error", err))
	return nil, func() {}
}
