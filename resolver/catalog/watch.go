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

// Run reads the file again whenever it changes, until ctx ends. It watches the
// directory, because files are replaced by renaming and a Kubernetes mount
// swaps a link in it, and looks at the file once a Poll, because watches get
// lost or run out. The error is always nil.
func (f *File) Run(ctx context.Context) error {
	changes, stop := f.watch()
	defer stop()
	f.reload() // what changed before the watch stood
	poll := time.NewTicker(f.options.Poll)
	defer poll.Stop()
	var soon <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-changes:
			if !open {
				changes = nil // the poll goes on
			} else if soon == nil {
				soon = time.After(quiet)
			}
		case <-soon:
			soon = nil
			f.reload()
		case <-poll.C:
			f.reload()
		}
	}
}

// watch returns the events of the file's directory, or nil where there is no watch to be had.
func (f *File) watch() (changes <-chan fsnotify.Event, stop func()) {
	dir := filepath.Dir(f.options.Path)
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
	f.options.Log.Warn("catalog directory is not watched, only polled", slog.String("dir", dir), slog.Any("error", err))
	return nil, func() {}
}
