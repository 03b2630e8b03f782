package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/suite"
)

// annotate writes a workflow command for each test that failed, each warning and
// each mutant that survived, which shows it beside the line in a pull request.
func annotate(w io.Writer, r *suite.Report, dirs []string) error {
	var b strings.Builder
	command := func(level string, at rules.Pos, title, text string) {
		fmt.Fprintf(&b, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", level,
			property.Replace(filepath.ToSlash(fileBelow(dirs, at.File))), at.Line, at.Col, property.Replace(title), message.Replace(text))
	}
	for i := range r.Results {
		if t := &r.Results[i]; len(t.Faults) > 0 {
			command("error", t.Pos, t.Name, strings.Join(t.Faults, "\n"))
		}
	}
	for _, warning := range r.Warnings {
		command("warning", warning.At, "no denied twin", warning.Text)
	}
	if r.Mutation != nil {
		for i := range r.Mutation.Mutants {
			if m := &r.Mutation.Mutants[i]; m.Fate == suite.Survived {
				command("error", m.Pos, m.Operator, "no test notices: "+m.What)
			}
		}
	}
	fmt.Fprintf(&b, "%d tests, %d failed\n", len(r.Results), r.Failed())
	_, err := io.WriteString(w, b.String())
	return err
}
