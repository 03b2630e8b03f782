package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// table prints aligned columns once all rows are known.
type table struct {
	widths []int // the most that a column takes
	rows   [][]cell
}

type cell struct{ text, colour string }

// Colours, for terminals only.
const (
	red   = "\x1b[31m"
	green = "\x1b[32m"
	dim   = "\x1b[2m"
	plain = "\x1b[0m"
)

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

func (t *table) print(w io.Writer) {
	widths := make([]int, len(t.widths))
	for _, row := range t.rows {
		for i, c := range row {
			widths[i] = max(widths[i], min(utf8.RuneCountInString(c.text), t.widths[i]))
		}
	}
	coloured := isTerminal(w)
	for _, row := range t.rows {
		var line strings.Builder
		for i, c := range row {
			text := fmt.Sprintf("%-*s  ", widths[i], shorten(c.text, widths[i]))
			if coloured && c.colour != "" {
				text = c.colour + text + plain
			}
			line.WriteString(text)
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// shorten cuts text to width runes and shows that it did.
func shorten(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
