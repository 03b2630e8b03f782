package e2e

import "syscall"

// endWithParent has the kernel kill the child when this process dies, however
// it dies. The child does not see the terminal's Ctrl-C: its parent stops it.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
