package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/tiergate/tiergate/resolver/spec"
)

// beginning is what the files of a new directory are filled with: one type, whose
// objects are read by their ids, and two of its objects.
type beginning struct {
	Host, Type   string
	Own, Foreign sampleObject
	Review       string // a date half a year ahead

	columns       []string // of the type's catalog, besides id and owner
	types, mapped int
}

// sampleObject is an object of the catalog, and where it is read.
type sampleObject struct {
	ID, Path string

	ids []string // the parts of ID, as captured
}

// begin picks the type that the first rules are about.
func begin(p *spec.Proposal) (*beginning, error) {
	l := p.Start()
	if l == nil {
		return nil, errors.New("no GET of the specification reads one object by its id, so there is nothing to begin with: " +
			"tiergate import openapi proposes what it can, or start without --openapi")
	}
	b := &beginning{Host: p.Host, Type: l.Type, Review: time.Now().AddDate(0, 6, 0).Format(time.DateOnly), mapped: len(p.Lines)}
	for i := range p.Types {
		if t := &p.Types[i]; t.Name == b.Type {
			b.columns = slices.DeleteFunc(slices.Clone(t.Attributes), func(a string) bool { return a == "owner" })
			if t.Parent != "" {
				b.columns = append(b.columns, "parent")
			}
		}
	}
	for n, o := range []*sampleObject{&b.Own, &b.Foreign} {
		var err error
		if o.Path, o.ids, err = l.Operation.Sample(n + 1); err != nil {
			return nil, err
		}
		o.ID = strings.Join(o.ids, "/")
	}
	return b, nil
}

// fill adds the files of the directory.
func (b *beginning) fill(files map[string][]byte, p *spec.Proposal, host string) error {
	text, memory, _, err := p.Merge("", &spec.Memory{}, &spec.Existing{})
	if err != nil {
		return err
	}
	if text, err = withOwner(text, b.Type); err != nil {
		return err
	}
	if host == "" && p.Document.Host == "" {
		text = strings.Replace(text, "  - host: "+b.Host+"\n", "  - host: "+b.Host+" # EDIT: the host that clients call; the specification says none\n", 1)
	}
	b.types = strings.Count(text, "- { type: ")
	files[filepath.Join("rules", "tiers.yaml")] = []byte(spec.Tiers)
	files[filepath.Join("rules", p.Document.Name+".yaml")] = []byte(text)
	files[filepath.Join("rules", p.Document.Name+".import.json")] = memory.Text()
	files[filepath.Join("catalog", b.Type+".csv")] = b.rows()
	for name, source := range map[string]string{
		"tiergate.yaml": initConfig, filepath.Join("rules", "people.yaml"): initPeople, filepath.Join("rules", "people_test.yaml"): initTests,
		".gitignore": "/state/\n/decisions.jsonl\n/.tiergate-try-*\n",
	} {
		var out strings.Builder
		if err := template.Must(template.New(name).Parse(source)).Execute(&out, b); err != nil {
			return err
		}
		files[name] = []byte(out.String())
	}
	return nil
}

// rows are the catalog of the two objects. What the path says of them stands in
// their other columns, too.
func (b *beginning) rows() []byte {
	var out strings.Builder
	out.WriteString(strings.Join(append([]string{"id", "owner"}, b.columns...), ",") + "\n")
	for _, row := range []struct {
		owner string
		o     *sampleObject
	}{{"ada", &b.Own}, {"bob", &b.Foreign}} {
		out.WriteString(row.o.ID + "," + row.owner)
		for _, column := range b.columns {
			value := row.o.ids[0]
			if last := len(row.o.ids) - 1; column == "parent" && last > 0 {
				value = strings.Join(row.o.ids[:last], "/")
			}
			out.WriteString("," + value)
		}
		out.WriteString("\n")
	}
	return []byte(out.String())
}

// next says what a newcomer does now, in this order.
func (b *beginning) next(w io.Writer, dir, file string, files map[string][]byte) error {
	edits := 0
	for _, text := range files {
		edits += strings.Count(string(text), "EDIT: ")
	}
	url := "https://" + b.Host
	_, err := fmt.Fprintf(w, `%[1]s: %[2]d types, %[3]d map lines, 2 identities, 3 rules
next, in this order:
  # every mistake, with file and line
  tiergate check -c %[4]s
  # the tests that stand beside the rules
  tiergate test -c %[4]s
  # why ada may not read what is bob's
  tiergate explain -c %[4]s GET %[6]s --as customers --subject ada
  # the same through a real Envoy, with tokens to play on with (make build puts tiergate-lab beside tiergate)
  tiergate-lab try -c %[4]s --as customers=ada --as svc-support GET %[5]s GET %[6]s
  # what of the API no rule speaks of yet
  tiergate coverage %[7]s -c %[4]s
then change the %[8]d lines that say EDIT:
  grep -rn EDIT: %[9]s
`, dir, b.types, b.mapped, word(filepath.Join(dir, "tiergate.yaml")), word(url+b.Own.Path), word(url+b.Foreign.Path), word(file), edits, word(dir))
	return err
}

// plainWord is text that a shell takes as it stands.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:%@=+-]+$`)

// word writes a text as one word of a command line.
func word(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// withOwner gives a type a tier, a catalog and an owner. A later import takes the
// line for edited, as it is.
func withOwner(text, typ string) (string, error) {
	var out []string
	found := false
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "  - { type: "+typ); ok && (rest[0] == ' ' || rest[0] == ',') {
			found = true
			rest = strings.Replace(rest, ", tier: restricted", "", 1)
			switch {
			case strings.Contains(rest, " owner: string"): // the API's own word for it
			case strings.Contains(rest, "attributes: { "):
				rest = strings.Replace(rest, "attributes: { ", "attributes: { owner: string, ", 1)
			default:
				rest = ", attributes: { owner: string }" + rest
			}
			line = "  # EDIT: how sensitive it is, where its rows come from, and which of their columns rules read.\n" +
				"  - { type: " + typ + ", tier: confidential, catalog: " + typ + rest
		}
		out = append(out, line)
	}
	if !found {
		return "", fmt.Errorf("no declaration of the type %s", typ)
	}
	return strings.Join(out, ""), nil
}
