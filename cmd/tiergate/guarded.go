package main

import (
	"fmt"
	"runtime/debug"
)

// guarded runs a part of the server; a panic in it becomes an error that ends
// the process in order.
func guarded(name string, run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic: %v\n%s", name, p, debug.Stack())
		}
	}()
	if err := run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
