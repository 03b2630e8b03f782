package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/rules/suite"
)

// mutated tries the tests on mutants, within the time that there is for it.
func mutated(ctx context.Context, cmd *cobra.Command, f *testFlags, fsys fs.FS, o suite.Options) (*suite.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	progress, done := progressOn(cmd.ErrOrStderr(), "mutants")
	defer done()
	report, err := suite.Mutate(ctx, fsys, o, progress)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("mutants take longer than --timeout %v: %w", f.timeout, err)
	}
	return report, err
}

// progressOn says on a terminal how far it is, in a line that is gone at the end.
func progressOn(w io.Writer, things string) (progress func(done, all int), end func()) {
	if !isTerminal(w) {
		return nil, func() {}
	}
	var mu sync.Mutex
	most := 0
	progress = func(done, all int) {
		mu.Lock()
		defer mu.Unlock()
		if done > most {
			most = done
			fmt.Fprintf(w, "\r%d of %d %s", done, all, things)
		}
	}
	return progress, func() { fmt.Fprint(w, "\r\x1b[K") }
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
