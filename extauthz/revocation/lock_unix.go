//go:build unix

package revocation

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the store for this process; the system frees it when the file is closed.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errors.New("another process writes the revocations of this state_dir")
	}
	return err
}
