package extauthz

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/rules"
)

// Checker decides one request. Check MUST return before ctx ends, MUST NOT keep
// raw, and gives the outcome away. A nil outcome is denied as internal.
type Checker interface {
	Check(ctx context.Context, raw *rules.RawRequest) *rules.Outcome
}

// Recorder takes the record of each answer. Neither method may wait for a disk.
type Recorder interface {
	// Available returns an error when answers must not go out without a record
	// and a record cannot be taken now.
	Available() error
	// Record MUST NOT keep r. Its error turns an allow into a denial.
	Record(r *audit.Record) error
}

// Hasher replaces sensitive values in records.
type Hasher interface{ Hash(v any) string }

// Options are what a Server is made of. No field may be zero unless it says so.
type Options struct {
	Checker Checker
	Audit   Recorder
	Hasher  Hasher
	Metrics *Metrics
	Log     *slog.Logger
	Now     func() time.Time // nil is time.Now

	Listeners []Listener
	Admin     Admin
	Control   Control
	Limits    Limits

	Challenges Challenges // what a denial says about credentials

	Managed      []string      // headers we own besides x-tiergate-*; lower-case; may be empty
	ExposeReason bool          // denied bodies name the reason
	Config       string        // hash of the configuration, for records; may be ""
	Deadline     time.Duration // of one Check, at most; 0.8 of what the proxy leaves when that is less
	InFlight     int           // Checks at one time; the next is denied at once
	DrainWait    time.Duration // from NOT_SERVING to closing; may be 0
	DrainTimeout time.Duration // for Checks in flight, from closing on
}

// Listener is one address that answers Checks.
type Listener struct {
	Address string   // host:port, or unix:/path
	Serves  []string // canonical host names, at least one
	TLS     *TLS     // nil for plaintext, on loopback and Unix sockets only
}

// Limits bound what one proxy can take.
type Limits struct {
	Connections    int           // open at one time, a listener
	Streams        uint32        // Checks at one time, a connection
	HeaderList     uint32        // bytes of one call's own headers
	Message        int           // bytes of one CheckRequest; a larger one is denied, up to 8 times this
	Handshake      time.Duration // from accept to the first call's readiness
	ConnectionAge  time.Duration // after which a connection is asked to come anew
	ConnectionWait time.Duration // for its calls to end
	PingInterval   time.Duration // pings of a proxy that come faster end its connection
}

// DefaultLimits fit a proxy that opens one connection a worker.
func DefaultLimits() Limits {
	return Limits{
		Connections:    1024,
		Streams:        4096,
		HeaderList:     16 << 10,
		Message:        8 << 20,
		Handshake:      5 * time.Second,
		ConnectionAge:  30 * time.Minute,
		ConnectionWait: 30 * time.Second,
		PingInterval:   5 * time.Second,
	}
}

// check returns every fault of the options, by name.
func (o *Options) check() error {
	var errs []error
	bad := func(when bool, format string, args ...any) {
		if when {
			errs = append(errs, fmt.Errorf("extauthz: Options."+format, args...))
		}
	}
	bad(o.Checker == nil, "Checker is nil")
	bad(o.Audit == nil, "Audit is nil")
	bad(o.Hasher == nil, "Hasher is nil")
	bad(o.Metrics == nil, "Metrics is nil")
	bad(o.Log == nil, "Log is nil")
	bad(len(o.Listeners) == 0, "Listeners is empty, want at least one")
	bad(o.Deadline <= 0, "Deadline is %v, want more than 0", o.Deadline)
	bad(o.InFlight <= 0, "InFlight is %d, want more than 0", o.InFlight)
	bad(o.DrainWait < 0, "DrainWait is %v, want 0 or more", o.DrainWait)
	bad(o.DrainTimeout <= 0, "DrainTimeout is %v, want more than 0", o.DrainTimeout)
	for _, name := range o.Managed {
		if err := manageable(name); err != nil {
			bad(true, "Managed: %v", err)
		}
	}
	for _, err := range []error{o.Limits.check(), o.Admin.check(), o.Control.check(), o.Challenges.check()} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	for i := range o.Listeners {
		errs = append(errs, o.Listeners[i].check())
	}
	return errors.Join(errs...)
}

func (l *Limits) check() error {
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"Connections", l.Connections > 0},
		{"Streams", l.Streams > 0},
		{"HeaderList", l.HeaderList > 0},
		{"Message", l.Message > 0},
		{"Handshake", l.Handshake > 0},
		{"ConnectionAge", l.ConnectionAge > 0},
		{"ConnectionWait", l.ConnectionWait > 0},
		{"PingInterval", l.PingInterval > 0},
	} {
		if !f.ok {
			return fmt.Errorf("extauthz: Options.Limits.%s is not more than 0", f.name)
		}
	}
	return nil
}

func (l *Listener) check() error {
	if len(l.Serves) == 0 {
		return fmt.Errorf("extauthz: listener %q serves no host", l.Address)
	}
	if l.TLS != nil {
		return l.TLS.check(l.Address)
	}
	if !local(l.Address) {
		return fmt.Errorf("extauthz: listener %q is off loopback, want TLS with a client CA and allowed client SANs", l.Address)
	}
	return nil
}

// manageable says why a header cannot be ours: rules must never set what frames
// the request, routes it, or belongs to the proxy.
func manageable(name string) error {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return fmt.Errorf("header %q: want lower-case letters, digits and -", name)
		}
	}
	switch {
	case name == "":
		return errors.New("a header without a name")
	case rules.NeverSettable(name):
		return fmt.Errorf("header %q frames or routes the request, or belongs to the proxy, and cannot be set", name)
	case strings.HasPrefix(name, ownPrefix):
		return fmt.Errorf("header %q: names that start with %s are taken", name, ownPrefix)
	}
	return nil
}
