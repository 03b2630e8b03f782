//go:build unix

package extauthz

import (
	"io/fs"
	"os"
	"syscall"
)

// owned says whether a file belongs to the user we run as.
func owned(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}
