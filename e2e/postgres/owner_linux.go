package postgres

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// nobody is the user and group that a server runs as where the tests run as
// root, whom PostgreSQL refuses.
const nobody = 65534

// attributes let the server end with the thread that started it, and run as
// nobody where that is needed.
func attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() == 0 {
		a.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return a
}

// give hands a directory and what is in it to the user that the server runs as.
func give(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	})
}
