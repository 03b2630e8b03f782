//go:build !linux

package postgres

import "syscall"

// attributes are the usual ones: PostgreSQL refuses to run as root, and says so.
func attributes() *syscall.SysProcAttr { return nil }

func give(string) error { return nil }
