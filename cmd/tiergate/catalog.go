package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/resolver/catalog"
)

func newCatalog() *cobra.Command {
	cmd := &cobra.Command{
		Use: "catalog", Short: "Build large catalogs, let held versions of catalog files in, make databases tell their changes",
		Example: "  tiergate catalog accept -c tiergate.yaml 9f86d081884c\n  tiergate catalog outbox -c tiergate.yaml accounts --reader tiergate",
	}
	cmd.AddCommand(newCatalogAccept(), newCatalogImport(), newCatalogOutbox())
	return cmd
}

// leastDigits of a hash name a version, beside the few files that there are.
const leastDigits = 12

func newCatalogAccept() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "accept -c tiergate.yaml HASH",
		Short: "Let a held version of a catalog file in",
		Long: `accept lets the version of a catalog file in that a server holds because it lowers the tiers of many rows,
or loses many. HASH is what the server's log says, or at least its first 12 digits: the SHA-256 of the file as it is now,
for a SQLite file the stamp that tiergate catalog import printed.
It stands in state_dir, where a running server finds it within 2 seconds, and is good for a day.
Exit code 1: no catalog file has that content.`,
		Example: "  tiergate catalog accept -c tiergate.yaml 9f86d081884c",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return errors.New("accept wants -c tiergate.yaml")
			}
			c, err := loadConfig(file)
			if err != nil {
				return explainMistakes(cmd.ErrOrStderr(), err, nil)
			}
			return c.accept(cmd.OutOrStdout(), args[0], time.Now())
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration")
	return cmd
}

// accept lets in the file whose content has a hash that begins so.
func (c *config) accept(w io.Writer, hash string, now time.Time) error {
	if c.StateDir.V == "" {
		return fmt.Errorf("%s has no state_dir, where servers find what is accepted: restart the server to let the file in", c.file.Path)
	}
	if len(hash) < leastDigits {
		return fmt.Errorf("hash %q: want at least %d digits", hash, leastDigits)
	}
	var seen []string
	for _, e := range c.Catalogs {
		file, content, err := e.V.fingerprint(c)
		if err != nil { // another one may still be meant
			seen = append(seen, fmt.Sprintf("  catalog %q: %v", e.Key, err))
			continue
		}
		if file == "" {
			continue
		}
		if strings.HasPrefix(content, strings.ToLower(hash)) {
			if err := catalog.Acceptances(c.path(c.StateDir.V)).Add(content, now); err != nil {
				return err
			}
			fmt.Fprintf(w, "accepted for a day: catalog %s, %s, sha256 %s\n", e.Key, file, content)
			return nil
		}
		seen = append(seen, fmt.Sprintf("  %s  %s  %s", content, e.Key, file))
	}
	fmt.Fprintf(w, "no catalog file has a content of sha256 %s\n", hash)
	for _, line := range seen {
		fmt.Fprintln(w, line)
	}
	return errNo
}
