package postgres

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Options make a Source. DSN and Types have no default.
type Options struct {
	DSN          string        // of the primary: a URL or "key=value …", without a password
	Replica      string        // the DSN of read replicas; "" reads from the primary
	Dir          string        // of the files that a DSN names relatively (sslrootcert, sslcert, sslkey, passfile); "": the process's own
	PasswordFile string        // holds the password, and is read for each connection; "": $PGPASSWORD or ~/.pgpass
	Plaintext    bool          // lets connections leave the machine without proof of who answers
	MaxLag       time.Duration // how far a replica's rows may be behind the primary; 5 s
	Timeout      time.Duration // of one Lookup; 1 s
	Pool         int           // connections to each server; 16
	Outbox       bool          // the primary has the tables that Outbox makes: Watch tells changes
	Heartbeat    time.Duration // a change is told, or Lost, within two of them; 1 s
	Types        map[string]Type
	Log          *slog.Logger // silent by default
}

// Type says where the rows of a type are: a Table or a Query.
type Type struct {
	Table   string            // "accounts" or "bank.accounts", spelled exactly
	ID      []string          // column of the id; several for ids such as owner/repo; "id"
	Tier    string            // column of the tier; "": the table has no place for it
	Parent  string            // column of the parent's id, or ""
	Columns map[string]string // column by attribute

	// Query is a SELECT whose one parameter $1 is an array of ids. Its column "id"
	// is the id; "tier" and "parent" are what they say; all others are attributes.
	Query string
	// List is a SELECT of the same columns for all rows, in the order of the id. A
	// type with a Query and no List cannot be listed.
	List string
}

const (
	defaultMaxLag    = 5 * time.Second
	defaultTimeout   = time.Second
	defaultPool      = 16
	defaultHeartbeat = time.Second
)

// withDefaults returns the options as they are used, or every mistake in them.
func (o Options) withDefaults() (Options, error) {
	o.MaxLag = orDefault(o.MaxLag, defaultMaxLag)
	o.Timeout = orDefault(o.Timeout, defaultTimeout)
	o.Pool = orDefault(o.Pool, defaultPool)
	o.Heartbeat = orDefault(o.Heartbeat, defaultHeartbeat)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.DSN == "" {
		add("the dsn is missing")
	}
	if o.Timeout < time.Millisecond || o.Heartbeat < time.Millisecond || o.Pool < 1 || o.Pool > 1000 {
		add("timeout %v and heartbeat %v want 1ms or more, pool %d wants 1 to 1000", o.Timeout, o.Heartbeat, o.Pool)
	}
	if o.Replica != "" && o.MaxLag < 2*o.Heartbeat {
		add("max_lag %v wants two heartbeats (%v) or more: the primary's position is known that often", o.MaxLag, 2*o.Heartbeat)
	}
	if len(o.Types) == 0 {
		add("no types: say where the rows of each type are")
	}
	for _, name := range slices.Sorted(maps.Keys(o.Types)) {
		if err := o.Types[name].check(); err != nil {
			add("type %s: %w", name, err)
		}
	}
	return o, errors.Join(errs...)
}

// ErrDSN means that a DSN is not what it must be. It may be one with a password in
// it: whoever reports it shows nothing of the DSN.
var ErrDSN = errors.New("dsn")

// Check returns every mistake that can be seen without a connection.
func (o Options) Check() error {
	_, _, _, err := o.resolve()
	return err
}

// resolve returns the options as they are used, with what connects to the primary
// and to replicas, nil without any.
func (o Options) resolve() (used Options, primary, replica *pgxpool.Config, err error) {
	if o, err = o.withDefaults(); err != nil {
		return o, nil, nil, fmt.Errorf("postgres: %w", err)
	}
	if primary, err = parse(&o, o.DSN, pgconn.ValidateConnectTargetSessionAttrsPrimary); err != nil {
		return o, nil, nil, fmt.Errorf("postgres: %w: %w", ErrDSN, err)
	}
	if o.Replica != "" {
		if replica, err = parse(&o, o.Replica, pgconn.ValidateConnectTargetSessionAttrsStandby); err != nil {
			return o, nil, nil, fmt.Errorf("postgres: replica: %w: %w", ErrDSN, err)
		}
	}
	return o, primary, replica, nil
}

// builtIn are the columns that say what a row is; no attribute has such a name.
var builtIn = []string{"id", "type", "tier", "parent"}

func (t Type) check() error {
	mapped := t.Table != "" || len(t.ID) > 0 || t.Tier != "" || t.Parent != "" || len(t.Columns) > 0
	switch {
	case t.Query != "" && mapped:
		return errors.New("either a table with its columns, or a query, not both")
	case t.Query != "":
		return nil
	case t.List != "":
		return errors.New("list stands beside a query; a table lists itself")
	case t.Table == "":
		return errors.New("neither a table nor a query")
	case strings.Count(t.Table, ".") > 1 || slices.Contains(strings.Split(t.Table, "."), ""):
		return fmt.Errorf("table %q is neither NAME nor SCHEMA.NAME", t.Table)
	}
	for attribute, column := range t.Columns {
		if slices.Contains(builtIn, attribute) {
			return fmt.Errorf("the attribute %q has a built-in name: give %s a column of its own", attribute, attribute)
		}
		if attribute == "" || column == "" {
			return fmt.Errorf("columns: attribute %q, column %q: neither may be empty", attribute, column)
		}
	}
	if slices.Contains(t.ID, "") {
		return errors.New("id: a column without a name")
	}
	return nil
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
