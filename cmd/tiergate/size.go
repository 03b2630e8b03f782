package main

import (
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// size is a number of bytes, written 65536, 60KiB or 2MiB.
type size int

var units = map[string]int{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}

// DecodeNode implements rules.Decodable.
func (s *size) DecodeNode(d *rules.Decoder, n *rules.Node) {
	digits := strings.TrimRight(n.Value, "BKMi")
	unit := 1
	if u := n.Value[len(digits):]; u != "" {
		unit = units[u]
	}
	count, err := strconv.Atoi(digits)
	if n.Kind != rules.Scalar || err != nil || unit == 0 || count < 0 || count > 1<<30/unit {
		d.Mistakes.AddHint(n.Pos, "write 65536, 60KiB or 2MiB", "want a size of at most 1 GiB, found %q", n.Value)
		return
	}
	*s = size(count * unit)
}
