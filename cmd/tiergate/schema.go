package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/shape"
	"github.com/tiergate/tiergate/rules/suite"
)

// form is a sort of files that we read.
type form struct {
	name, title string
	shape       func() shape.Shape
}

var forms = []form{
	{"rules", "tiergate rules", rules.Shape},
	{"config", "tiergate.yaml", configShape},
	{"tests", "tiergate tests", suite.Shape},
}

func newSchema() *cobra.Command {
	var names []string
	for _, f := range forms {
		names = append(names, f.name)
	}
	return &cobra.Command{
		Use:   "schema rules|config|tests",
		Short: "Print the JSON Schema of a sort of files, for editors",
		Long: `schema prints the JSON Schema (2020-12) of rules files, of tiergate.yaml or of *_test.yaml. It is made of what this very
program reads, so an editor shows the keys that it knows, and no others. A file names its schema in a comment:
# yaml-language-server: $schema=rules.schema.json`,
		Example:   "  tiergate schema rules > rules.schema.json",
		Args:      cobra.ExactArgs(1),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			i := slices.Index(names, args[0])
			if i < 0 {
				return fmt.Errorf("no schema %q, want one of %s", args[0], strings.Join(names, ", "))
			}
			_, err := cmd.OutOrStdout().Write(forms[i].schema())
			return err
		},
	}
}

func (f *form) schema() []byte {
	return f.shape().JSONSchema("https://github.com/tiergate/tiergate/schema/"+f.name+".json", f.title)
}

// formIn is the sort of a file, by its name and what stands in it: nil for one that
// is none of ours.
func formIn(name string, n *rules.Node) *form {
	if n == nil || n.Kind != rules.Mapping {
		return nil
	}
	is := func(f form) bool {
		keys := f.shape().Mapping.Keys
		for i := 0; i < len(n.Items); i += 2 {
			if slices.ContainsFunc(keys, func(k shape.Key) bool { return k.Name == n.Items[i].Value }) {
				return true
			}
		}
		return false
	}
	at := 0 // a rules file
	switch {
	case rules.IsTests(name):
		at = 2
	case hasKey(n, "listen") || hasKey(n, "issuers"): // both have rules:
		at = 1
	}
	if !is(forms[at]) {
		return nil
	}
	return &forms[at]
}

func hasKey(n *rules.Node, key string) bool {
	for i := 0; i < len(n.Items); i += 2 {
		if n.Items[i].Value == key {
			return true
		}
	}
	return false
}
