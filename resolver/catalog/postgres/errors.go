package postgres

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// unavailable says that the source cannot answer now, and why as far as a log may
// know it.
func unavailable(err error) error {
	if err == nil || errors.Is(err, catalog.ErrUnavailable) || errors.Is(err, catalog.ErrStale) {
		return err
	}
	return fmt.Errorf("%w: %w", catalog.ErrUnavailable, hidden(err))
}

// hidden keeps values out of an error: a server's complaint about data quotes it,
// and its details quote rows. Of other complaints the message stays, which names
// what is missing or not allowed.
func hidden(err error) error {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch pgErr.Code[:min(2, len(pgErr.Code))] {
	case "22", "23", "P0": // data, constraints, and what functions of the database raise
		return fmt.Errorf("the server answered SQLSTATE %s", pgErr.Code)
	}
	return fmt.Errorf("the server answered SQLSTATE %s: %s", pgErr.Code, pgErr.Message)
}

// outdated reports whether what was prepared no longer fits the database, or the
// connection ended while it lay in the pool: asking once more on another one can
// help.
func outdated(err error, conn *pgconn.PgConn) bool {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pgErr.Code {
		case "0A000", "26000", "57P01", "57P02": // plan changed, statement gone, server went away
			return true
		}
		return false
	}
	return conn.IsClosed()
}
