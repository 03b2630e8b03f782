package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/rules/regular"
)

func newToken() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Look into tokens", Example: "  tiergate token explain -c tiergate.yaml - < token.jwt"}
	cmd.AddCommand(newTokenExplain())
	return cmd
}

func newTokenExplain() *cobra.Command {
	var file, output string
	var fetch bool
	cmd := &cobra.Command{
		Use:   "explain (TOKEN | -)",
		Short: "Say what a token holds and what would be refused about it",
		Long: `explain reads a token offline: its header, its claims, which configured issuer it is of, and
everything that would be refused and why. It never prints the signature. "-" reads the token from
standard input, which keeps it out of the shell's history.`,
		Example: `  tiergate token explain -c tiergate.yaml - < token.jwt
  tiergate token explain - < token.jwt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("token explain wants one token, or - to read it from standard input, found %d: tiergate token explain -c tiergate.yaml - < token.jwt", len(args))
			}
			text, err := argument(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			v, err := verifier(file)
			if err != nil {
				return err
			}
			if fetch {
				if err := v.Fetch(cmd.Context()); err != nil {
					fmt.Fprintf(cmd.ErrOrStderr(), "keys not fetched: %v\n", err)
				}
			}
			return printToken(cmd.OutOrStdout(), v.Explain(text), output)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration; without it no issuer is known")
	cmd.Flags().BoolVar(&fetch, "fetch", false, "ask the issuers for their keys first, to verify the signature")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

// argument is a word of the command line, or what stands on standard input for "-".
func argument(word string, stdin io.Reader) (string, error) {
	if word != "-" {
		return word, nil
	}
	text, err := io.ReadAll(io.LimitReader(stdin, 1<<20))
	return strings.TrimSpace(string(text)), err
}

func verifier(file string) (*identity.Verifier, error) {
	log := slog.New(slog.DiscardHandler)
	if file == "" {
		return identity.New(identity.Options{Log: log})
	}
	c, err := loadConfig(file)
	if err != nil {
		return nil, err
	}
	return identity.New(c.identityOptions(log))
}

// tokenReport is an explanation for machines.
type tokenReport struct {
	Header    map[string]any `json:"header"`
	Claims    map[string]any `json:"claims"`
	Issuer    string         `json:"issuer"`
	Signature string         `json:"signature"`
	Refusals  []refusal      `json:"refusals"`
}

type refusal struct {
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

func printToken(w io.Writer, e identity.Explanation, output string) error {
	r := tokenReport{Header: e.Header, Claims: e.Claims, Issuer: e.Issuer, Signature: string(e.Signature), Refusals: []refusal{}}
	for _, x := range e.Refusals {
		r.Refusals = append(r.Refusals, refusal{string(x.Reason), x.Detail})
	}
	var err error
	if output == "json" {
		err = json.NewEncoder(w).Encode(r)
	} else {
		err = r.print(w, time.Now())
	}
	if err == nil && len(r.Refusals) > 0 {
		return errNo
	}
	return err
}

func (r *tokenReport) print(w io.Writer, now time.Time) error {
	for _, part := range []struct {
		name   string
		values map[string]any
	}{{"header", r.Header}, {"claims", r.Claims}} {
		text, err := json.MarshalIndent(part.values, "  ", "  ")
		if err != nil {
			return err
		}
		if part.values == nil {
			text = []byte("unreadable")
		}
		fmt.Fprintf(w, "%s\n  %s\n", part.name, text)
	}
	issuer := r.Issuer
	if issuer == "" {
		issuer = "none of the configured ones"
	}
	fmt.Fprintf(w, "issuer     %s\nsignature  %s\n", issuer, r.Signature)
	if exp, ok := r.Claims["exp"].(json.Number); ok {
		if at, err := exp.Int64(); err == nil {
			fmt.Fprintf(w, "expires    %s (%s from now)\n", time.Unix(at, 0).UTC().Format(time.RFC3339), time.Unix(at, 0).Sub(now).Round(time.Second))
		}
	}
	if len(r.Refusals) == 0 {
		fmt.Fprintln(w, "verdict    nothing to refuse")
		return nil
	}
	fmt.Fprintln(w, "refused")
	for _, x := range r.Refusals {
		fmt.Fprintf(w, "  %-20s %s\n", x.Reason, x.Detail)
	}
	return nil
}

// maxArgument is how much is read of such a file, in bytes: more than any limits.body.
const maxArgument = 8 << 20

// readFileArgument is the value of a flag such as --body: text, or @file.
func readFileArgument(value string) ([]byte, error) {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return []byte(value), nil
	}
	if name == "" {
		return nil, errors.New("@ wants a file name behind it")
	}
	return regular.ReadFile(name, maxArgument)
}
