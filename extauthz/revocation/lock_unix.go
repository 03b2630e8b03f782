//go:build unix

package revocation

import (
	"errors"
	"os"
	"syscall"
)

// lock takes a file or directory for this process, or returns errHeld; the system frees it when the file is closed.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errHeld
	}
	return err
}
