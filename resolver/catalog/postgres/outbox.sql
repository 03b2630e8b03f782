-- What changed, for tiergate to drop from its cache. PostgreSQL 13 or newer.
-- Run it as the owner of the tables, in one transaction; it may be run again.

CREATE TABLE IF NOT EXISTS tiergate_changes (
    seq  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid  xid8 NOT NULL DEFAULT pg_current_xact_id(), -- who wrote it: order is by commit, not by seq
    type text NOT NULL,
    id   text,                                       -- null: any row of the type
    at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS tiergate_changes_xid ON tiergate_changes (xid);

-- Changes of transactions before this one are gone: who had not read them knows.
CREATE TABLE IF NOT EXISTS tiergate_pruned (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    before xid8 NOT NULL
);

CREATE OR REPLACE FUNCTION tiergate_prune(until xid8) RETURNS void
LANGUAGE sql SECURITY DEFINER AS $prune$
    INSERT INTO tiergate_pruned AS p (before) VALUES (until)
        ON CONFLICT (one) DO UPDATE SET before = excluded.before WHERE p.before < excluded.before;
    DELETE FROM tiergate_changes WHERE seq IN (SELECT seq FROM tiergate_changes WHERE xid < until LIMIT 50000);
$prune$;
REVOKE ALL ON FUNCTION tiergate_prune(xid8) FROM PUBLIC;

CREATE OR REPLACE FUNCTION tiergate_wake() RETURNS trigger LANGUAGE plpgsql AS $wake$
BEGIN
    PERFORM pg_notify('tiergate_changes', '');
    RETURN NULL;
END $wake$;
DROP TRIGGER IF EXISTS tiergate_wake ON tiergate_changes;
CREATE TRIGGER tiergate_wake AFTER INSERT ON tiergate_changes FOR EACH STATEMENT EXECUTE FUNCTION tiergate_wake();
ALTER TABLE tiergate_changes ENABLE ALWAYS TRIGGER tiergate_wake;

-- Functions that run with the owner's rights find these tables and nobody else's.
CREATE OR REPLACE PROCEDURE tiergate_pin(function regprocedure) LANGUAGE plpgsql AS $pin$
BEGIN
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', function,
        (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = 'tiergate_changes'::regclass));
END $pin$;
CALL tiergate_pin('tiergate_prune(xid8)');
