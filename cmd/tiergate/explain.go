package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
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
	f.StringArrayVar(&a.claims, "claim", nil, "with --as: a claim, name=value")
	f.StringVar(&a.actor, "actor", "", "with --as: the identity that acts for the caller")
	f.StringVar(&a.token, "token", "", "the bearer token that asks, or - for standard input")
	f.StringVar(&a.peer, "peer", "", "the SPIFFE ID of the verified peer")
	f.StringVar(&a.source, "source", "127.0.0.1", "the address the request comes from")
	f.StringVar(&a.at, "at", "", "the time of the request, RFC 3339; now unless given")
	f.BoolVar(&a.fetch, "fetch", false, "with --token: ask the issuers for their keys first")
	f.StringArrayVar(&a.suppose, "what-if", nil, "explain once more if this were so: tier=NAME, claim.NAME=VALUE, object.NAME=VALUE or at=TIME")
	outputFlag(cmd, &a.output, "text", "json")
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
	return nil
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
	return printStory(cmd.OutOrStdout(), &r, a.output)
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
	p, src, err := parts.load()
	if err == nil {
		parts.revoked.Compare(c.names(p), nil)
	}
	if err != nil {
		return explainMistakes(cmd.ErrOrStderr(), err, src)
	}
	if a.as != "" || a.peer != "" || len(a.suppose) > 0 {
		verifier, err := a.asking(c, p, parts, raw.Now)
		if err != nil {
			return err
		}
		parts.options.Verifier = &onceVerified{Verifier: verifier}
		if p, _, err = parts.load(); err != nil {
			return err
		}
	}
	if a.fetch && a.as == "" {
		if err := parts.verifier.Fetch(cmd.Context()); err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "keys not fetched: %v\n", err)
		}
	}
	out, near := p.Explain(cmd.Context(), raw)
	if err := a.print(cmd.OutOrStdout(), out, near, raw); err != nil {
		return err
	}
	if out.Reason == rules.CatalogUnavailable {
		parts.unloaded(cmd.ErrOrStderr())
	}
	if len(a.suppose) > 0 {
		if err := a.whatIf(cmd.Context(), cmd.OutOrStdout(), c, parts, raw); err != nil {
			return err
		}
	}
	if out.Effect != rules.Allow {
		return errNo
	}
	return nil
}

// unloaded says why catalogs have no rows, as check does.
func (p *parts) unloaded(w io.Writer) {
	for _, e := range p.config.Catalogs {
		if f := p.files[e.Key]; f != nil && f.Err() != nil {
			fmt.Fprintf(w, "catalog %s: %v\n", e.Key, f.Err())
		}
	}
}

func (a *asked) print(w io.Writer, out *rules.Outcome, near []rules.Miss, raw *rules.RawRequest) error {
	r := extauthz.NewRecord(out, raw)
	if err := printStory(w, &r, a.output); err != nil || a.output != "text" {
		return err
	}
	if a.as == "" && r.Caller.Kind == "anonymous" {
		fmt.Fprintln(w, "  asked     as the anonymous caller; --as IDENTITY --subject SUBJECT, or --token TOKEN, names another")
	}
	printNear(w, near)
	return nil
}

// asking is the verifier of who asks: one that takes the user's word for what the
// command line states, else the server's own.
func (a *asked) asking(c *config, p *policy.Policy, parts *parts, now time.Time) (policy.Verifier, error) {
	if err := a.checkPeer(c); err != nil {
		return nil, err
	}
	switch {
	case a.as != "":
		return a.verifier(c, p, now)
	case a.peer != "":
		return peered{parts.verifier, a.peer}, nil
	}
	return parts.options.Verifier, nil
}

// request is the raw request that the proxy would describe.
func (a *asked) request(c *config) (*rules.RawRequest, error) {
	u, err := url.Parse(a.url)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("no URL %q, want https://host/path", a.url)
	}
	// The path as it was typed: url.Parse would decode and clean it.
	_, rest, _ := strings.Cut(a.url, "://")
	path := "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		if path = rest[i:]; path[0] == '?' {
			path = "/" + path
		}
	}
	raw := &rules.RawRequest{
		ID: "explain", Now: time.Now(), Serves: c.serves(),
		Method: a.method, Path: path, RawPath: path, Exact: true, Host: u.Host,
		Principal: a.peer,
	}
	if a.at != "" {
		if raw.Now, err = time.Parse(time.RFC3339, a.at); err != nil {
			return nil, fmt.Errorf("no time %q, want 2027-01-31T12:00:00Z", a.at)
		}
	}
	if raw.Source, err = netip.ParseAddr(a.source); err != nil || raw.Source.Zone() != "" {
		return nil, fmt.Errorf("no address %q, want one such as 192.0.2.7 or 2001:db8::7, without a zone", a.source)
	}
	for _, h := range a.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return nil, fmt.Errorf("no header %q, want name: value", h)
		}
		raw.Headers = append(raw.Headers, rules.Header{Name: strings.ToLower(strings.TrimSpace(name)), Value: strings.TrimSpace(value)})
	}
	if a.token != "" {
		raw.Headers = append(raw.Headers, rules.Header{Name: "authorization", Value: "Bearer " + a.token})
	}
	return raw, a.addBody(raw)
}

// addBody adds a body as the proxy sends one that it buffered whole.
func (a *asked) addBody(raw *rules.RawRequest) error {
	if a.body == "" {
		return nil
	}
	body, err := readFileArgument(a.body)
	if err != nil {
		return err
	}
	raw.Body, raw.Size = body, int64(len(body))
	has := func(name string) bool {
		return slices.ContainsFunc(raw.Headers, func(h rules.Header) bool { return h.Name == name })
	}
	for _, h := range []rules.Header{
		{Name: "content-type", Value: "application/json"},
		{Name: "content-length", Value: strconv.Itoa(len(body))},
		{Name: "x-envoy-auth-partial-body", Value: "false"},
	} {
		if !has(h.Name) {
			raw.Headers = append(raw.Headers, h)
		}
	}
	return nil
}

func (c *config) serves() *rules.HostSet {
	var hosts []string
	for _, l := range c.Listen.GRPC {
		hosts = append(hosts, l.Serves.Values()...)
	}
	return rules.NewHostSet(hosts...)
}

// stated is a verifier that takes the caller on the user's word.
type stated struct {
	v    *rules.Verified
	peer string
}

// Verify implements policy.Verifier.
func (s stated) Verify(context.Context, *rules.Request) (rules.Evidence, error) {
	return rules.Evidence{Verified: s.v, Peer: s.peer}, nil
}

// verifier states the caller that --as names.
func (a *asked) verifier(c *config, p *policy.Policy, now time.Time) (policy.Verifier, error) {
	if a.as == "anonymous" {
		return stated{&rules.Verified{Anonymous: true}, a.peer}, nil
	}
	id, err := identityNamed(p, a.as)
	if err != nil {
		return nil, err
	}
	if id.Peer != "" {
		return a.byPeer(id)
	}
	v, _, err := a.verified(c, p, id, now)
	return stated{v, a.peer}, err
}

// verified is what a token of the identity proves, and the issuer of that token.
func (a *asked) verified(c *config, p *policy.Policy, id *rules.Identity, now time.Time) (*rules.Verified, *issuerConfig, error) {
	v := &rules.Verified{
		Issuer: id.Issuer, Subject: orDefault(id.Subject, a.subject), Claims: map[string]any{}, Fixed: map[string]any{},
		IssuedAt: now, AuthTime: now, ExpiresAt: now.Add(5 * time.Minute),
	}
	switch {
	case a.subject != "" && a.subject != v.Subject:
		return nil, nil, fmt.Errorf("%q is the subject %q alone, not --subject %q", a.as, id.Subject, a.subject)
	case v.Subject == "":
		return nil, nil, fmt.Errorf("%q is a class of callers: say which one with --subject", a.as)
	}
	if len(id.Clients) > 0 {
		v.ClientID = id.Clients[0]
	}
	if err := a.acts(v, p); err != nil {
		return nil, nil, err
	}
	for j := range c.Issuers {
		if issuer := &c.Issuers[j]; issuer.Name.V == id.Issuer {
			v.Fixed = issuer.fixed()
			return v, issuer, a.claim(v, issuer)
		}
	}
	return nil, nil, fmt.Errorf("the issuer %q of %q is not in the configuration", id.Issuer, a.as)
}

// claim adds what is fixed for the issuer, and what the command line asserts in
// the kinds that the issuer declares.
func (a *asked) claim(v *rules.Verified, issuer *issuerConfig) error {
	kinds := issuer.kinds()
	for _, c := range a.claims {
		name, text, ok := strings.Cut(c, "=")
		if !ok || kinds[name] == rules.NoKind {
			return fmt.Errorf("no claim %q: want name=value of what issuer %q may assert (%s)", c, issuer.Name.V,
				strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
		}
		value, err := parseClaim(kinds[name], text)
		if err != nil {
			return fmt.Errorf("claim %q: %w", name, err)
		}
		v.Claims[name] = value
	}
	maps.Copy(v.Claims, v.Fixed)
	return nil
}

// parseClaim reads a value; a list's elements stand between commas.
func parseClaim(kind rules.Kind, text string) (any, error) {
	if kind != rules.StringList && kind != rules.IntList {
		value, ok := kind.ParseScalar(text)
		if !ok {
			return nil, fmt.Errorf("want %v, found %q", kind, text)
		}
		return value, nil
	}
	words := strings.Split(text, ",")
	if kind == rules.StringList {
		return words, nil
	}
	ints := make([]int64, len(words))
	for i, word := range words {
		value, ok := kind.ParseScalar(word)
		if !ok {
			return nil, fmt.Errorf("want %v, found %q", kind, text)
		}
		ints[i], _ = value.(int64)
	}
	return ints, nil
}
