package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/revocation"
)

func newRevocations() *cobra.Command {
	cmd := &cobra.Command{
		Use: "revocations", Short: "List what is revoked, or take it back",
		Example: "  tiergate revocations list -c tiergate.yaml",
	}
	cmd.AddCommand(newRevocationsList(), newRevocationsRestore())
	return cmd
}

func newRevocationsList() *cobra.Command {
	var r replicas
	var output string
	cmd := &cobra.Command{
		Use:   "list (-c tiergate.yaml | --peers ADDRESS,...)",
		Short: "List what is revoked",
		Long: `list asks running replicas what is revoked: by their files and by what they were told. The epoch counts
the changes that a replica was told of. It only grows; a lower one than before is that of a store that was brought back from a backup.
An entry that "stops nobody" goes by an issuer or an identity that there is none of (any more), and one may go by a name that means another now: revoke again under the name of today, then restore it.`,
		Example: "  tiergate revocations list -c tiergate.yaml\n  tiergate revocations list --peers unix:/run/tiergate/control.sock -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			peers, err := r.open()
			if err != nil {
				return err
			}
			defer peers.close()
			return list(cmd.OutOrStdout(), output, peers.tell(cmd.Context(), "GET", "/v1/revocations", nil))
		},
	}
	r.flags(cmd)
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

// held is what one replica has in force.
type held struct {
	Peer    string              `json:"peer"`
	Epoch   uint64              `json:"epoch"`
	Entries []revocation.Listed `json:"entries"`
	Error   string              `json:"error,omitempty"`
}

func list(w io.Writer, output string, replies []reply) error {
	lists := make([]held, len(replies))
	failed := false
	for i, r := range replies {
		lists[i] = held{Peer: r.Peer, Error: r.Error, Entries: []revocation.Listed{}}
		if r.Error == "" {
			if err := json.Unmarshal(r.text, &lists[i]); err != nil {
				lists[i].Error = err.Error()
			}
		}
		failed = failed || lists[i].Error != ""
	}
	if output == "json" {
		if err := json.NewEncoder(w).Encode(lists); err != nil {
			return err
		}
	} else {
		for i := range lists {
			if err := lists[i].text(w); err != nil {
				return err
			}
		}
	}
	if failed {
		return errNo
	}
	return nil
}

func (l *held) text(w io.Writer) error {
	if l.Error != "" {
		_, err := fmt.Fprintf(w, "%s: no answer: %s\n", l.Peer, visible(l.Error))
		return err
	}
	fmt.Fprintf(w, "%s: %d in force, epoch %d\n", l.Peer, len(l.Entries), l.Epoch)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := range l.Entries {
		e := &l.Entries[i]
		until := "for ever"
		if !e.Until.IsZero() {
			until = "until " + e.Until.Format(time.RFC3339)
		}
		useless := ""
		if why := e.Mistake(); why != "" {
			useless = "\t" + visible(why)
		}
		fmt.Fprintf(out, "  %s\t%s\t%s\tby %q at %s\t%q%s\n", visible(e.ID), e.By.String(), until, e.Who, e.At.Format(time.RFC3339), e.Because, useless)
	}
	return out.Flush()
}

func newRevocationsRestore() *cobra.Command {
	var r replicas
	var because, output string
	cmd := &cobra.Command{
		Use:     "restore (-c tiergate.yaml | --peers ADDRESS,...) ID --because TEXT",
		Short:   "Take a revocation back",
		Long:    `restore takes back an entry that replicas were told of, by the id that revoke printed and "revocations list" shows. What stands in a revocation file is taken out there.`,
		Example: `  tiergate revocations restore -c tiergate.yaml 4mmjdyd5vk2yqyn4vwjfk3mu6t --because "laptop found again"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(because) == "" {
				return errors.New("restore wants --because: why")
			}
			peers, err := r.open()
			if err != nil {
				return err
			}
			defer peers.close()
			body := struct {
				Because string `json:"because"`
			}{because}
			return report(cmd.OutOrStdout(), output, peers.tell(cmd.Context(), "DELETE", "/v1/revocations/"+url.PathEscape(args[0]), body))
		},
	}
	r.flags(cmd)
	cmd.Flags().StringVar(&because, "because", "", "why; kept in the journal")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}
