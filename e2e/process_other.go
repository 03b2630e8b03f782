//go:build !linux

package e2e

import "syscall"

// endWithParent leaves the child in the terminal's process group, so that
// Ctrl-C ends it too; only Linux can tie it to its parent's life.
func endWithParent() *syscall.SysProcAttr { return nil }
