package e2e

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// AlwaysYes is a running Check server that allows everything: what a Check costs
// before anything is decided.
type AlwaysYes struct {
	*Process
	GRPC string // host:port
}

// StartAlwaysYes runs program with args and the path of a file into which it
// MUST write the address that it listens on.
func StartAlwaysYes(ctx context.Context, dir, program string, args ...string) (*AlwaysYes, error) {
	file := filepath.Join(dir, "always-yes.address")
	p, err := start("always-yes", dir, program, append(args, file)...)
	if err != nil {
		return nil, err
	}
	a := &AlwaysYes{Process: p}
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	err = p.until(ctx, "its address", func() (bool, error) {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) || len(text) == 0 {
			return false, nil
		}
		a.GRPC = string(text)
		return err == nil, err
	})
	if err != nil {
		p.Kill()
		return nil, err
	}
	return a, nil
}
