package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tiergate/tiergate/rules/regular"
)

const (
	maxMessage  = 16 << 20 // bytes of one message that a server may send: a row, at most
	maxPassword = 4 << 10
	maxIdle     = 5 * time.Minute
	maxLifetime = time.Hour
)

// session is what every connection sets. A whole batch is one read-only snapshot,
// and values have one spelling, whatever the server's own settings are.
func session(timeout time.Duration) map[string]string {
	return map[string]string{
		"application_name":              "tiergate",
		"client_encoding":               "UTF8",
		"default_transaction_isolation": "repeatable read",
		"default_transaction_read_only": "on",
		"statement_timeout":             milliseconds(timeout * 9 / 10), // first the server gives up on a statement, then we on the connection
		"datestyle":                     "ISO", "timezone": "UTC", "intervalstyle": "iso_8601", "bytea_output": "hex",
	}
}

func milliseconds(d time.Duration) string {
	return strconv.FormatInt(max(1, d.Milliseconds()), 10) // 0 would mean no limit
}

// spoken are the keys of a DSN that are understood. What is not there, a password
// above all, is refused by name.
var spoken = []string{
	"host", "port", "user", "database", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslsni", "sslnegotiation",
	"channel_binding", "require_auth", "krbspn", "krbsrvname", "passfile", "search_path", "connect_timeout", "keepalives", "keepalives_idle",
}

// parse reads a DSN and makes sessions of it as they must be. role refuses
// servers that are not what they were named as: a replica, or the primary.
func parse(o *Options, dsn string, role pgconn.ValidateConnectFunc) (*pgxpool.Config, error) {
	dsn = beneath(o.Dir, dsn)
	if _, err := pgconn.ParseConfigWithOptions(dsn, pgconn.ParseConfigOptions{ConnStringAllowedKeys: spoken}); err != nil {
		with := append([]string{"password", "sslpassword"}, spoken...)
		if _, other := pgconn.ParseConfigWithOptions(dsn, pgconn.ParseConfigOptions{ConnStringAllowedKeys: with}); other == nil {
			return nil, errors.New("it has a password in it: use password_file, $PGPASSWORD or ~/.pgpass")
		}
		return nil, err
	}
	pool, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	c := &pool.ConnConfig.Config
	if c.User == "" || c.Database == "" {
		return nil, errors.New("it wants a user and a database")
	}
	if err := provenOrLocal(c, o.Plaintext); err != nil {
		return nil, err
	}
	maps.Copy(c.RuntimeParams, session(o.Timeout))
	c.ConnectTimeout = o.Timeout
	c.ValidateConnect = role
	c.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		f := pgproto3.NewFrontend(r, w)
		f.SetMaxBodyLen(maxMessage)
		return f
	}
	pool.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error { return o.password(&c.Password) }
	pool.MaxConns, pool.MinConns = int32(o.Pool), 0 //nolint:gosec // at most 1000
	pool.MaxConnIdleTime, pool.MaxConnLifetime, pool.MaxConnLifetimeJitter = maxIdle, maxLifetime, maxLifetime/10
	return pool, nil
}

// provenOrLocal refuses connections that leave the machine to whoever answers.
func provenOrLocal(c *pgconn.Config, allowed bool) error {
	if allowed {
		return nil
	}
	check := func(host string, verified bool) error {
		if verified || local(host) {
			return nil
		}
		return fmt.Errorf("the connection to %s does not prove who answers: add sslmode=verify-full, and sslrootcert for a CA of your own", host)
	}
	verifies := func(f *pgconn.FallbackConfig) bool {
		return f.TLSConfig != nil && (!f.TLSConfig.InsecureSkipVerify || f.TLSConfig.VerifyPeerCertificate != nil)
	}
	all := append([]*pgconn.FallbackConfig{{Host: c.Host, TLSConfig: c.TLSConfig}}, c.Fallbacks...)
	for _, f := range all {
		if err := check(f.Host, verifies(f)); err != nil {
			return err
		}
	}
	return nil
}

func local(host string) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// password reads the file, if there is one, before each connection: a password
// that was rotated is used from then on.
func (o *Options) password(into *string) error {
	if o.PasswordFile == "" {
		return nil
	}
	text, err := regular.ReadFile(o.PasswordFile, maxPassword)
	if err != nil {
		return fmt.Errorf("password_file: %w", err)
	}
	*into = strings.TrimRight(string(text), "\r\n")
	return nil
}

// settle ends a session without waiting for a server that does not answer.
func settle(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // nothing depends on it
}
