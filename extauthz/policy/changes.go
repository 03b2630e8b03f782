package policy

import (
	"context"
	"log/slog"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Changes calls seen whenever the rules or tests in the directories have changed
// and come to rest, until ctx ends. It sees what the server sees, as the server does.
func Changes(ctx context.Context, paths []string, log *slog.Logger, seen func()) {
	events, closeWatch := notifier(paths, log)
	defer closeWatch()
	changes(ctx, paths, events, seen)
}

func changes(ctx context.Context, paths []string, events <-chan fsnotify.Event, seen func()) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	last := look(paths)
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-events:
			if !open {
				events = nil // the poll goes on
			}
		case <-poll.C:
		}
		now := look(paths)
		if now == last {
			continue
		}
		for last = now; pause(ctx, settle); last = now {
			if now = look(paths); now == last {
				seen()
				break
			}
		}
	}
}
