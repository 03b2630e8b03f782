package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz"
	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

// asked is what explain was asked about.
type asked struct {
	config, decision, log string
	method, url           string
	headers               []string
	body                  string
	as, subject, token    string
	claims                []string
	actor                 string
	peer, source, at      string
	fetch                 bool
	suppose               []string
	rule                  string
	output                string
}

func newExplain() *cobra.Command {
	var a asked
	cmd := &cobra.Command{
		Use:   "explain -c tiergate.yaml METHOD URL | explain --decision ID",
		Short: "Say how a request is decided, step by step",
		Long: `explain runs one request through the server's own steps, offline, and shows each of them: the map line,
the caller, the objects and their tiers, the rule with file and line, and for a denial the nearest rule and what
it lacked. With --as it takes the caller on your word; with --token it verifies the token with the keys at hand;
without either the caller is anonymous. With --decision it shows a decision from the log in the same form: the
log that the configuration names, or --log. With --what-if it adds how the request would be decided if that were so:
all that is given together. The exit code is that of the request as it is.`,
		Example: `  tiergate explain -c tiergate.yaml GET https://accounts.example.com/v1/accounts/AC1 --as customers --subject ada
  tiergate explain -c tiergate.yaml PATCH https://accounts.example.com/v1/accounts/AC1 --body '{"phone":"1"}' --token - < token.jwt
  tiergate explain -c tiergate.yaml GET https://accounts.example.com/v1/accounts/AC1 --as customers --subject eve --what-if object.owner=eve
  tiergate explain -c tiergate.yaml --decision vtyey9fmta24v5tbmqe8cc3xk4
  tiergate explain --log decisions.jsonl --decision vtyey9fmta24v5tbmqe8cc3xk4`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.decision != "" && len(a.suppose) > 0 {
				return errors.New("--what-if is about a request that can be decided again: give a method and a URL")
			}
			if a.decision != "" && len(args) == 0 {
				return explainDecision(cmd, &a)
			}
			if err := a.take(args); err != nil {
				return err
			}
			return explainRequest(cmd, &a)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&a.config, "config", "c", "", "the server's configuration")
	f.StringVar(&a.decision, "decision", "", "a decision id from the log")
	f.StringVar(&a.log, "log", "", "the decision log; the configuration's unless given")
	f.StringArrayVarP(&a.headers, "header", "H", nil, "a header of the request, name: value")
	f.StringVar(&a.body, "body", "", "the body, or @file")
	f.StringVar(&a.as, "as", "", "the identity that asks, or anonymous")
	f.StringVar(&a.subject, "subject", "", "with --as: the subject, needed for a class of callers")
	f.StringArrayVar(&a.claims, "claim", nil, "with --as: a claim, name=value; acr, amr and scope too")
	f.StringVar(&a.actor, "actor", "", "with --as: the identity that acts for the caller")
	f.StringVar(&a.token, "token", "", "the bearer token that asks, or - for standard input")
	f.StringVar(&a.peer, "peer", "", "the SPIFFE ID of the verified peer")
	f.StringVar(&a.source, "source", "127.0.0.1", "the address the request comes from")
	f.StringVar(&a.at, "at", "", "the time of the request, RFC 3339; now unless given")
	f.BoolVar(&a.fetch, "fetch", false, "with --token: ask the issuers for their keys first")
	f.StringArrayVar(&a.suppose, "what-if", nil, "explain once more if this were so: tier=NAME, claim.NAME=VALUE, object.NAME=VALUE, at=TIME and more")
	f.StringVar(&a.rule, "rule", "", "say what this rule lacks, be it near or not")
	outputFlag(cmd, &a.output, "text", "ascii", "json")
	return cmd
}

// take takes method and URL, and refuses flags that would change nothing.
func (a *asked) take(args []string) error {
	switch {
	case a.decision != "":
		return fmt.Errorf("explain wants --decision alone, or a method and a URL: found both (%q)", strings.Join(args, " "))
	case len(args) != 2:
		return fmt.Errorf("explain wants a method and a URL, such as GET https://accounts.example.com/v1/accounts/AC1, or --decision ID: found %q", strings.Join(args, " "))
	case a.config == "":
		return errors.New("explain wants -c tiergate.yaml: a request is decided by its rules and catalogs")
	case a.as != "" && a.token != "":
		return errors.New("--as takes the caller on your word and --token verifies one: give one of them")
	case a.as == "" && (a.subject != "" || len(a.claims) > 0 || a.actor != ""):
		return errors.New("--subject, --claim and --actor say more about the identity that --as names, and there is no --as")
	case a.as == "anonymous" && (a.subject != "" || len(a.claims) > 0 || a.actor != ""):
		return errors.New("the anonymous caller has no --subject, no --claim and no --actor")
	}
	a.method, a.url = args[0], args[1]
	_, err := rules.ParseSuppose(a.suppose)
	return err
}

func explainDecision(cmd *cobra.Command, a *asked) error {
	path := a.log
	if path == "" && a.config != "" {
		c, err := loadConfig(a.config)
		if err != nil {
			return explainMistakes(cmd.ErrOrStderr(), err, nil)
		}
		if c.Audit.File.V == standardOutput {
			return errors.New("the decisions go to standard output: say with --log FILE where they were collected")
		}
		path = c.path(c.Audit.File.V)
	}
	if path == "" {
		return errors.New("explain --decision wants --log FILE, or -c with an audit.file")
	}
	f, err := regular.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	r, err := audit.Find(f, a.decision)
	if errors.Is(err, audit.ErrNotFound) {
		return fmt.Errorf("%s: %w; a log that was rotated away is read with --log FILE", path, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return (&story{Record: r}).writeTo(cmd.OutOrStdout(), a.output)
}

func explainRequest(cmd *cobra.Command, a *asked) error {
	c, err := loadConfig(a.config)
	if err != nil {
		return explainMistakes(cmd.ErrOrStderr(), err, nil)
	}
	parts, err := assembleWith(c, slog.New(slog.DiscardHandler), readJournal)
	if err != nil {
		return err
	}
	if a.token == "-" {
		if a.token, err = argument(a.token, cmd.InOrStdin()); err != nil {
			return err
		}
	}
	raw, err := a.request(c)
	if err != nil {
		return err
	}
	p, err := a.policy(cmd, parts, raw)
	if err != nil {
		return err
	}
	e := p.Explainer()
	e.Rule = a.rule
	out, err := e.Explain(cmd.Context(), raw, rules.Suppose{})
	if err != nil {
		return err
	}
	if err := a.print(cmd.OutOrStdout(), out, raw, nil); err != nil {
		return err
	}
	if out.Reason == rules.CatalogUnavailable {
		parts.unloaded(cmd.ErrOrStderr())
	}
	if len(a.suppose) > 0 {
		if err := a.whatIf(cmd.Context(), cmd.OutOrStdout(), e, raw); err != nil {
			return err
		}
	}
	if out.Effect != rules.Allow {
		return errNo
	}
	return nil
}

// policy loads the rules, with a verifier of whoever is to ask.
func (a *asked) policy(cmd *cobra.Command, parts *parts, raw *rules.RawRequest) (*policy.Policy, error) {
	p, src, err := parts.load()
	if err == nil {
		parts.revoked.Compare(parts.config.names(p), nil)
	}
	if err != nil {
		return nil, explainMistakes(cmd.ErrOrStderr(), err, src)
	}
	if a.as != "" || a.peer != "" {
		if parts.options.Verifier, err = a.asking(parts.config, p, parts, raw.Now); err != nil {
			return nil, err
		}
		if p, _, err = parts.load(); err != nil {
			return nil, err
		}
	}
	if err := a.checkRule(p); err != nil {
		return nil, err
	}
	if a.fetch && a.as == "" {
		if err := parts.verifier.Fetch(cmd.Context()); err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "keys not fetched: %v\n", err)
		}
	}
	return p, nil
}

// checkRule refuses a --rule that there is not.
func (a *asked) checkRule(p *policy.Policy) error {
	var ids []string
	for _, r := range p.Set().Rules() {
		if r.ID == a.rule {
			return nil
		}
		ids = append(ids, r.ID)
	}
	if a.rule == "" {
		return nil
	}
	return fmt.Errorf("no rule %q %s", a.rule, rules.DidYouMean(a.rule, ids))
}

// unloaded says why catalogs have no rows, as check does.
func (p *parts) unloaded(w io.Writer) {
	for _, e := range p.config.Catalogs {
		if f := p.files[e.Key]; f != nil && f.Err() != nil {
			fmt.Fprintf(w, "catalog %s: %v\n", e.Key, f.Err())
		}
	}
}

// print tells the story of a decision that was made now.
func (a *asked) print(w io.Writer, out *policy.Explanation, raw *rules.RawRequest, whatIf []string) error {
	s := story{Record: extauthz.NewRecord(out.Outcome, raw), WhatIf: whatIf, Near: nearRules(out.Near), Next: advice(out, whatIf)}
	if a.as == "" && s.Caller.Kind == rules.Anonymous.String() {
		s.asked = "as the anonymous caller; --as IDENTITY --subject SUBJECT, or --token TOKEN, names another"
	}
	return s.writeTo(w, a.output)
}

// asking is the verifier of who asks: one that takes the user's word for what the
// command line states, else the server's own.
func (a *asked) asking(c *config, p *policy.Policy, parts *parts, now time.Time) (policy.Verifier, error) {
	if err := a.checkPeer(c); err != nil {
		return nil, err
	}
	switch {
	case a.as != "":
		return a.verifier(p, now)
	case a.peer != "":
		return peered{parts.verifier, a.peer}, nil
	}
	return parts.options.Verifier, nil
}
