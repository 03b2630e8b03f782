package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/resolver/catalog/postgres"
)

// newCatalogOutbox prints SQL, and never runs it: a server that reads a database
// has no business changing it.
func newCatalogOutbox() *cobra.Command {
	var (
		file    string
		readers []string
		typ     string
		table   postgres.Type
	)
	cmd := &cobra.Command{
		Use:   "outbox (-c tiergate.yaml [CATALOG] | --table TABLE --type TYPE) [--reader ROLE]",
		Short: "Print the migration that makes a PostgreSQL database tell its changes",
		Long: `outbox prints the tables, functions and triggers that "changes: true" of a PostgreSQL catalog needs: for all
tables that the catalog's types map, or for one table, such as one that a query joins. Run what it prints as the owner
of the tables, once for each database; it may be run again. --reader grants what the server's role needs.`,
		Example: `  tiergate catalog outbox -c tiergate.yaml accounts --reader tiergate > outbox.sql
  tiergate catalog outbox --table bank.customers --id number --type customer`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case (file == "") == (table.Table == ""):
				return errors.New("outbox wants either -c tiergate.yaml or --table")
			case table.Table != "" && (typ == "" || len(args) > 0):
				return errors.New("outbox --table wants --type, the object type whose rows the table has, and no catalog")
			case table.Table != "":
				return printOutbox(cmd.OutOrStdout(), map[string]postgres.Type{typ: table}, readers)
			}
			c, err := loadConfig(file)
			if err != nil {
				return explainMistakes(cmd.ErrOrStderr(), err, nil)
			}
			section, err := c.postgresSection(args)
			if err != nil {
				return err
			}
			return printOutbox(cmd.OutOrStdout(), section.types(), readers)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration")
	cmd.Flags().StringArrayVar(&readers, "reader", nil, "role that the server connects as; may be repeated")
	cmd.Flags().StringVar(&table.Table, "table", "", "one table, or SCHEMA.TABLE")
	cmd.Flags().StringVar(&typ, "type", "", "object type of the table's rows")
	cmd.Flags().StringSliceVar(&table.ID, "id", nil, "column of the id, or several; id when absent")
	return cmd
}

func printOutbox(w io.Writer, types map[string]postgres.Type, readers []string) error {
	sql, err := postgres.Outbox(postgres.OutboxOptions{Types: types, Readers: readers})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, sql)
	return err
}

// postgresSection returns the one that is named, or the only one that there is.
func (c *config) postgresSection(names []string) (*postgresConfig, error) {
	var found []*postgresConfig
	for _, e := range c.Catalogs {
		if e.V.Postgres != nil && (len(names) == 0 || e.Key == names[0]) {
			found = append(found, e.V.Postgres)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(names) > 0:
		return nil, fmt.Errorf("%s has no PostgreSQL catalog %q", c.file.Path, names[0])
	default:
		return nil, fmt.Errorf("%s has %d PostgreSQL catalogs, name one", c.file.Path, len(found))
	}
}
