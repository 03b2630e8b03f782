package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestTableAligns(t *testing.T) {
	table := &table{widths: []int{8, 6}}
	table.add(cell{"a", ""}, cell{"b", red})
	table.add(cell{"über", ""}, cell{"overlong", ""})
	table.add(cell{"exactly8", ""}, cell{"", ""})
	var out bytes.Buffer
	table.print(&out)
	want := "a         b\nüber      overl…\nexactly8\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if strings.Contains(out.String(), red) {
		t.Error("colour where there is no terminal")
	}
}
