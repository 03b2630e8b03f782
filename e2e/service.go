package e2e

import (
	"context"
	"regexp"
)

// Service is a server of others in a process of its own.
type Service struct {
	*Process
	Addr string // host:port
}

// StartService runs a program that listens on a port of its choice and says so in
// a line, "listening on HOST:PORT". What it says goes to a file in dir.
func StartService(ctx context.Context, name, dir, program string, args ...string) (*Service, error) {
	p, err := start(name, dir, program, args...)
	if err != nil {
		return nil, err
	}
	s := &Service{Process: p}
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	err = p.until(ctx, "its address", func() (bool, error) {
		if found := saysWhere.FindStringSubmatch(p.Log()); found != nil {
			s.Addr = found[1]
		}
		return s.Addr != "", nil
	})
	if err != nil {
		p.Kill()
		return nil, err
	}
	return s, nil
}

var saysWhere = regexp.MustCompile(`(?m)^listening on (\S+)$`)
