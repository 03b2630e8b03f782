package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

func newIdentities() *cobra.Command {
	cmd := &cobra.Command{Use: "identities", Short: "Say who is registered, and who should be", Example: "  tiergate identities list -c tiergate.yaml"}
	cmd.AddCommand(newIdentitiesList(), newDiscover())
	return cmd
}

func newIdentitiesList() *cobra.Command {
	var file, output string
	cmd := &cobra.Command{
		Use:   "list -c tiergate.yaml",
		Short: "List the registered identities, with owner, dates and what is wrong with them",
		Long: `list loads the rules as the server does and lists the identities of the identities sections: kind and
status, who answers for them, when they are reviewed and when they end, and what check warns of.`,
		Example: "  tiergate identities list -c tiergate.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return errors.New("identities list wants -c tiergate.yaml")
			}
			p, src, err := offline(file)
			if err != nil {
				return explainMistakes(cmd.ErrOrStderr(), err, src)
			}
			return writeIdentities(cmd.OutOrStdout(), p, output)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

// offline loads a configuration's policy, for verbs that only look into it.
func offline(file string) (*policy.Policy, *rules.Source, error) {
	c, err := loadConfig(file)
	if err != nil {
		return nil, nil, err
	}
	parts, err := assemble(c, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	return parts.load()
}

// identityRow is an identity for machines.
type identityRow struct {
	Name     string   `json:"name"`
	Pos      string   `json:"pos"`
	Kind     string   `json:"kind"`
	Status   string   `json:"status"`
	Owner    string   `json:"owner,omitempty"`
	ReviewBy string   `json:"review_by,omitempty"`
	Expires  string   `json:"expires,omitempty"`
	Issues   []string `json:"issues,omitempty"`
}

func writeIdentities(w io.Writer, p *policy.Policy, output string) error {
	all := make([]identityRow, 0, len(p.Set().Identities()))
	for _, id := range p.Set().Identities() {
		l := identityRow{
			Name: id.Name, Pos: id.Pos.String(), Kind: id.Kind.String(), Status: id.Status.String(),
			Owner: id.Owner, ReviewBy: day(id.ReviewBy), Expires: day(id.Expires),
		}
		for _, m := range p.Set().Warnings() {
			if strings.Contains(m.Text, fmt.Sprintf("%q", id.Name)) {
				l.Issues = append(l.Issues, m.Text)
			}
		}
		if id.Owner == "" && id.Kind != rules.Human {
			l.Issues = append(l.Issues, "nobody answers for it: it has no owner")
		}
		all = append(all, l)
	}
	if output == "json" {
		return json.NewEncoder(w).Encode(all)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tKIND\tSTATUS\tOWNER\tREVIEW BY\tEXPIRES\tISSUES")
	for _, l := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.Name, l.Kind, l.Status, orDefault(l.Owner, "-"),
			orDefault(l.ReviewBy, "-"), orDefault(l.Expires, "-"), orDefault(strings.Join(l.Issues, "; "), "-"))
	}
	return t.Flush()
}

// day writes a date as rules files do; "" for none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}
