package postgres

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed outbox.sql
var tables string

// typeName is what the name of a type must be to be part of a trigger's, which
// PostgreSQL would cut off where it is too long.
var typeName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,40}$`)

// OutboxOptions say which tables tell their changes, and to whom.
type OutboxOptions struct {
	Types   map[string]Type // those with a Table; a type with a Query tells nothing by itself
	Readers []string        // roles that tiergate connects as
}

// Outbox writes the migration that makes a database tell its changes: the table
// of changes, what prunes it, and a trigger for each table. It may be run again.
func Outbox(o OutboxOptions) (string, error) {
	var b strings.Builder
	b.WriteString(tables)
	for _, role := range o.Readers {
		if role == "" {
			return "", errors.New("a role without a name")
		}
		r := pgx.Identifier{role}.Sanitize()
		fmt.Fprintf(&b, "\nGRANT SELECT ON tiergate_changes, tiergate_pruned TO %s;\nGRANT EXECUTE ON FUNCTION tiergate_prune(xid8) TO %[1]s;\n", r)
	}
	names := make([]string, 0, len(o.Types))
	for name, t := range o.Types {
		if err := t.check(); err != nil {
			return "", fmt.Errorf("type %s: %w", name, err)
		}
		if !typeName.MatchString(name) {
			return "", fmt.Errorf("type %q: a trigger's name wants letters, digits, - and _, 40 at most", name)
		}
		if t.Table != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		b.WriteString(o.Types[name].triggers(name))
	}
	return b.String(), nil
}

// triggers writes the function and the triggers of one type. ENABLE ALWAYS: rows
// that replication writes are told, too. An update that changes nothing is not.
func (t Type) triggers(typ string) string {
	id := func(row string) string {
		var parts []string
		for _, c := range t.ids() {
			parts = append(parts, row+"."+quoted(c)+"::text")
		}
		return strings.Join(parts, " || '/' || ")
	}
	return strings.NewReplacer(
		"{FUNCTION}", quoted("tiergate_tell_"+typ),
		"{TRIGGER}", quoted("tiergate_"+typ),
		"{REWRITE}", quoted("tiergate_"+typ+"_update"),
		"{TRUNCATE}", quoted("tiergate_"+typ+"_truncate"),
		"{TABLE}", pgx.Identifier(strings.Split(t.Table, ".")).Sanitize(),
		"{TYPE}", "'"+typ+"'",
		"{OLD}", id("OLD"), "{NEW}", id("NEW"),
	).Replace(trigger)
}

const trigger = `
CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET bytea_output = 'hex' AS $tell$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO tiergate_changes (type) VALUES ({TYPE});
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO tiergate_changes (type, id) VALUES ({TYPE}, {OLD});
    END IF;
    IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND ({NEW}) IS DISTINCT FROM ({OLD}) THEN
        INSERT INTO tiergate_changes (type, id) VALUES ({TYPE}, {NEW});
    END IF;
    RETURN NULL;
END $tell$;
CALL tiergate_pin('{FUNCTION}()');
DROP TRIGGER IF EXISTS {TRIGGER} ON {TABLE};
DROP TRIGGER IF EXISTS {REWRITE} ON {TABLE};
DROP TRIGGER IF EXISTS {TRUNCATE} ON {TABLE};
CREATE TRIGGER {TRIGGER} AFTER INSERT OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {FUNCTION}();
CREATE TRIGGER {REWRITE} AFTER UPDATE ON {TABLE} FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION {FUNCTION}();
CREATE TRIGGER {TRUNCATE} AFTER TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}();
ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TRIGGER};
ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {REWRITE};
ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TRUNCATE};
`
