package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/catalog/postgres"
	"github.com/tiergate/tiergate/resolver/catalog/sqlite"
	"github.com/tiergate/tiergate/rules"
)

// reading is what one process measured of one source.
type reading struct {
	Load                time.Duration // until the first row could be read
	RSS                 int           // bytes that the process holds in the end
	Warm, Cold, Missing latencies
}

// latencies are of single rows.
type latencies struct{ P50, P99 time.Duration }

func (l latencies) String() string {
	us := func(d time.Duration) string { return strconv.FormatFloat(float64(d.Nanoseconds())/1e3, 'f', 2, 64) }
	return us(l.P50) + " / " + us(l.P99)
}

// scaleReadCommand is the other process of `scale`.
func scaleReadCommand() *cobra.Command {
	return &cobra.Command{
		Use: "scale-read OBJECTS SOURCE WHERE", Short: "Measure one source", Hidden: true, Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[0])
			if err != nil {
				return err
			}
			got, err := readScale(cmd.Context(), n, args[1], args[2])
			if err != nil {
				return err
			}
			return json.NewEncoder(cmd.OutOrStdout()).Encode(got)
		},
	}
}

func openScale(source, where string) (catalog.Source, error) {
	switch source {
	case "file":
		f, err := catalog.OpenFile(catalog.FileOptions{Path: where, MaxSize: 64 << 30})
		if err != nil {
			return nil, err
		}
		return f, f.Err()
	case "sqlite":
		s, err := sqlite.Open(sqlite.Options{Path: where})
		if err != nil {
			return nil, err
		}
		return s, s.Err()
	case "postgres":
		return postgres.Open(postgres.Options{DSN: where, Timeout: 5 * time.Second, Types: map[string]postgres.Type{"account": {
			Table: "account", Tier: "tier", Parent: "parent", Columns: map[string]string{"tenant": "tenant", "owner": "owner"},
		}}})
	}
	return nil, fmt.Errorf("no source %q", source)
}

const (
	mostSamples = 50_000
	coldWithin  = 30 * time.Second
)

// scaled is a catalog of accounts over one source.
type scaled struct {
	view *catalog.View
	typ  *rules.Type
}

func readScale(ctx context.Context, n int, source, where string) (got reading, err error) {
	began := time.Now()
	src, err := openScale(source, where)
	if err != nil {
		return got, err
	}
	s := scaled{typ: &rules.Type{
		Name: "account", Catalog: "bank", Tier: 0, MaxRowTier: 1,
		Attributes: []rules.Attribute{{Name: "tenant", Kind: rules.String}, {Name: "owner", Kind: rules.String}},
	}}
	all, err := catalog.New(catalog.Options{Sources: map[string]catalog.Source{"bank": src}, TTL: map[string]time.Duration{"default": time.Hour}})
	if err != nil {
		return got, err
	}
	s.view = all.Bind(&rules.Schema{
		Tiers: []rules.TierInfo{{Name: "internal"}, {Name: "restricted"}}, Unclassified: 1, Types: map[string]*rules.Type{"account": s.typ},
	})
	if err := s.read(ctx, idOfRow(0, n), rules.Stored); err != nil {
		return got, err
	}
	got.Load = time.Since(began)
	ids := scattering(n)
	if got.Cold, err = s.each(ctx, ids, rules.Stored); err != nil {
		return got, err
	}
	missing := make([]string, len(ids))
	for i, id := range ids {
		missing[i] = "X" + id
	}
	if got.Missing, err = s.each(ctx, missing, rules.Absent); err != nil {
		return got, err
	}
	hot := ids[:min(len(ids), 5_000)]
	for range 2 { // what was read twice stays
		if _, err := s.each(ctx, hot, rules.Stored); err != nil {
			return got, err
		}
	}
	if got.Warm, err = s.each(ctx, slices.Repeat(hot, 10), rules.Stored); err != nil {
		return got, err
	}
	got.RSS, err = resident()
	return got, err
}

// scattering are ids of rows all over n, each once.
func scattering(n int) []string {
	rnd := rand.New(rand.NewPCG(1, 2))
	seen := make(map[int]bool)
	var ids []string
	for len(ids) < min(n-1, mostSamples) {
		if i := 1 + rnd.IntN(n-1); !seen[i] {
			seen[i] = true
			ids = append(ids, idOfRow(i, n))
		}
	}
	return ids
}

// each reads rows one by one, as many as there is time for.
func (s *scaled) each(ctx context.Context, ids []string, want rules.State) (latencies, error) {
	var took []time.Duration
	end := time.Now().Add(coldWithin)
	for _, id := range ids {
		began := time.Now()
		if err := s.read(ctx, id, want); err != nil {
			return latencies{}, err
		}
		now := time.Now()
		if took = append(took, now.Sub(began)); now.After(end) {
			break
		}
	}
	slices.Sort(took)
	return latencies{took[len(took)/2], took[len(took)*99/100]}, nil
}

func (s *scaled) read(ctx context.Context, id string, want rules.State) error {
	targets := [1]rules.Target{{Object: rules.Object{Type: s.typ, ID: id}}}
	if _, err := s.view.Fill(ctx, targets[:], nil); err != nil {
		return err
	}
	if got := targets[0].Object.State; got != want {
		return fmt.Errorf("row %s: state %v, want %v", id, got, want)
	}
	return nil
}

// resident is how much memory this process holds.
func resident() (int, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return kib << 10, err
		}
	}
	return 0, errors.New("/proc/self/status has no VmRSS")
}
