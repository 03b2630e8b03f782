package policy

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

// Changes calls seen whenever the rules or tests in the directories have changed
// and come to rest, until ctx ends. It sees what the server sees, as the server
// does, and besides that the snapshots of tests, and further files.
func Changes(ctx context.Context, paths, files []string, log *slog.Logger, seen func()) {
	events, closeWatch := notifier(paths, log)
	defer closeWatch()
	changes(ctx, paths, files, events, seen)
}

func changes(ctx context.Context, paths, files []string, events <-chan fsnotify.Event, seen func()) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	look := func() beside { return beside{look(paths), hashBeside(paths, files)} }
	last := look()
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
		now := look()
		if now == last {
			continue
		}
		for last = now; pause(ctx, settle); last = now {
			if now = look(); now == last {
				seen()
				break
			}
		}
	}
}

// beside is what tests depend on: more than the server does.
type beside struct {
	snapshot

	rest [sha256.Size]byte
}

// hashBeside covers the snapshots in directories, and files.
func hashBeside(paths, files []string) [sha256.Size]byte {
	h := sha256.New()
	if dirs, err := OpenDirs(paths); err == nil { // else look has seen it
		kept, _ := rules.ReadFiles(dirs, func(path string) bool { return strings.HasSuffix(path, ".snap") })
		_ = dirs.Close() // nothing was written
		all := contentHash(kept)
		h.Write(all[:])
	}
	for _, path := range files {
		text, err := regular.ReadFile(path, maxBeside)
		fmt.Fprintf(h, "%d:%s%v", len(text), text, err)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

const maxBeside = 1 << 20 // bytes, as of a configuration
