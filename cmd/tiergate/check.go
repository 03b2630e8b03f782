package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

func newCheck() *cobra.Command {
	var file, output, via string
	cmd := &cobra.Command{
		Use:   "check (-c tiergate.yaml | RULES_DIR...)",
		Short: "Report every mistake in the configuration and the rules",
		Long: `check loads with the very loader the server uses and reports every mistake at once,
with file, line and column. It reads the catalogs, too: what the server would refuse there is a
mistake, what it would ignore a warning. So is what loads and is hardly meant; with warnings
alone the exit code is 0. With only rules directories, of which the first is the top layer, what needs the configuration
(issuers and their claims, catalogs, managed headers) is left out and said to be.
With --for it also reports what Istio's provider or Envoy Gateway can never satisfy.
A mistake of a kind that has a code of its own ends in it, in brackets. --format sarif is for code scanning, github for
annotations of a workflow's run.`,
		Example: "  tiergate check -c tiergate.yaml\n  tiergate check ./rules\n  tiergate check -c tiergate.yaml --for istio\n  tiergate check ./rules --format github",
		RunE: func(cmd *cobra.Command, args []string) error {
			if (file == "") == (len(args) == 0) {
				return errors.New("check wants either -c tiergate.yaml or a rules directory")
			}
			by, err := providerNamed(via)
			if err != nil {
				return err
			}
			return check(cmd.OutOrStdout(), file, args, by, output)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration")
	cmd.Flags().StringVar(&via, "for", "", "how tiergate is wired in, if not by Envoy's own configuration: istio or envoy-gateway")
	outputFlag(cmd, &output, "text", "json", "sarif", "github")
	cmd.Flags().StringVar(&output, "format", "text", "the same as --output")
	return cmd
}

func check(w io.Writer, file string, dirs []string, by *provider, output string) error {
	var p *policy.Policy
	var src *rules.Source
	var rows rowsReport
	var err error
	if file != "" {
		p, src, rows, err = loadAll(file, by)
	} else if p, src, err = loadPartial(dirs); p != nil {
		_, rows.wired = by.lacks(nil, p)
	}
	var ms rules.Mistakes
	if err != nil && !errors.As(err, &ms) {
		return err
	}
	found := findings{bad: ms, rows: rows, source: lines(src), below: dirs}
	if file != "" {
		found.below = dirsOf(file)
	}
	if p != nil {
		found.odd = slices.Concat(p.Set().Warnings(), p.Routes().Warnings(), rows.wired)
	}
	if err := found.write(w, output); err != nil {
		return err
	}
	if found.mistakes() > 0 {
		return errNo
	}
	if output == "text" || output == "github" {
		fine(w, p)
	}
	return nil
}

// loadAll loads a configuration, its rules and its catalogs, as the server does.
func loadAll(file string, by *provider) (*policy.Policy, *rules.Source, rowsReport, error) {
	c, err := loadConfig(file)
	if err != nil {
		return nil, nil, rowsReport{}, err
	}
	ms := c.startable()
	parts, err := assemble(c, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, rowsReport{}, together(ms, err)
	}
	p, src, err := parts.load()
	if err != nil {
		return nil, src, rowsReport{}, together(ms, err)
	}
	for _, name := range parts.options.Catalog.UnknownTTL(p.Set().Schema()) {
		ms.Add(rules.Pos{File: file, Line: 1, Col: 1}, "cache.ttl or cache.max_stale names the tier %q, which no rules file defines", name)
	}
	if parts.byFile != nil {
		ms = append(ms, parts.byFile.Mistaken(c.names(p))...)
	}
	rows := parts.rows(p)
	bad, odd := c.uselessRevocations(p)
	ms, rows.odd = append(ms, bad...), slices.Concat(rows.odd, odd, c.unserved(src))
	bad, odd = c.forgottenBudgets(p)
	ms, rows.odd = append(ms, bad...), append(rows.odd, odd...)
	if parts.byFile != nil {
		rows.odd = append(rows.odd, parts.byFile.Over(time.Now())...)
	}
	bad, odd = by.lacks(c, p)
	ms, rows.wired = append(ms, bad...), odd
	return p, src, rows, ms.Err()
}

// rowsReport is what check found in catalogs and files of keys: what the server
// would refuse, and what it would ignore or wait for; and what a way of wiring us
// in must be told, or makes weaker.
type rowsReport struct{ bad, odd, wired rules.Mistakes }

func (p *parts) rows(in *policy.Policy) (r rowsReport) {
	for _, e := range p.config.Catalogs {
		f := p.files[e.Key]
		if f == nil {
			continue // only files are read before a server serves them
		}
		var ms rules.Mistakes
		switch err := f.Err(); {
		case errors.As(err, &ms):
			r.bad = append(r.bad, ms...)
		case err != nil:
			r.bad.Add(e.V.place(), "catalog %q: %v", e.Key, err)
		}
		found := in.Survey(e.Key)
		r.bad, r.odd = append(r.bad, found.Bad...), append(r.odd, found.Odd...)
	}
	for i, s := range p.verifier.Stats() {
		if file := p.config.Issuers[i].JWKS.File; file.V != "" && s.FetchOK == 0 {
			r.odd.Add(file.Pos, "issuer %q: no key set can be read from %q: its tokens will be refused", s.Name, file.V)
		}
	}
	found := p.verifier.Bundles()
	for _, e := range p.config.Peer.Bundles {
		if slices.ContainsFunc(found, func(b identity.BundleStats) bool { return b.Name == e.Key && b.Authorities == 0 }) {
			r.odd.Add(e.V.File.Pos, "trust domain %q: no bundle can be read from %q: none of its workloads will be a peer", e.Key, e.V.File.V)
		}
	}
	return r
}

// fine says what was read without a mistake.
func fine(w io.Writer, p *policy.Policy) {
	set := p.Set()
	fmt.Fprintf(w, "fine: %d files, %d object types, %d map lines, %d identities, %d rules; policy %.12s\n",
		len(p.Files()), len(set.Schema().Types), len(p.Routes().Operations()), len(set.Identities()), len(p.Source().Rules), p.Hash)
	for _, op := range p.Routes().Operations() {
		if op.Stream > 0 {
			fmt.Fprintf(w, "coarse: %v: %s: a stream is decided once, and what passes then is not read, for at most %v\n", op.Pos, op, op.Stream)
		}
	}
	for _, what := range set.Unchecked() {
		fmt.Fprintf(w, "unchecked without -c: %s\n", what)
	}
}

// lines finds the text of a file that a mistake is about: a rules file as it
// was loaded, else a file on disk.
func lines(src *rules.Source) func(string) string {
	return func(file string) string {
		if src != nil {
			for _, f := range src.Files {
				if f.Path == file {
					return f.Text
				}
			}
		}
		if ext := filepath.Ext(file); strings.HasPrefix(file, "$") || ext != ".yaml" && ext != ".yml" {
			return ""
		}
		text, err := regular.ReadFile(file, maxConfig)
		if err != nil {
			return ""
		}
		return string(text)
	}
}
