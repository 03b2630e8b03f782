package rules

import "fmt"

// Pos is a place in a file that a user wrote. Line and Col count from 1; a zero
// Line means the file as a whole.
type Pos struct {
	File string
	Line int
	Col  int
}

func (p Pos) String() string {
	switch {
	case p.File == "" && p.Line == 0:
		return "-"
	case p.Line == 0:
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Less orders positions by byte order of the file's path, then by place.
func (p Pos) Less(q Pos) bool {
	if p.File != q.File {
		return p.File < q.File
	}
	if p.Line != q.Line {
		return p.Line < q.Line
	}
	return p.Col < q.Col
}

// or is p, or other where p is nowhere.
func (p Pos) or(other Pos) Pos {
	if p == (Pos{}) {
		return other
	}
	return p
}
