package load

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// CPU is the time that a process has spent on processors, all its threads
// together, to the nanosecond.
func CPU(pid int) (time.Duration, error) {
	clock := int32(^pid<<3 | 2) // the kernel's name of a process's own clock, CPUCLOCK_SCHED
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, fmt.Errorf("load: the processor time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}
