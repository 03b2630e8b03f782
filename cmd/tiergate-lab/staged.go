package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/load"
	"github.com/tiergate/tiergate/examples"
)

// staged holds the flags of every verb that loads a tiergate of its own.
type staged struct {
	tiergate string
	size     load.Size
}

func (s *staged) flags(cmd *cobra.Command, objects, tokens int) {
	f := cmd.Flags()
	f.StringVar(&s.tiergate, "tiergate", "", "the tiergate to run (default: $TIERGATE_BIN, the one beside this program, or on PATH)")
	f.IntVar(&s.size.Objects, "objects", objects, "accounts that are read")
	f.IntVar(&s.size.Tokens, "tokens", tokens, "customers who read them")
}

// on starts the bank on a stage and ends it after run.
func (s *staged) on(ctx context.Context, run func(*load.Stage) error) (err error) {
	bank, err := fs.Sub(examples.FS, "bank")
	if err != nil {
		return err
	}
	program, err := findTiergate(s.tiergate)
	if err != nil {
		return err
	}
	stage, err := load.NewStage(ctx, bank, e2e.Programs{Tiergate: program}, s.size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	return run(stage)
}
