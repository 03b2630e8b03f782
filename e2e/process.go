package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// errEnded stands for exit code 0.
var errEnded = errors.New("exit status 0")

// Grace is how long a process may take to end after SIGTERM before it is killed.
const Grace = 15 * time.Second

// Process is a child that writes what it says to a file.
type Process struct {
	name string
	log  string // path
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // how it ended; read after done
}

// start runs a program that ends, at the latest, when this process does.
func start(name, dir, program string, args ...string) (*Process, error) {
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer log.Close() //nolint:errcheck // the child has its own handle
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = endWithParent()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &Process{name: name, log: log.Name(), cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.err = cmd.Wait()
	}()
	return p, nil
}

// Pid is the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal sends sig and does not wait.
func (p *Process) Signal(sig os.Signal) error { return p.cmd.Process.Signal(sig) }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop asks the process to end, waits for it, and kills it after Grace. The
// error is how it ended: nil for exit code 0, or for a death by the signal.
func (p *Process) Stop() error {
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	select {
	case <-p.done:
	case <-time.After(Grace):
		p.Kill()
		return fmt.Errorf("%s did not end within %v of SIGTERM:\n%s", p.name, Grace, p.tail())
	}
	exit, ok := errors.AsType[*exec.ExitError](p.err)
	if ok && exit.Sys().(syscall.WaitStatus).Signaled() { //nolint:forcetypeassert // always so on Unix
		return nil
	}
	return p.err
}

// Kill ends the process at once, without giving it a say.
func (p *Process) Kill() {
	p.cmd.Process.Kill() //nolint:errcheck // it has ended already
	<-p.done
}

// Log returns what the process has said so far.
func (p *Process) Log() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// tail is the end of the log, for messages.
func (p *Process) tail() string {
	lines := strings.Split(strings.TrimSpace(p.Log()), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-15):], "\n  ")
}

// until polls ready every few milliseconds until it is true. It gives up when
// ctx ends, when the process has ended, or when ready returns an error.
func (p *Process) until(ctx context.Context, what string, ready func() (bool, error)) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := ready()
		if err != nil {
			return fmt.Errorf("%s: %s: %w", p.name, what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.done:
			return fmt.Errorf("%s ended before %s: %w\n%s", p.name, what, cmp.Or(p.err, errEnded), p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s: waiting for %s: %w\n%s", p.name, what, context.Cause(ctx), p.tail())
		}
	}
}
