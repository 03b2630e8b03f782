package main

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"

	"github.com/tiergate/tiergate/extauthz"
	"github.com/tiergate/tiergate/extauthz/budget"
	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// openBudgets opens what limited rules have allowed, for who serves. Others decide as
// if nothing had been.
func (c *config) openBudgets(log *slog.Logger, use journalUse) (*budget.Ledger, error) {
	if use != ownJournal {
		return nil, nil //nolint:nilnil // nobody else has one
	}
	return budget.Open(c.path(c.StateDir.V), log)
}

// forgottenBudgets are limits that a restart takes back, and a journal of budgets that
// no server would start on. It only looks.
func (c *config) forgottenBudgets(p *policy.Policy) (bad, odd rules.Mistakes) {
	if dir := c.StateDir; dir.V != "" {
		info, err := os.Stat(c.path(dir.V))
		if err == nil && !info.IsDir() || err != nil && !errors.Is(err, fs.ErrPermission) {
			return nil, nil // there are none, or it is no directory, which startable says
		}
		switch err := budget.Check(c.path(dir.V)); {
		case errors.Is(err, fs.ErrPermission):
			odd.Add(dir.Pos, "state_dir: the budgets in it were not checked: %v", err)
		case err != nil:
			bad.Add(dir.Pos, "state_dir: %v", err)
		}
		return bad, odd
	}
	for _, r := range p.Set().RulesWith(func(d *rules.RuleDecl) bool { return len(d.Limit) > 0 }) {
		odd.AddHint(r.Limits[0].Pos, "give the server a state_dir", "a restart forgets what the rule has allowed: there is no state_dir")
	}
	return nil, odd
}

// budgets are what metrics show.
func (s *service) budgets() extauthz.Budgets {
	st := s.parts.budgets.Stats()
	return extauthz.Budgets{Accounts: st.Accounts, Entries: st.Entries, Charged: st.Charged, Exceeded: st.Exceeded, Failed: st.Failed}
}
