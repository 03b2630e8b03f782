package main

import (
	"github.com/spf13/cobra"
)

func newReview() *cobra.Command {
	cmd := &cobra.Command{Use: "review", Short: "Say who can reach what"}
	return cmd
}
