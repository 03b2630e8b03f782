//go:build !linux

package load

import (
	"errors"
	"time"
)

// CPU is not known here.
func CPU(int) (time.Duration, error) {
	return 0, errors.New("load: the processor time of another process can be read on Linux only")
}
