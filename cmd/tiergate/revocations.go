package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tiergate/tiergate/extauthz"
	"github.com/tiergate/tiergate/extauthz/revocation"
	"github.com/tiergate/tiergate/rules"
)

// openRevocations reads what is revoked: the file that the configuration names,
// and what the control listeners have put into the state directory. It fails
// rather than leave out what it cannot read. Only a server that takes changes
// opens the store to write.
func (c *config) openRevocations(log *slog.Logger, server bool) (*revocation.List, func() error, error) {
	nothing := func() error { return nil }
	var file *revocation.File
	var errs []error
	if f := c.Revocations.File; f.V != "" {
		var err error
		file, err = revocation.OpenFile(revocation.FileOptions{Path: c.path(f.V), Issuers: c.hasIssuer, Log: log})
		errs = append(errs, err)
	}
	dir := c.path(c.StateDir.V)
	if dir == "" {
		return revocation.New(nil, file, time.Now), nothing, errors.Join(errs...)
	}
	store, err := revocation.OpenJournal(revocation.JournalOptions{Dir: dir, Log: log, ReadOnly: !server || !c.takesChanges()})
	errs = append(errs, err)
	if err := errors.Join(errs...); err != nil {
		if store != nil {
			err = errors.Join(err, store.Close())
		}
		return nil, nothing, err
	}
	return revocation.New(store, file, time.Now), store.Close, nil
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
	api := &revocation.Control{List: s.parts.revoked, Issuers: c.hasIssuer, Identities: s.hasIdentity, Log: s.log}
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
	return slices.ContainsFunc(s.live.Current().Set().Identities(), func(i *rules.Identity) bool { return i.Name == name })
}

// revocations are what metrics show.
func (s *service) revocations() extauthz.Revocations {
	st := s.parts.revoked.Stats()
	r := extauthz.Revocations{Entries: map[string]int{}, Epoch: st.Epoch, Changed: st.Changed, Failures: st.Failures}
	for form, n := range st.Entries {
		r.Entries[form.String()] = n
	}
	return r
}
