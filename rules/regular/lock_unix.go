//go:build unix

package regular

import (
	"errors"
	"os"
	"syscall"
)

// Lock takes an open file or directory for this process, or returns ErrLocked where
// another one has it; the system frees it when the file is closed.
func Lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}
