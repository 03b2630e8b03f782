package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tiergate/tiergate/extauthz"
	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

// startable reports what of the files and directories that are named would keep a
// server from starting here, or from ever reading its keys. It looks and changes nothing.
func (c *config) startable() (ms rules.Mistakes) {
	for i := range c.Listen.GRPC {
		c.startableTLS(c.Listen.GRPC[i].TLS, &ms)
	}
	c.startableTLS(c.Control.TLS, &ms)
	if s := c.StateDir; s.V != "" {
		if err := stateDir(c.path(s.V)); err != nil {
			ms.Add(s.Pos, "state_dir: %v", err)
		}
	}
	if s := c.Control.Socket; s.V != "" {
		if err := controlSocket(c.socket()); err != nil {
			ms.Add(s.Pos, "control.socket: %v", err)
		}
	}
	if f := c.Audit.File; f.V != "" && f.V != standardOutput {
		if err := auditFile(c.path(f.V)); err != nil {
			ms.Add(f.Pos, "audit.file: %v", err)
		}
	}
	for i := range c.Issuers {
		f := c.Issuers[i].JWKS.File
		if f.V == "" {
			continue
		}
		// One that is not there yet is only a warning: the server waits for it.
		if err := opens(c.path(f.V)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			ms.Add(f.Pos, "jwks.file: %v", err)
		}
	}
	return ms
}

func (c *config) startableTLS(t *tlsConfig, ms *rules.Mistakes) {
	if t == nil {
		return
	}
	said := len(*ms)
	for _, f := range []rules.At[string]{t.Cert, t.Key, t.ClientCA} {
		if err := opens(c.path(f.V)); err != nil {
			ms.Add(f.Pos, "tls: %v", err)
		}
	}
	if len(*ms) > said {
		return
	}
	if err := c.tls(t).Check(); err != nil {
		ms.Add(t.Cert.Pos, "tls: %v", err)
	}
}

// together adds to mistakes what ended a load: more of them, or one error, which
// is told only where there is nothing with a place to tell.
func together(ms rules.Mistakes, err error) error {
	var more rules.Mistakes
	if !errors.As(err, &more) && len(ms) == 0 {
		return err
	}
	return append(ms, more...).Err()
}

func opens(path string) error {
	f, err := regular.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// stateDir returns why a server could not keep its state in a directory, which it
// makes if it must, or not take up the key that is kept there.
func stateDir(path string) error {
	if _, err := os.Stat(filepath.Join(path, audit.KeyName)); err == nil {
		if _, err := audit.LoadKey(path); err != nil {
			return err
		}
	}
	return canBeMade(path)
}

// controlSocket returns why operators could not be heard on a socket. One on which
// somebody listens now is not looked at: it may be the server that runs already.
func controlSocket(path string) error {
	err := extauthz.CheckSocket(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return canBeMade(filepath.Dir(path))
}

// canBeMade returns why a directory, or what is missing above it, could not be
// made, or no file in it.
func canBeMade(path string) error {
	info, err := os.Stat(path)
	for errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path {
		path = filepath.Dir(path)
		info, err = os.Stat(path)
	}
	return holdsFiles(path, info, err)
}

// holdsFiles returns why no file can be made in what should be a directory.
func holdsFiles(path string, info fs.FileInfo, err error) error {
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is %s, not a directory", path, regular.Kind(info.Mode()))
	}
	return writable(path)
}

// auditFile returns why the decision log could not be written.
func auditFile(path string) error {
	if err := audit.CheckFile(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	return holdsFiles(dir, info, err)
}
