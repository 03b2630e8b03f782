package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/e2e"
)

// anonymous is the caller without a token, as tiergate explain calls it.
const anonymous = "anonymous"

func tryCommand() *cobra.Command {
	t := &try{}
	var as []string
	cmd := &cobra.Command{
		Use:   "try -c tiergate.yaml --as IDENTITY[=SUBJECT] METHOD URL [METHOD URL]...",
		Short: "Put your own configuration behind a real Envoy, with tokens to try it with",
		Long: `try serves a configuration behind a real Envoy, on loopback. The laboratory plays the rest: an identity provider
for each issuer, and an API that answers everything. It sends the requests as each of the callers, says how they
ended, prints curl lines to play on with, and keeps all of it running for a while. Rules and catalogs are read
anew when they change; routes and tiergate.yaml want a new start. Tokens of your real issuers are not believed
here, those of the laboratory nowhere else.`,
		Example: "  tiergate-lab try -c demo/tiergate.yaml --as customers=ada GET https://notes.example.com/v1/notes/a1 GET https://notes.example.com/v1/notes/b1",
		RunE: func(cmd *cobra.Command, args []string) error {
			t.out = cmd.OutOrStdout()
			if err := t.take(as, args); err != nil {
				return err
			}
			return t.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVarP(&t.config, "config", "c", "", "the server's configuration")
	f.StringArrayVar(&as, "as", nil, "who asks: an identity of the rules, for a class of callers with =SUBJECT; or anonymous")
	f.StringArrayVar(&t.claims, "claim", nil, "a further claim of the tokens, name=value")
	f.DurationVar(&t.keep, "for", 10*time.Minute, "how long everything keeps running; 0s ends it at once")
	f.StringVar(&t.tiergate, "tiergate", "", "the tiergate to run (default: $TIERGATE_BIN, the one beside this program, or on PATH)")
	return cmd
}

type try struct {
	config, tiergate string
	claims           []string
	keep             time.Duration
	out              io.Writer

	callers []tryCaller
	asks    []e2e.Request
}

type tryCaller struct{ identity, subject string }

func (c tryCaller) String() string {
	if c.subject == "" {
		return c.identity
	}
	return c.identity + "=" + c.subject
}

// take takes callers and requests from the command line.
func (t *try) take(as, args []string) error {
	switch {
	case t.config == "":
		return errors.New("try wants -c tiergate.yaml")
	case len(as) == 0:
		return errors.New("try wants --as: an identity of the rules, such as --as customers=ada, or anonymous")
	case len(args) == 0 || len(args)%2 != 0:
		return fmt.Errorf("try wants a method and a URL, or several: found %q", strings.Join(args, " "))
	}
	for _, a := range as {
		identity, subject, _ := strings.Cut(a, "=")
		if identity == anonymous && subject != "" {
			return errors.New("the anonymous caller has no subject")
		}
		t.callers = append(t.callers, tryCaller{identity, subject})
	}
	for i := 0; i < len(args); i += 2 {
		u, err := url.Parse(args[i+1])
		if err != nil || u.Host == "" {
			return fmt.Errorf("no URL %q, want https://host/path", args[i+1])
		}
		_, typed, _ := strings.Cut(args[i+1], u.Host) // url.Parse would clean it
		t.asks = append(t.asks, e2e.Request{Method: args[i], Host: u.Host, Target: "/" + strings.TrimPrefix(typed, "/")})
	}
	return nil
}

func (t *try) run(ctx context.Context) (err error) {
	for _, name := range []string{"TIERGATE_STATE_DIR", "TIERGATE_AUDIT_FILE", "TIERGATE_LISTEN_ADMIN"} {
		if err := os.Unsetenv(name); err != nil { // a real server's: see e2e.Trial
			return err
		}
	}
	var programs e2e.Programs
	if programs.Tiergate, err = findTiergate(t.tiergate); err != nil {
		return err
	}
	if programs.Envoy, err = e2e.FindEnvoy(ctx); err != nil {
		return err
	}
	trial, err := e2e.StartTrial(ctx, t.config, programs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trial.Close()) }()
	fmt.Fprintf(t.out, "Envoy %s on %s asks tiergate, which serves %s; behind it is an API that answers everything.\n",
		e2e.VersionOf(programs.Envoy), trial.Envoy.Listener("api"), t.config)
	for _, c := range t.callers {
		if err := t.play(ctx, trial, c); err != nil {
			return err
		}
	}
	if t.keep <= 0 {
		return nil
	}
	fmt.Fprintf(t.out, "\nWhy an answer was given, by its x-tiergate-decision:\ntiergate explain --log %s --decision ID\n", trial.Tiergate.DecisionLog())
	fmt.Fprintf(t.out, "\nEverything keeps running for %v, rules and catalogs are read anew when they change; Ctrl-C ends it.\n", t.keep)
	ctx, cancel := context.WithTimeout(ctx, t.keep)
	defer cancel()
	<-ctx.Done()
	return nil
}

// play sends every request as one caller.
func (t *try) play(ctx context.Context, trial *e2e.Trial, c tryCaller) error {
	var header, flags []string
	if c.identity != anonymous {
		token, err := trial.Token(ctx, c.identity, c.subject, t.claims)
		if err != nil {
			return fmt.Errorf("--as %s (IDENTITY, or IDENTITY=SUBJECT): %w", c, err)
		}
		header = []string{"Authorization: Bearer " + token}
		file := filepath.Join(trial.Dir, fileName(c.String()))
		if err := os.WriteFile(file, []byte(header[0]+"\n"), 0o600); err != nil {
			return err
		}
		flags = []string{"-H", "@" + file}
	}
	for _, r := range t.asks {
		line := r.Curl("http", trial.Envoy.Listener("api"), flags...)
		r.Header = header
		how, err := send(ctx, trial, r)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "\n# %s, %s %s: %s\n%s\n", c, r.Method, r.Target, how, line)
	}
	return nil
}

// send sends one request and says how it ended, and why.
func send(ctx context.Context, trial *e2e.Trial, r e2e.Request) (string, error) {
	answer, err := e2e.Send(ctx, trial.Envoy.Listener("api"), nil, r)
	if err != nil {
		return "", err
	}
	end := fmt.Sprintf("%d, stopped", answer.Status)
	if answer.Header.Get(e2e.Reached) != "" {
		end = fmt.Sprintf("%d, reached the API", answer.Status)
	}
	id := answer.Header.Get(e2e.DecisionHeader)
	if id == "" {
		return end + " by Envoy itself", nil
	}
	d, err := trial.Tiergate.Decision(ctx, id)
	if err != nil {
		return "", err
	}
	return end + ": " + d.Why(), nil
}

// fileName is a caller's name as a file may be called.
func fileName(caller string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", r) {
			return r
		}
		return '-'
	}, caller)
}
