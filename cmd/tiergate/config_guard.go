package main

import (
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// guardConfig says which versions of a catalog file wait to be accepted.
type guardConfig struct {
	Pos   rules.Pos
	Lower *share `yaml:"lower"`
	Lose  *share `yaml:"lose"`
}

// share is a part of all rows, written 5%.
type share float64

// DecodeNode implements rules.Decodable.
func (s *share) DecodeNode(d *rules.Decoder, n *rules.Node) {
	digits, percent := strings.CutSuffix(n.Value, "%")
	v, err := strconv.ParseFloat(digits, 64)
	if n.Kind != rules.Scalar || !percent || err != nil || !(0 <= v && v <= 100) {
		d.Mistakes.AddHint(n.Pos, "write 5%; 100% lets every version in", "want a share of 0%% to 100%%, found %q", n.Value)
		return
	}
	*s = share(v / 100)
}

func (g *guardConfig) guard() (out catalog.Guard) {
	if g != nil {
		out.Lower, out.Lose = (*float64)(g.Lower), (*float64)(g.Lose)
	}
	return out
}

func (c *config) checkGuards(ms *rules.Mistakes) {
	for _, e := range c.Catalogs {
		if g := e.V.Guard; g != nil && e.V.File.V == "" && e.V.SQLite == nil {
			ms.AddHint(g.Pos, "remove it: other sources have no versions", "catalog %q has a guard and no file", e.Key)
		}
	}
}
