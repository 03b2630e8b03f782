package rules

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// LimitDecl is an entry of `limit` of an allow rule: how much it allows in any
// stretch of time of a length.
type LimitDecl struct {
	Pos     Pos
	Objects At[int]           `yaml:"objects"` // one of these three
	Writes  At[int]           `yaml:"writes"`
	Amount  At[int]           `yaml:"amount"`
	Of      At[string]        `yaml:"of"` // what an amount is: CEL of kind int
	Per     At[time.Duration] `yaml:"per"`
	By      At[string]        `yaml:"by"` // identity unless given, or subject
}

// LimitDecls is one limit or a list of them.
type LimitDecls []LimitDecl

// DecodeNode implements Decodable.
func (l *LimitDecls) DecodeNode(d *Decoder, n *Node) {
	if n.Kind == Sequence {
		d.Into(n, (*[]LimitDecl)(l))
		d.wantSome(n)
		return
	}
	var one LimitDecl
	d.Into(n, &one)
	*l = append(*l, one)
}

func (l LimitDecls) pos() Pos {
	if len(l) == 0 {
		return Pos{}
	}
	return l[0].Pos
}

// Counted is what a limit counts.
type Counted uint8

// What limits count.
const (
	Objects Counted = iota // distinct ones
	Writes                 // targets whose action is neither read nor list
	Amounts                // the sum of what an expression says of each target
)

var countedNames = [...]string{"objects", "writes", "amount"}

func (k Counted) String() string { return countedNames[k] }

// Budget is a limit as a ledger knows it. Rule, Counts and Nth name it across
// versions of the rules: what was counted counts on when the rest of it changes.
type Budget struct {
	Rule      string
	Counts    Counted
	Nth       int   // among the rule's limits that count the same
	Most      int64 // above 0
	Per       time.Duration
	BySubject bool // each subject of an identity has one of its own
}

// String is the limit in words: 500 objects per 1h, by subject.
func (b *Budget) String() string {
	per := b.Per.String()
	if strings.HasSuffix(per, "m0s") {
		per = strings.TrimSuffix(per, "0s")
	}
	if strings.HasSuffix(per, "h0m") {
		per = strings.TrimSuffix(per, "0m")
	}
	what := b.Counts.String()
	if b.Counts == Amounts {
		what = "in amount"
	}
	text := fmt.Sprintf("%d %s per %s", b.Most, what, per)
	if b.BySubject {
		text += ", by subject"
	}
	return text
}

// limit is a compiled LimitDecl.
type limit struct {
	Budget
	of *amount // for one type; nil unless it counts amounts
}

// reading reports whether an action changes nothing, which decides what counts as a
// write. An action of the file's own may change anything.
func reading(action string) bool { return action == "read" || action == "list" }

// amount is a checked `of`.
type amount struct {
	says  string
	reads []variableRef
	value func(*facts) (int64, truth)
}

// condition is what an amount asks of a rule that counts it: that there is one, and
// that it gives nothing back.
func (a *amount) condition() condition {
	return condition{says: a.says, reads: a.reads, always: unknown, test: func(f *facts) truth {
		if f.supposed {
			return yes
		}
		n, got := a.value(f)
		if got == yes && n < 0 {
			return no
		}
		return got
	}}
}

// counts is what the entry counts, and how much of it.
func (d *LimitDecl) counts() (counts Counted, most At[int]) {
	switch {
	case d.Writes.given():
		return Writes, d.Writes
	case d.Amount.given():
		return Amounts, d.Amount
	}
	return Objects, d.Objects
}

// by is how the budget is divided.
func (d *LimitDecl) by() string { return cmp.Or(d.By.V, "identity") }
