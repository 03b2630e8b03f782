//go:build !unix

package regular

import "os"

// Lock does nothing where the system has no advisory locks.
func Lock(*os.File) error { return nil }
