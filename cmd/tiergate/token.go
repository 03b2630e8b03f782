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
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

func newToken() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Look into tokens", Example: "  tiergate token explain -c tiergate.yaml - < token.jwt"}
	cmd.AddCommand(newTokenExplain(), newTokenClaims())
	return cmd
}

func newTokenExplain() *cobra.Command {
	var file, output string
	var fetch bool
	cmd := &cobra.Command{
		Use:   "explain (TOKEN | -)",
		Short: "Say what a token holds and which gates it passes",
		Long: `explain reads a token offline: its header, its claims, which configured issuer it is of, and each
gate in order: passed, failed with its reason, or not reached because what it looks at could not be
read or found. The first that has failed is what the server answers. It never prints the signature.
"-" reads the token from standard input, which keeps it out of the shell's history.`,
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
	Header map[string]any `json:"header"`
	Claims map[string]any `json:"claims"`
	Issuer string         `json:"issuer"`
	Gates  []gate         `json:"gates"`
	Reason rules.Reason   `json:"reason,omitempty"` // of the first gate that has failed
}

type gate struct {
	Gate   string             `json:"gate"`
	State  identity.GateState `json:"state"`
	Reason rules.Reason       `json:"reason,omitempty"`
	Detail string             `json:"detail,omitempty"`
}

func printToken(w io.Writer, e identity.Explanation, output string) error {
	r := tokenReport{Header: e.Header, Claims: e.Claims, Issuer: e.Issuer}
	for _, g := range e.Gates {
		r.Gates = append(r.Gates, gate{g.Name, g.State, g.Reason, g.Detail})
	}
	first, refused := e.Refused()
	r.Reason = first.Reason
	var err error
	if output == "json" {
		err = json.NewEncoder(w).Encode(r)
	} else {
		err = r.print(w, time.Now())
	}
	if err == nil && refused {
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
	fmt.Fprintf(w, "issuer     %s\n", issuer)
	if exp, ok := r.Claims["exp"].(json.Number); ok {
		if at, err := exp.Int64(); err == nil {
			fmt.Fprintf(w, "expires    %s (%s from now)\n", time.Unix(at, 0).UTC().Format(time.RFC3339), time.Unix(at, 0).Sub(now).Round(time.Second))
		}
	}
	verdict := "nothing to refuse"
	if r.Reason != "" {
		verdict = "refused: " + string(r.Reason)
	}
	fmt.Fprintf(w, "verdict    %s\ngates\n", verdict)
	for _, g := range r.Gates {
		line := fmt.Sprintf("  %-22s %-12s %-26s %s", g.Gate, g.State, g.Reason, g.Detail)
		fmt.Fprintln(w, strings.TrimRight(line, " "))
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
