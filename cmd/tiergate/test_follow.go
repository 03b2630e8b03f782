package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/policy"
)

// followTests runs the tests, and again whenever rules, tests or the configuration change, until it is
// interrupted. What does not load is said, and waited for.
func followTests(cmd *cobra.Command, f *testFlags, args []string, changes func(ctx context.Context, dirs, files []string, seen func())) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	_, dirs, err := testOptions(f.file, args)
	if err != nil {
		return explainMistakes(cmd.ErrOrStderr(), err, nil)
	}
	again := func() {
		if err := runTests(ctx, cmd, f, args); err != nil && !errors.Is(err, errNo) && !errors.Is(err, context.Canceled) {
			fmt.Fprintln(cmd.ErrOrStderr(), "tiergate:", err)
		}
		fmt.Fprintln(cmd.ErrOrStderr(), "waiting for changes")
	}
	again()
	var files []string
	if f.file != "" {
		files = []string{f.file}
	}
	changes(ctx, dirs, files, again)
	return nil
}

// watched calls seen as the server's own watch would load.
func watched(ctx context.Context, dirs, files []string, seen func()) {
	policy.Changes(ctx, dirs, files, slog.New(slog.DiscardHandler), seen)
}
