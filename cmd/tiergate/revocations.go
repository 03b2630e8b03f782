package main

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tiergate/tiergate/extauthz"
	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/extauthz/revocation"
	"github.com/tiergate/tiergate/rules"
)

// journalUse says what a verb does with the revocations of the state directory.
type journalUse uint8

const (
	noJournal   journalUse = iota // it decides nothing
	readJournal                   // it decides as the server does
	ownJournal                    // it is the server, which writes where it takes changes
)

// openRevocations reads what is revoked: the file that the configuration names,
// and what the control listeners have put into the state directory. It fails
// rather than leave out what it cannot read.
func (c *config) openRevocations(log *slog.Logger, use journalUse) (*revocation.List, *revocation.File, func() error, error) {
	nothing := func() error { return nil }
	var file *revocation.File
	if f := c.Revocations.File; f.V != "" {
		var err error
		if file, err = revocation.OpenFile(revocation.FileOptions{
			Path: c.path(f.V), Issuers: c.hasIssuer, StateDir: c.path(c.StateDir.V), Serves: use == ownJournal, Log: log,
		}); err != nil {
			return nil, nil, nothing, err
		}
	}
	dir := c.path(c.StateDir.V)
	if dir == "" || use == noJournal {
		return revocation.New(nil, file, time.Now), file, nothing, nil
	}
	store, err := revocation.OpenJournal(revocation.JournalOptions{Dir: dir, Log: log, ReadOnly: use == readJournal || !c.takesChanges()})
	if err != nil {
		return nil, nil, nothing, err
	}
	return revocation.New(store, file, time.Now), file, store.Close, nil
}

func (c *config) takesChanges() bool { return c.Control.Socket.V != "" || c.Control.Address.V != "" }

func (c *config) hasIssuer(name string) bool {
	return slices.ContainsFunc(c.Issuers, func(i issuerConfig) bool { return i.Name.V == name })
}

// control is where this server takes changes; nowhere unless the configuration says so.
func (s *service) control(c *config) extauthz.Control {
	if !c.takesChanges() {
		return extauthz.Control{}
	}
	api := &revocation.Control{List: s.parts.revoked, Names: s.names(), Log: s.log}
	o := extauthz.Control{Socket: c.socket(), Address: c.Control.Address.V, Handler: api.ServeFor}
	if c.Control.TLS != nil {
		o.TLS = c.tls(c.Control.TLS)
	}
	return o
}

// socket is the absolute path of the control socket, "" for none.
func (c *config) socket() string {
	path := c.path(c.Control.Socket.V)
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	if dir, err := os.Getwd(); err == nil {
		return filepath.Join(dir, path)
	}
	return path // which the listener refuses
}

// hasIdentity asks the rules in force.
func (s *service) hasIdentity(name string) bool {
	return hasIdentity(s.live.Current())(name)
}

func hasIdentity(p *policy.Policy) func(name string) bool {
	all := make(map[string]bool, len(p.Set().Identities()))
	for _, i := range p.Set().Identities() {
		all[i.Name] = true
	}
	return func(name string) bool { return all[name] }
}

// names are those that revocations can go by under a version of the rules.
func (c *config) names(p *policy.Policy) revocation.Names {
	return revocation.Names{
		Issuers: c.hasIssuer, Identities: hasIdentity(p),
		IssuersMean: c.issuersMean, IdentitiesMean: func() map[string]string { return c.identitiesMean(p) },
	}
}

// names are those of the rules in force, whichever they are when somebody asks.
func (s *service) names() revocation.Names {
	return revocation.Names{
		Issuers: s.parts.config.hasIssuer, Identities: s.hasIdentity,
		IssuersMean: s.parts.config.issuersMean, IdentitiesMean: func() map[string]string { return s.parts.config.identitiesMean(s.live.Current()) },
	}
}

// uselessRevocations are mistakes for what of the journal stops nobody under a version
// of the rules, and for a journal that no server would start on. It only looks.
func (c *config) uselessRevocations(p *policy.Policy) (bad, odd rules.Mistakes) {
	dir := c.StateDir
	info, err := os.Stat(c.path(dir.V))
	if dir.V == "" || err == nil && !info.IsDir() || err != nil && !errors.Is(err, fs.ErrPermission) {
		return nil, nil // there are none, or it is no directory, which startable says
	}
	store, err := revocation.OpenJournal(revocation.JournalOptions{Dir: c.path(dir.V), Log: slog.New(slog.DiscardHandler), ReadOnly: true})
	switch {
	case errors.Is(err, fs.ErrPermission):
		odd.Add(dir.Pos, "state_dir: the revocations in it were not checked: %v", err)
		return nil, odd
	case err != nil:
		bad.Add(dir.Pos, "state_dir: %v", err)
		return bad, nil
	}
	list := revocation.New(store, nil, time.Now)
	list.Compare(c.names(p), nil)
	vain := list.Vain()
	for _, e := range vain[:min(len(vain), maxUseless)] {
		mistaken(&bad, dir.Pos, &e, `"tiergate revocations restore `+e.ID+`"`)
	}
	if more := len(vain) - maxUseless; more > 0 {
		bad.Add(dir.Pos, "%d more revocations stop nobody, or go by a name that means another now", more)
	}
	return bad, nil
}

// mistaken adds a mistake for an entry whose name means nobody, or somebody else.
func mistaken(ms *rules.Mistakes, at rules.Pos, e *revocation.Listed, takeBack string) {
	hint := "give the name back, or revoke again under the new one and then " + takeBack
	if e.StopsNobody != "" {
		ms.AddHint(at, hint, "revocation %q, %v, stops nobody: %s", e.ID, &e.By, e.StopsNobody)
		return
	}
	ms.AddHint(at, hint, "revocation %q, %v, goes by a name that moved: %s", e.ID, &e.By, e.NameMoved)
}

// maxUseless is how many revocations that are mistaken are told one by one.
const maxUseless = 20

// revocations are what metrics show.
func (s *service) revocations() extauthz.Revocations {
	st := s.parts.revoked.Stats()
	r := extauthz.Revocations{Entries: map[string]int{}, Epoch: st.Epoch, Changed: st.Changed, Failures: st.Failures}
	r.Vain, r.Tampered, r.Lost = st.Vain, st.Tampered, st.Lost
	for form, n := range st.Entries {
		r.Entries[form.String()] = n
	}
	return r
}
