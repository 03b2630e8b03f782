package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/extauthz/revocation"
	"github.com/tiergate/tiergate/rules/regular"
)

// revokeFlags are what revoke is told.
type revokeFlags struct {
	replicas
	by            revocation.By
	issuedBefore  string
	until         string
	because       string
	token, output string
}

func newRevoke() *cobra.Command {
	var a revokeFlags
	cmd := &cobra.Command{
		Use:   "revoke (-c tiergate.yaml | --peers ADDRESS,...) WHAT --because TEXT",
		Short: "Stop believing a token, a person, a client, a key or an issuer",
		Long: `revoke tells running replicas, through their control listeners, what is not to be believed any more. When
a replica has acknowledged, the entry is on its disk and its next request is judged by it. WHAT is one of

  --issuer NAME --token-id JTI      one token
  --token FILE                      the same, taken from the token; "-" reads standard input
  --issuer NAME --session SID       the tokens of a session
  --issuer NAME --subject SUB       the tokens of a subject, with --issued-before only older ones
  --issuer NAME --client ID         the tokens of a client
  --issuer NAME --key KID           everything that this key has signed
  --issuer NAME --all               everything of the issuer, with --issued-before only what is older
  --identity NAME                   whoever the rules recognise as this identity

NAME is the issuer's name in the configuration. A replica that cannot be reached, or that breaks off before it
has answered, is asked again until --timeout is over. The exit code is 0 only when every replica has
acknowledged, and 1 when one has not: then run it again, as a second entry for the same thing does no harm.`,
		Example: `  tiergate revoke -c tiergate.yaml --issuer corp --subject ada --issued-before now --because "laptop stolen"
  tiergate revoke -c tiergate.yaml --token - --because "seen in a log" < token.jwt
  tiergate revoke --peers 10.0.0.1:9193,10.0.0.2:9193 --cert me.pem --key-file me.key --ca ca.pem --identity svc-billing --because "key leaked"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.run(cmd) },
	}
	a.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&a.by.Issuer, "issuer", "", "issuer, by its name in the configuration")
	f.StringVar(&a.by.Token, "token-id", "", "jti of a token")
	f.StringVar(&a.token, "token", "", "file with a token, or -: its issuer and jti are taken, and nothing of it is printed")
	f.StringVar(&a.by.Session, "session", "", "sid of a session")
	f.StringVar(&a.by.Subject, "subject", "", "sub of tokens")
	f.StringVar(&a.by.Client, "client", "", "client of tokens")
	f.StringVar(&a.by.Key, "key", "", "kid of a signing key")
	f.BoolVar(&a.by.All, "all", false, "the whole issuer")
	f.StringVar(&a.by.Identity, "identity", "", "identity, by its name in the rules")
	f.StringVar(&a.issuedBefore, "issued-before", "", "now, or a time: what was issued at it or later stays")
	f.StringVar(&a.until, "until", "", "when the entry ends: a time, or a duration from now; it must be past the end of everything it is about")
	f.StringVar(&a.because, "because", "", "why; kept with the entry")
	outputFlag(cmd, &a.output, "text", "json")
	return cmd
}

// revokeRequest is what a replica is sent.
type revokeRequest struct {
	ID      string        `json:"id"` // ours, so that all replicas know the entry by the same one
	By      revocation.By `json:"by"`
	Because string        `json:"because"`
	Until   time.Time     `json:"until,omitzero"`
}

func (a *revokeFlags) run(cmd *cobra.Command) error {
	peers, err := a.open()
	if err != nil {
		return err
	}
	defer peers.close()
	now := time.Now().UTC()
	r := revokeRequest{ID: strings.ToLower(rand.Text()), By: a.by, Because: a.because}
	if r.By.IssuedBefore, err = moment(a.issuedBefore, now, false); err != nil {
		return fmt.Errorf("--issued-before: %w", err)
	}
	if r.Until, err = moment(a.until, now, true); err != nil {
		return fmt.Errorf("--until: %w", err)
	}
	if a.token != "" {
		doubt, err := a.readToken(cmd.InOrStdin(), &r.By)
		if err != nil {
			return fmt.Errorf("--token: %w", err)
		}
		if doubt != "" {
			fmt.Fprintf(cmd.ErrOrStderr(), "warning: --token: %s\n", doubt)
		}
	}
	if strings.TrimSpace(r.Because) == "" {
		return errors.New("revoke wants --because: why, for whoever reads the list later")
	}
	if err := r.By.Check(); err != nil {
		return err
	}
	return report(cmd.OutOrStdout(), a.output, peers.tell(cmd.Context(), "POST", "/v1/revocations", r))
}

// moment reads a time: RFC 3339, a date (its first moment in UTC), and now, or
// where it may be ahead a duration from now.
func moment(text string, now time.Time, ahead bool) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); ahead && err == nil {
		return now.Add(d), nil
	}
	if text == "now" && !ahead {
		return now, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil && !at.IsZero() { // zero would be no bound at all
			return at.UTC(), nil
		}
	}
	if ahead {
		return time.Time{}, fmt.Errorf("want a time such as 2027-03-31T12:00:00Z, or a duration such as 24h, found %q", text)
	}
	return time.Time{}, fmt.Errorf("want now, or a time such as 2027-03-31T12:00:00Z, found %q", text)
}

const maxTokenFile = 64 << 10

// readToken takes issuer and jti from a token, and says what speaks against it.
func (a *revokeFlags) readToken(stdin io.Reader, by *revocation.By) (doubt string, err error) {
	if a.config == "" {
		return "", errors.New("needs -c tiergate.yaml, which names the issuers")
	}
	if *by != (revocation.By{}) {
		return "", errors.New("says already what is revoked: nothing else goes with it")
	}
	var text []byte
	if a.token == "-" {
		text, err = regular.Read(stdin, maxTokenFile)
	} else {
		text, err = regular.ReadFile(a.token, maxTokenFile)
	}
	if err != nil {
		return "", err
	}
	c, err := loadConfig(a.config)
	if err != nil {
		return "", err
	}
	v, err := identity.New(c.identityOptions(slog.New(slog.DiscardHandler))) // which only reads
	if err != nil {
		return "", err
	}
	e := v.Explain(strings.TrimSpace(string(text)))
	if e.Claims == nil {
		return "", errors.New("what it holds cannot be read as a token; revoke its subject, session or client instead")
	}
	if e.Issuer == "" {
		return "", errors.New("the token is of none of the configured issuers: nobody here believes it")
	}
	jti, _ := e.Claims["jti"].(string)
	if jti == "" {
		return "", errors.New("the token has no jti: revoke its session, subject or client instead")
	}
	by.Issuer, by.Token = e.Issuer, jti
	return doubts(&e), nil
}

// report prints what each replica has said, and is errNo unless all have acknowledged.
func report(w io.Writer, output string, replies []reply) error {
	if output == "json" {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		if err := e.Encode(replies); err != nil {
			return err
		}
	} else {
		out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, r := range replies {
			if r.Error != "" {
				fmt.Fprintf(out, "%s\tNOT acknowledged\t%s\n", r.Peer, visible(r.Error))
			} else {
				fmt.Fprintf(out, "%s\tacknowledged\tepoch %d\t%s\n", r.Peer, r.Epoch, visible(r.ID))
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	var silent []string
	for _, r := range replies {
		if r.Error != "" {
			silent = append(silent, r.Peer)
		}
	}
	if len(silent) == 0 {
		return nil
	}
	if output != "json" && len(replies) > 1 {
		fmt.Fprintf(w, "NOT acknowledged by %d of %d replicas: %s\n", len(silent), len(replies), strings.Join(silent, ", "))
	}
	return errNo
}
