package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/e2e/postgres"
	"github.com/tiergate/tiergate/resolver/catalog/sqlite"
)

// scale holds the flags of `scale`.
type scale struct {
	objects []int
	sources []string
	dir     string
	within  time.Duration
	out     io.Writer
	say     io.Writer
}

func scaleCommand() *cobra.Command {
	s := &scale{}
	cmd := &cobra.Command{
		Use:   "scale",
		Short: "What a row of a catalog costs, from few objects to many",
		Long: `Makes so many rows, in no order of their ids, gives them to a source of each kind, and measures, in a process of its
own, what one row takes through the catalog's cache: warm (it is in the cache), cold (it is asked of the source) and
missing (nobody has it). Over gRPC nothing of that could be told from the noise. PostgreSQL is a private one.`,
		Example: "  tiergate-lab scale --objects 10000,1000000\n  tiergate-lab scale --objects 100000000 --source sqlite --dir /var/tmp",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s.out, s.say = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return s.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.IntSliceVar(&s.objects, "objects", []int{10_000, 1_000_000}, "how many rows")
	flags.StringSliceVar(&s.sources, "source", []string{"file", "sqlite", "postgres"}, "which sources: file, sqlite, postgres")
	flags.StringVar(&s.dir, "dir", os.TempDir(), "where the rows are kept meanwhile: up to 200 bytes each, while a SQLite file is built")
	flags.DurationVar(&s.within, "within", time.Hour, "the bound on all of it")
	return cmd
}

// stocked is a source with its rows: what it took to bring them there.
type stocked struct {
	args []string // for the process that measures
	took time.Duration
	end  func() error
}

// stocks bring the rows of a CSV file into a source.
var stocks = map[string]func(ctx context.Context, s *scale, csv string) (stocked, error){
	"file":     stockFile,
	"sqlite":   stockSQLite,
	"postgres": stockPostgres,
}

func (s *scale) run(ctx context.Context) (err error) {
	for _, n := range s.objects {
		if n < 1000 || n > 1_000_000_000 {
			return fmt.Errorf("--objects %d: want 1000 to 1000000000", n)
		}
	}
	for _, name := range s.sources {
		if stocks[name] == nil {
			return fmt.Errorf("no source %q, want file, sqlite or postgres", name)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	dir, err := os.MkdirTemp(s.dir, "tiergate-scale-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t := table{widths: []int{12, 10, 12, 10, 22, 22, 22}}
	t.add(cell{text: "objects"}, cell{text: "source"}, cell{text: "load"}, cell{text: "RSS MiB"}, cell{text: "warm p50 / p99 µs"}, cell{text: "cold p50 / p99 µs"}, cell{text: "missing p50 / p99 µs"})
	for _, n := range s.objects {
		csv := filepath.Join(dir, "rows.csv")
		fmt.Fprintf(s.say, "making %d rows\n", n)
		if err := writeRows(ctx, csv, n); err != nil {
			return err
		}
		for _, name := range s.sources {
			got, err := s.measure(ctx, name, csv, n)
			if err != nil {
				return fmt.Errorf("%s of %d: %w", name, n, err)
			}
			t.add(cell{text: strconv.Itoa(n)}, cell{text: name}, cell{text: got.Load.Round(10 * time.Millisecond).String()}, cell{text: strconv.Itoa(got.RSS >> 20)},
				cell{text: got.Warm.String()}, cell{text: got.Cold.String()}, cell{text: got.Missing.String()})
		}
	}
	t.print(s.out)
	return nil
}

// measure stocks a source and has another process read it.
func (s *scale) measure(ctx context.Context, name, csv string, n int) (got reading, err error) {
	fmt.Fprintf(s.say, "%s: loading\n", name)
	st, err := stocks[name](ctx, s, csv)
	if err != nil {
		return got, err
	}
	defer func() { err = errors.Join(err, st.end()) }()
	fmt.Fprintf(s.say, "%s: loaded in %v, measuring\n", name, st.took.Round(time.Millisecond))
	self, err := os.Executable()
	if err != nil {
		return got, err
	}
	cmd := exec.CommandContext(ctx, self, slices.Concat([]string{"scale-read", strconv.Itoa(n), name}, st.args)...)
	cmd.Stderr = s.say
	text, err := cmd.Output()
	if err != nil {
		return got, err
	}
	if err := json.Unmarshal(text, &got); err != nil {
		return got, err
	}
	got.Load += st.took
	return got, nil
}

// idOfRow is the id of the i-th of n rows. A step that has no factor in common with
// n visits each number once.
func idOfRow(i, n int) string { return fmt.Sprintf("AC%010d", i*scattered%n) }

const scattered = 1_000_000_007

func writeRows(ctx context.Context, path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	_, _ = w.WriteString("id,tier,parent,tenant,owner\n") // Flush tells
	for i := range n {
		if i%1_000_000 == 0 && ctx.Err() != nil {
			return errors.Join(ctx.Err(), f.Close())
		}
		tier, tenant := "", "eu"
		if i%50 == 0 {
			tier = "restricted"
		}
		if i%2 == 0 {
			tenant = "us"
		}
		fmt.Fprintf(w, "%s,%s,c%d,%s,user%d\n", idOfRow(i, n), tier, i/10, tenant, i%100_000)
	}
	return errors.Join(w.Flush(), f.Close())
}

func nothing() error { return nil }

func stockFile(_ context.Context, _ *scale, csv string) (stocked, error) {
	return stocked{args: []string{csv}, end: nothing}, nil // whoever reads it loads it
}

func stockSQLite(ctx context.Context, s *scale, csv string) (stocked, error) {
	out := csv + ".db"
	began, last := time.Now(), time.Now()
	_, err := sqlite.Import(ctx, sqlite.ImportOptions{Out: out, Files: []string{csv}, Type: "account", Progress: func(p sqlite.Progress) {
		if time.Since(last) > 10*time.Second {
			last = time.Now()
			fmt.Fprintf(s.say, "sqlite: rows %d, written %t\n", p.Rows, p.Written)
		}
	}})
	if err != nil {
		return stocked{}, err
	}
	if info, err := os.Stat(out); err == nil {
		fmt.Fprintf(s.say, "sqlite: %d MiB\n", info.Size()>>20)
	}
	return stocked{args: []string{out}, took: time.Since(began), end: func() error { return os.Remove(out) }}, nil
}

func stockPostgres(ctx context.Context, _ *scale, csv string) (_ stocked, err error) {
	server, end, err := postgres.Private(ctx)
	if err != nil {
		return stocked{}, err
	}
	began := time.Now()
	if err := copyRows(ctx, server.Socket("postgres"), csv); err != nil {
		return stocked{}, errors.Join(err, end())
	}
	return stocked{args: []string{server.Socket("postgres")}, took: time.Since(began), end: end}, nil
}

func copyRows(ctx context.Context, dsn, csv string) error {
	f, err := os.Open(csv)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read from
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "CREATE TABLE account (id text COLLATE \"C\", tier text, parent text, tenant text, owner text)"); err != nil {
		return err
	}
	if _, err := conn.PgConn().CopyFrom(ctx, f, "COPY account FROM STDIN WITH (FORMAT csv, HEADER)"); err != nil {
		return err
	}
	for _, sql := range []string{"ALTER TABLE account ADD PRIMARY KEY (id)", "ANALYZE account"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
