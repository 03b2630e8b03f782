package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Timeout bounds each step of a server's life: far above what any of them takes.
const Timeout = 60 * time.Second

// Password is what the superuser, named postgres, connects with over TCP.
const Password = "canary-5f1c-not-to-be-logged"

// settings make a server small and quick; nobody needs its data after a crash.
var settings = []string{
	"fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=60", "wal_level=replica", "max_wal_senders=4",
	"wal_keep_size=256MB", "hot_standby=on", "autovacuum=off", "log_min_messages=fatal", "password_encryption=scram-sha-256",
}

// Server is a running PostgreSQL.
type Server struct {
	bin, dir string // dir holds the data, the socket and the log
	port     int
	extra    []string

	process *os.Process
	ended   chan struct{}
}

// Private starts a server for a program that is no test; end stops it and removes
// what it kept.
func Private(ctx context.Context) (s *Server, end func() error, err error) {
	if s, err = create(ctx); err != nil {
		return nil, nil, err
	}
	return s, s.destroy, nil
}

// create makes a server's directories and starts it.
func create(ctx context.Context) (*Server, error) {
	bin, err := find(ctx)
	if err != nil {
		return nil, err
	}
	s, err := prepare(bin)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.initialize(ctx), s.start(ctx)); err != nil {
		return nil, errors.Join(err, s.destroy())
	}
	return s, nil
}

// prepare makes a directory that the server's user can reach, with programs that
// it can reach, too.
func prepare(bin string) (*Server, error) {
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, errors.Join(err, s.destroy())
	}
	if os.Geteuid() == 0 && !open(bin) {
		programs := filepath.Join(dir, "programs")
		tree := filepath.Dir(bin)
		if exec.Command("cp", "-al", tree, programs).Run() != nil {
			if out, err := exec.Command("cp", "-a", tree, programs).CombinedOutput(); err != nil {
				return nil, errors.Join(fmt.Errorf("copy %s: %w\n%s", tree, err, out), s.destroy())
			}
		}
		s.bin = filepath.Join(programs, filepath.Base(bin))
	}
	return s, nil
}

// open reports whether others than the owner get to a directory.
func open(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) initialize(ctx context.Context) error {
	secret := filepath.Join(s.dir, "password")
	if err := os.Mkdir(s.data(), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(secret, []byte(Password), 0o600); err != nil {
		return err
	}
	if err := give(s.dir); err != nil {
		return err
	}
	out, err := s.command(ctx, "initdb", "-D", s.data(), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
		"--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile", secret).CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, attributes()
	cmd.Env = []string{"LC_ALL=C.UTF-8", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	return cmd
}

// start starts the server on a port that is free now, and once more where
// somebody else was faster.
func (s *Server) start(ctx context.Context) error {
	var err error
	for range 3 {
		if s.port == 0 {
			if s.port, err = freePort(); err != nil {
				return err
			}
		}
		if err = s.run(ctx); err == nil {
			return nil
		}
		s.port = 0
	}
	return err
}

func (s *Server) run(ctx context.Context) error {
	args := []string{"-D", s.data(), "-k", s.dir, "-h", "127.0.0.1", "-p", strconv.Itoa(s.port)}
	for _, set := range append(settings, s.extra...) {
		args = append(args, "-c", set)
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()                                           //nolint:errcheck // the child has its own handle
	cmd := s.command(context.Background(), "postgres", args...) //nolint:contextcheck // it outlives the start
	cmd.Stdout, cmd.Stderr = log, log
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the server ends with the thread that started it: this one waits for it
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process, s.ended = cmd.Process, ended
	if err := s.ready(ctx); err != nil {
		s.quit(syscall.SIGQUIT)
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("start PostgreSQL: %w\n%s", err, text)
	}
	return nil
}

func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.Socket("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// quit ends the server with a signal, and waits until it is gone.
func (s *Server) quit(sig syscall.Signal) {
	if s.process == nil {
		return
	}
	_ = s.process.Signal(sig) // it may have ended
	select {
	case <-s.ended:
	case <-time.After(Timeout):
		_ = s.process.Kill()
		<-s.ended
	}
	s.process = nil
}

func (s *Server) destroy() error {
	s.quit(syscall.SIGQUIT)
	return os.RemoveAll(s.dir)
}

// DSN names a database over TCP, for a user with a password or "".
func (s *Server) DSN(user, password, database string) string {
	u := url.URL{Scheme: "postgres", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: database, User: url.User(user)}
	if password != "" {
		u.User = url.UserPassword(user, password)
	}
	return u.String()
}

// Socket names a database for the superuser, over the server's own socket.
func (s *Server) Socket(database string) string {
	return fmt.Sprintf("postgres://postgres@/%s?host=%s&port=%d", database, url.QueryEscape(s.dir), s.port)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
	if err != nil {
		return 0, err
	}
	defer l.Close() //nolint:errcheck // nobody connected
	return l.Addr().(*net.TCPAddr).Port, nil
}
