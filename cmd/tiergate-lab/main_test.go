package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Setenv("TIERGATE_BIN", "")
	for _, row := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"help", []string{"--help"}, 0, "demo"},
		{"an unknown verb", []string{"dance"}, 2, `unknown command "dance"`},
		{"an unknown flag", []string{"demo", "--fast"}, 2, "--fast"},
		{"no such tiergate", []string{"demo", "--tiergate", "/nowhere/tiergate"}, 2, "/nowhere/tiergate"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := run(row.args, &out, &errs); code != row.code {
				t.Errorf("exit code is %d, want %d", code, row.code)
			}
			if all := out.String() + errs.String(); !strings.Contains(all, row.want) {
				t.Errorf("it said %q, want %q in it", all, row.want)
			}
		})
	}
}
