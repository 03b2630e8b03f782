package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/policy"
)

func newRules() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rules", Short: "Let a held version of the rules in",
		Example: "  tiergate rules accept -c tiergate.yaml 9f86d081884c",
	}
	cmd.AddCommand(newRulesAccept())
	return cmd
}

func newRulesAccept() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "accept -c tiergate.yaml HASH",
		Short: "Let a version of the rules in that a server holds",
		Long: `accept lets the version of the rules in that a server holds because it would have allowed much of what was denied
of late (guard in tiergate.yaml). HASH is what the server's log says, or at least its first 12 digits: the hash of the rules
as they are now, as check prints it. It stands in state_dir, where a running server finds it within 2 seconds, and is good
for a day. Exit code 1: the rules are other ones now, or do not load.`,
		Example: "  tiergate rules accept -c tiergate.yaml 9f86d081884c",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return errors.New("accept wants -c tiergate.yaml")
			}
			c, err := loadConfig(file)
			if err != nil {
				return explainMistakes(cmd.ErrOrStderr(), err, nil)
			}
			return c.acceptRules(cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0], time.Now())
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration")
	return cmd
}

// acceptRules lets the rules in as they are now, if their hash begins so.
func (c *config) acceptRules(w, stderr io.Writer, hash string, now time.Time) error {
	switch {
	case c.Guard == nil:
		return fmt.Errorf("%s has no guard, so no rules wait", c.file.Path)
	case len(hash) < leastDigits:
		return fmt.Errorf("hash %q: want at least %d digits", hash, leastDigits)
	}
	p, src, _, err := loadAll(c.file.Path, nil)
	if err != nil {
		if err := explainMistakes(stderr, err, src); err != nil {
			fmt.Fprintf(stderr, "tiergate: %v\n", err)
		}
		return errNo
	}
	if !strings.HasPrefix(p.Hash, strings.ToLower(hash)) {
		fmt.Fprintf(w, "the rules are another version now: %s\n", p.Hash)
		return errNo
	}
	if err := policy.Acceptances(c.path(c.StateDir.V)).Add(p.Hash, now); err != nil {
		return err
	}
	fmt.Fprintf(w, "accepted for a day: policy %s\n", p.Hash)
	return nil
}
