package rules

import (
	"fmt"
	"math"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
)

// Limits in CEL's cost units: the estimate of a condition that still loads, what
// one run of it may spend, and what all conditions of a verdict may spend together
// before no more are run. About 10,000 units take a millisecond.
const (
	maxEstimate     = 10_000
	maxCost         = 20_000
	maxSpent        = 500_000
	maxText         = 4 << 10 // code points of a condition
	maxPattern      = 1_000   // instructions of a compiled regular expression
	assumedText     = 256     // bytes of a text value, for the estimate
	assumedListSize = 64      // elements of a list value, for the estimate
)

func costText(c uint64) string {
	if c == math.MaxUint64 {
		return "without bound"
	}
	return fmt.Sprint(c)
}

// sizes tells the estimate how long values may be.
type sizes struct{}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

func (sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	if n.Expr() != nil && n.Expr().Kind() == ast.LiteralKind {
		return nil // counted as it stands
	}
	switch n.Type().Kind() {
	case types.StringKind, types.BytesKind:
		return &cost.SizeEstimate{Max: assumedText}
	case types.ListKind, types.MapKind, types.DynKind:
		return &cost.SizeEstimate{Max: assumedListSize}
	default:
		return nil
	}
}
