package main

import (
	"strings"
	"testing"
)

// The examples are in the form that fmt writes.
func TestExamplesAreFormatted(t *testing.T) {
	var out strings.Builder
	f := formatter{w: &out, show: true}
	if err := f.tree("../../examples"); err != nil {
		t.Fatal(err)
	}
	if f.differ || f.faulty {
		t.Errorf("run tiergate fmt -w examples:\n%s", out.String())
	}
}
