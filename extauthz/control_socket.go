package extauthz

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// maxSocketPath is what the address of a Unix socket can hold, on the system where it is least.
const maxSocketPath = 103

// socketPoll is how often the control socket is looked for at its path.
const socketPoll = 2 * time.Second

// socket listens at a path and does so again when something else is there: what
// is removed, or moved with its directory, can be heard no longer, and nobody who
// wants to revoke would know before.
type socket struct {
	path string
	log  *slog.Logger
	lost prometheus.Gauge // 1 while the path does not lead to us

	mu     sync.Mutex // guards what follows
	now    *net.UnixListener
	file   fs.FileInfo // of now
	closed bool

	said string // why it was lost, when that was logged last; of look alone
}

func openSocket(path string, log *slog.Logger, lost prometheus.Gauge) (*socket, error) {
	l, file, err := listenPrivate(path)
	if err != nil {
		return nil, err
	}
	return &socket{path: path, log: log, lost: lost, now: l, file: file}, nil
}

// Accept implements net.Listener.
func (s *socket) Accept() (net.Conn, error) {
	for {
		s.mu.Lock()
		l := s.now
		s.mu.Unlock()
		c, err := l.Accept()
		if err == nil {
			return c, nil
		}
		s.mu.Lock()
		replaced := l != s.now
		s.mu.Unlock()
		if !replaced {
			return nil, err
		}
	}
}

// Addr implements net.Listener.
func (s *socket) Addr() net.Addr { return &net.UnixAddr{Name: s.path, Net: "unix"} }

// Close implements net.Listener. What stands at the path goes with it when it is ours.
func (s *socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.closed = true
	return discard(s.now, s.path, s.file)
}

// watch looks at the path until ctx ends.
func (s *socket) watch(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.look()
		}
	}
}

// look listens anew where the path does not lead to us any more. As long as that
// fails, the old socket is heard wherever it was moved to.
func (s *socket) look() {
	s.mu.Lock()
	file, closed := s.file, s.closed
	s.mu.Unlock()
	why := misplaced(s.path, file)
	if closed || why == nil {
		return
	}
	if s.said == "" {
		s.tell(why)
	}
	l, file, err := listenPrivate(s.path)
	if err != nil {
		s.tell(err)
		return
	}
	if !s.replace(l, file) {
		return
	}
	s.said = ""
	s.lost.Set(0)
	s.log.Info("control socket is ours again", slog.String("socket", s.path))
}

// tell logs why operators are not heard, once for each cause.
func (s *socket) tell(why error) {
	s.lost.Set(1)
	if s.said == why.Error() {
		return
	}
	s.said = why.Error()
	s.log.Error("control socket lost, nobody can revoke through it", slog.String("socket", s.path), slog.String("error", s.said))
}

// replace takes a listener for the one that was; not once the socket is closed.
func (s *socket) replace(l *net.UnixListener, file fs.FileInfo) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		discard(l, s.path, file) //nolint:errcheck // it was never used
		return false
	}
	old := s.now
	s.now, s.file = l, file
	old.Close() //nolint:errcheck // nobody reaches it by its path
	return true
}

// misplaced returns why a path does not lead to a file of ours, nil when it does.
// The system gives the number of our file to no other one while we listen on it.
func misplaced(path string, ours fs.FileInfo) error {
	there, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("it is not there any more")
	case err != nil:
		return err
	case !os.SameFile(there, ours):
		return errors.New("something else is in its place")
	}
	return nil
}

// discard ends a listener and removes its file, if that is still what is there.
func discard(l *net.UnixListener, path string, file fs.FileInfo) error {
	if misplaced(path, file) == nil {
		os.Remove(path) //nolint:errcheck // the next start replaces what a dead process left
	}
	return l.Close()
}

// listenPrivate binds a socket that only our own user can reach, and returns its
// file. Closing the listener leaves the file where it is.
func listenPrivate(path string) (*net.UnixListener, fs.FileInfo, error) {
	if err := CheckSocket(path); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, nil, err
		}
	}
	if err := CheckSocket(path); err != nil {
		return nil, nil, err
	}
	if err := removeStale(path); err != nil {
		return nil, nil, fmt.Errorf("socket %s: %w", path, err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, nil, err
	}
	l.SetUnlinkOnClose(false) // which would go by the path, whoever's file is there then
	err = os.Chmod(path, 0o600)
	file, lost := os.Lstat(path)
	if err := errors.Join(err, lost); err != nil {
		l.Close() //nolint:errcheck // it was never used
		return nil, nil, err
	}
	return l, file, nil
}

// CheckSocket returns why no control socket could be bound at a path, whoever
// answers there now, and changes nothing. Its directory has to be ours alone: who
// can write there could put another socket in its place, and be told what was to
// be revoked. One that is not there yet, and would be made, is fs.ErrNotExist.
func CheckSocket(path string) error {
	if len(path) > maxSocketPath {
		return fmt.Errorf("socket %s: the path has %d bytes, a socket's can have %d", path, len(path), maxSocketPath)
	}
	info, err := os.Stat(filepath.Dir(path))
	switch {
	case err != nil:
		return fmt.Errorf("socket %s: %w", path, err)
	case !info.IsDir():
		return fmt.Errorf("socket %s: what should be its directory is a file", path)
	case info.Mode().Perm()&0o077 != 0 || !owned(info):
		return fmt.Errorf("socket %s: its directory has mode %04o, want one of our own with 0700", path, info.Mode().Perm())
	}
	there, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("socket %s: %w", path, err)
	case !owned(there):
		return fmt.Errorf("socket %s: it is there already and not ours", path)
	case there.Mode().Type() != os.ModeSocket:
		return fmt.Errorf("socket %s: the path is there already and is not a socket", path)
	}
	return nil
}
