package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

func newCheck() *cobra.Command {
	var file, output string
	cmd := &cobra.Command{
		Use:   "check (-c tiergate.yaml | RULES_DIR...)",
		Short: "Report every mistake in the configuration and the rules",
		Long: `check loads with the very loader the server uses and reports every mistake at once,
with file, line and column. With only a rules directory, what needs the configuration
(issuers and their claims, catalogs, managed headers) is left out and said to be.`,
		Example: "  tiergate check -c tiergate.yaml\n  tiergate check ./rules",
		RunE: func(cmd *cobra.Command, args []string) error {
			if (file == "") == (len(args) == 0) {
				return errors.New("check wants either -c tiergate.yaml or a rules directory")
			}
			return check(cmd.OutOrStdout(), file, args, output)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

func check(w io.Writer, file string, dirs []string, output string) error {
	report := reporter{w: w, json: output == "json"}
	var p *policy.Policy
	var src *rules.Source
	var err error
	if file != "" {
		p, src, err = loadAll(file)
	} else {
		p, src, err = loadPartial(dirs)
	}
	var ms rules.Mistakes
	switch {
	case errors.As(err, &ms):
		return report.mistakes(ms, src)
	case err != nil:
		return err
	}
	return report.fine(p)
}

// loadAll loads a configuration and its rules, as the server does.
func loadAll(file string) (*policy.Policy, *rules.Source, error) {
	c, err := loadConfig(file)
	if err != nil {
		return nil, nil, err
	}
	parts, err := assemble(c, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	p, src, err := parts.load()
	if err != nil {
		return nil, src, err
	}
	var ms rules.Mistakes
	for _, e := range c.Catalogs {
		if err := parts.files[e.Key].Err(); err != nil {
			ms.Add(e.V.File.Pos, "catalog %q: %v", e.Key, err)
		}
	}
	for _, name := range parts.options.Catalog.UnknownTTL(p.Set().Schema()) {
		ms.Add(rules.Pos{File: file, Line: 1, Col: 1}, "cache.ttl names the tier %q, which no rules file defines", name)
	}
	if parts.byFile != nil {
		ms = append(ms, parts.byFile.Unknown(hasIdentity(p))...)
	}
	return p, src, ms.Err()
}

// reporter prints what check found.
type reporter struct {
	w    io.Writer
	json bool
}

func (r *reporter) mistakes(ms rules.Mistakes, src *rules.Source) error {
	if r.json {
		return r.encode(ms)
	}
	fmt.Fprint(r.w, ms.Report(lines(src)))
	count := "1 mistake"
	if len(ms) != 1 {
		count = fmt.Sprintf("%d mistakes", len(ms))
	}
	fmt.Fprintln(r.w, count)
	return errNo
}

// found is a mistake for machines.
type found struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Col  int    `json:"col"`
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

func (r *reporter) encode(ms rules.Mistakes) error {
	out := make([]found, len(ms))
	for i, m := range ms {
		out[i] = found{m.Pos.File, m.Pos.Line, m.Pos.Col, m.Text, m.Hint}
	}
	if err := json.NewEncoder(r.w).Encode(out); err != nil || len(ms) == 0 {
		return err
	}
	return errNo
}

func (r *reporter) fine(p *policy.Policy) error {
	if r.json {
		return r.encode(nil)
	}
	set := p.Set()
	fmt.Fprintf(r.w, "fine: %d files, %d object types, %d map lines, %d identities, %d rules; policy %.12s\n",
		len(p.Files()), len(set.Schema().Types), len(p.Routes().Operations()), len(set.Identities()), len(p.Source().Rules), p.Hash)
	for _, what := range set.Unchecked() {
		fmt.Fprintf(r.w, "unchecked without -c: %s\n", what)
	}
	return nil
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
		text, err := os.ReadFile(file)
		if err != nil {
			return ""
		}
		return string(text)
	}
}
