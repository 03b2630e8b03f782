package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

func newDiscover() *cobra.Command {
	var file, log, output string
	cmd := &cobra.Command{
		Use:   "discover --log decisions.jsonl [-c tiergate.yaml]",
		Short: "List callers of the log that are not registered, as YAML for identities",
		Long: `discover reads a decision log and lists the callers that no identity matched: each with issuer and
subject, when it was first and last seen, how often, and the kind that it seems to be. Of a client with several
subjects it makes one class. With -c, those whom the rules of today match are left out. The YAML is ready for a rules
file but for one thing: who answers for each of them. As long as an owner is empty, check refuses it.`,
		Example: "  tiergate identities discover --log decisions.jsonl\n  tiergate identities discover --log decisions.jsonl -c tiergate.yaml -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var p *policy.Policy
			if file != "" {
				var src *rules.Source
				var err error
				if p, src, err = offline(file); err != nil {
					return explainMistakes(cmd.ErrOrStderr(), err, src)
				}
			}
			if log == "" {
				return errors.New("identities discover wants --log FILE, a decision log")
			}
			f, err := regular.Open(log)
			if err != nil {
				return err
			}
			defer func() { _ = f.Close() }() // nothing was written
			found, unread := discover(f, p)
			if unread > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d lines are no records and were passed over\n", log, unread)
			}
			return writeFound(cmd.OutOrStdout(), log, found, output)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration: whom its rules know is left out")
	cmd.Flags().StringVar(&log, "log", "", "the decision log")
	outputFlag(cmd, &output, "yaml", "json")
	return cmd
}

// stranger is a caller that no identity matches. Without a subject it is a class:
// all subjects of that client.
type stranger struct {
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	Issuer   string    `json:"issuer,omitempty"`
	Subject  string    `json:"subject,omitempty"`
	Client   string    `json:"client,omitempty"`
	Peer     string    `json:"peer,omitempty"`
	Subjects int       `json:"subjects,omitempty"` // of a class
	Count    int       `json:"count"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
}

// strangerKey tells strangers apart. Its parts are never joined to one text.
type strangerKey struct {
	issuer, subject, client, peer string
	acts                          bool
}

// discover reads a log. p, if it is there, says whom the rules of today know.
func discover(log io.Reader, p *policy.Policy) (found []*stranger, unread int) {
	all := make(map[strangerKey]*stranger)
	for r, err := range audit.Read(log) {
		switch {
		case err != nil:
			unread++
			continue
		case r.Gap > 0:
			continue
		}
		if c := r.Caller; c.Kind == rules.Unknown.String() {
			meet(all, strangerKey{issuer: c.Issuer, subject: c.Subject, client: c.Client}, r.Time)
		} else if c.Kind == rules.Anonymous.String() && r.Peer != "" {
			meet(all, strangerKey{peer: r.Peer}, r.Time)
		}
		if a := r.Actor; a != nil && a.Kind == rules.Unknown.String() {
			meet(all, strangerKey{issuer: a.Issuer, subject: a.Subject, client: a.Client, acts: true}, r.Time)
		}
	}
	if p != nil {
		for key := range all {
			if p.Knows(rules.Evidence{Verified: &rules.Verified{Issuer: key.issuer, Subject: key.subject, ClientID: key.client, Anonymous: key.peer != ""}, Peer: key.peer}) {
				delete(all, key)
			}
		}
	}
	return named(classes(all), p), unread
}

func meet(all map[strangerKey]*stranger, key strangerKey, at time.Time) {
	s := all[key]
	if s == nil {
		s = &stranger{Issuer: key.issuer, Subject: key.subject, Client: key.client, Peer: key.peer, First: at, Last: at}
		s.Kind = guess(key)
		all[key] = s
	}
	s.add(at, at, 1)
}

func (s *stranger) add(first, last time.Time, n int) {
	s.Count += n
	if first.Before(s.First) {
		s.First = first
	}
	if last.After(s.Last) {
		s.Last = last
	}
}

// guess says what somebody seems to be: a client that is its own subject is a
// machine (RFC 9068 section 2.2), and so is a token of no client at all.
func guess(key strangerKey) string {
	_, spiffe := rules.TrustDomain(key.subject)
	switch {
	case key.acts:
		return rules.Agent.String()
	case key.peer != "", spiffe, strings.HasPrefix(key.subject, "system:serviceaccount:"):
		return rules.Workload.String()
	case key.client == "", key.client == key.subject, strings.HasSuffix(key.subject, "@clients"):
		return rules.Service.String()
	}
	return rules.Human.String()
}

// classes puts the people of one client together: they are registered as a class.
func classes(all map[strangerKey]*stranger) (out []*stranger) {
	people := make(map[strangerKey][]*stranger)
	for key, s := range all {
		if s.Kind != rules.Human.String() {
			out = append(out, s)
			continue
		}
		key.subject = ""
		people[key] = append(people[key], s)
	}
	for _, of := range people {
		one := *of[0]
		if len(of) > 1 {
			one.Subject, one.Subjects = "", len(of)
			for _, s := range of[1:] {
				one.add(s.First, s.Last, s.Count)
			}
		}
		out = append(out, &one)
	}
	slices.SortFunc(out, func(a, b *stranger) int {
		return cmp.Or(cmp.Compare(a.Issuer, b.Issuer), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Client, b.Client), cmp.Compare(a.Peer, b.Peer), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}

// named gives each a name that no other has.
func named(all []*stranger, p *policy.Policy) []*stranger {
	taken := make(map[string]bool)
	if p != nil {
		for _, id := range p.Set().Identities() {
			taken[id.Name] = true
		}
	}
	for _, s := range all {
		base := identityName(cmp.Or(s.Subject, s.Client, s.Peer))
		s.Name = base
		for n := 2; taken[s.Name]; n++ {
			s.Name = base + "-" + strconv.Itoa(n)
		}
		taken[s.Name] = true
	}
	return all
}

// identityName makes of a subject what a name may be made of.
func identityName(from string) string {
	const most = 60
	from = strings.TrimPrefix(strings.TrimPrefix(from, "spiffe://"), "system:serviceaccount:")
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.' {
			return r
		}
		return '-'
	}, from)
	name = strings.Trim(name[:min(len(name), most)], "-._")
	if name == "" || name[0] <= '9' {
		name = "caller-" + name
	}
	return strings.TrimRight(name, "-")
}

func writeFound(w io.Writer, log string, all []*stranger, output string) error {
	if output == "json" {
		if all == nil {
			all = []*stranger{}
		}
		return json.NewEncoder(w).Encode(all)
	}
	if len(all) == 0 {
		_, err := fmt.Fprintf(w, "# every caller in %s is registered\n", printable(log))
		return err
	}
	var b strings.Builder
	b.WriteString("# Callers that no identity matches. Keep those that belong, and say who answers\n# for each: tiergate check refuses an empty owner.\nidentities:\n")
	for _, s := range all {
		s.yaml(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *stranger) yaml(b *strings.Builder) {
	times := "times"
	if s.Count == 1 {
		times = "time"
	}
	fmt.Fprintf(b, "  - name: %s  # seen %d %s, %s to %s", s.Name, s.Count, times, s.First.UTC().Format(time.RFC3339), s.Last.UTC().Format(time.RFC3339))
	if s.Subjects > 0 {
		fmt.Fprintf(b, ", %d subjects", s.Subjects)
	}
	fmt.Fprintf(b, "\n    kind: %s  # a guess\n    match: { ", s.Kind)
	var members []string
	for _, m := range [][2]string{{"peer", s.Peer}, {"issuer", s.Issuer}, {"subject", s.Subject}, {"client", s.Client}} {
		if m[1] != "" {
			members = append(members, m[0]+": "+strconv.QuoteToASCII(m[1])) // YAML's own escapes
		}
	}
	fmt.Fprintf(b, "%s }\n", strings.Join(members, ", "))
	b.WriteString("    owner: \"\"\n")
}
