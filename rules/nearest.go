package rules

// nearest keeps what explains a denial: the first rule that lacks only a
// demand, else the first whose condition erred, else the one that got furthest.
type nearest struct {
	demandReason Reason
	demanded     *Require // of the rule whose demand that is
	failReason   Reason

	by     *clause
	rank   int // how near by is; higher wins, of equals the first
	key    string
	missed string // behind the key: joined only for the rule that is named in the end
}

const (
	failRank   = 10
	demandRank = 20
)

// fail notes a rule whose condition errs.
func (n *nearest) fail(c *clause, why Reason, what string) {
	if n.failReason == "" {
		n.failReason = why
	}
	n.offer(c, failRank, what)
}

// demand notes a rule that lacks nothing but a purpose or what it requires.
func (n *nearest) demand(c *clause, why Reason, key, what string) {
	if n.demandReason == "" {
		n.demandReason, n.demanded = why, &c.require
	}
	if n.offer(c, demandRank, what) {
		n.key = key
	}
}

// offer notes a rule that does not apply, if none got further: the higher rank did.
func (n *nearest) offer(c *clause, rank int, what string) (noted bool) {
	if n.by != nil && rank <= n.rank {
		return false
	}
	n.by, n.rank, n.key, n.missed = c, rank, "", what
	return true
}

func (n *nearest) explain(v *Verdict) {
	if n.by != nil {
		v.Rule, v.Pos, v.Missing = n.by.decl.ID.V, n.by.decl.Pos, n.key+n.missed
	}
}
