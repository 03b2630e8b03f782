package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/resolver/catalog/sqlite"
	"github.com/tiergate/tiergate/rules"
)

func newCatalogImport() *cobra.Command {
	var o sqlite.ImportOptions
	var quiet bool
	cmd := &cobra.Command{
		Use:   "import -o catalog.db [--type TYPE] FILE.csv|FILE.jsonl...",
		Short: "Build a SQLite catalog of files that are larger than memory",
		Long: `import builds the file that a catalog names with sqlite: { file }, of CSV and JSONL files as a catalog reads them
with file. It holds 64 MiB of rows at a time and needs room on the disk, beside the result, of twice that of the files.
The result takes the place of the file before it in one step, when it is whole; servers find it by themselves.
Rows that cannot be used (two of one id, text that is not UTF-8) end the import, each named with its place, unless
--keep-bad keeps them as what they are: 503 catalog_bad_row for that object. Equal files make equal results.
Exit code 1: there are such rows, or a file is not what it should be; then nothing has changed.`,
		Example: "  tiergate catalog import -o catalog/accounts.db --type account catalog/accounts*.csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Out == "" || len(args) == 0 {
				return errors.New("import wants -o catalog.db and the files to build it of")
			}
			o.Files = args
			if !quiet {
				o.Progress = progress(cmd.ErrOrStderr(), time.Now)
			}
			return importCatalog(cmd, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.Out, "output", "o", "", "the file to build or to replace")
	flags.StringVar(&o.Type, "type", "", "the type of all rows, where they name none")
	flags.BoolVar(&o.KeepBad, "keep-bad", false, "keep rows that cannot be used, and build the file all the same")
	flags.BoolVarP(&quiet, "quiet", "q", false, "say nothing of the progress")
	return cmd
}

func importCatalog(cmd *cobra.Command, o sqlite.ImportOptions) error {
	began := time.Now()
	done, err := sqlite.Import(cmd.Context(), o)
	var ms rules.Mistakes
	if errors.As(err, &ms) {
		fmt.Fprint(cmd.OutOrStdout(), ms.Report(func(string) string { return "" })) // rows are data: not shown
		fmt.Fprintf(cmd.OutOrStdout(), "nothing was written\n")
		return errNo
	}
	if err != nil {
		return err
	}
	for _, m := range done.Bad {
		fmt.Fprintf(cmd.OutOrStdout(), "%v: kept as a bad row: %s\n", m.Pos, m.Text)
	}
	took := time.Since(began)
	fmt.Fprintf(cmd.ErrOrStderr(), "%d rows in %v, %.0f a second\n", done.Rows, took.Round(time.Millisecond), float64(done.Rows)/took.Seconds())
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %d rows, stamp %s\n", o.Out, done.Rows, done.Stamp[:12])
	return nil
}

// between is how long work must take, or go on, before a word of it is worth a line.
const between = 5 * time.Second

// progress tells now and then how far a long import is.
func progress(w io.Writer, now func() time.Time) func(sqlite.Progress) {
	last := now()
	return func(p sqlite.Progress) {
		if now().Sub(last) < between {
			return
		}
		last = now()
		if p.Written {
			fmt.Fprintf(w, "wrote %d rows\n", p.Rows)
		} else {
			fmt.Fprintf(w, "read %d rows, %.0f %%\n", p.Rows, 100*float64(p.Bytes)/float64(max(1, p.Of)))
		}
	}
}
