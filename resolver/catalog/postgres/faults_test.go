package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	pg "github.com/tiergate/tiergate/e2e/postgres"
	"github.com/tiergate/tiergate/resolver/catalog"
)

func (b *bench) wantUnavailable(t *testing.T, why string) {
	t.Helper()
	rows, err := b.Lookup(t.Context(), keys("account", "a"))
	if !errors.Is(err, catalog.ErrUnavailable) || rows != nil {
		t.Errorf("%s: %+v, %v, want ErrUnavailable", why, rows, err)
	}
}

const oneAccount = "; INSERT INTO account (id, tier) VALUES ('a', 'restricted')"

func TestC1ServerDownAtStartMidLoadAndFlapping(t *testing.T) {
	server := pg.Start(t)
	b := openOn(t, server, createAccounts("text")+oneAccount, nil)
	server.Stop()
	cold, err := Open(b.options)
	if err != nil {
		t.Fatalf("Open with the server down: %v", err)
	}
	t.Cleanup(cold.Close)
	(&bench{Source: cold}).wantUnavailable(t, "down at the start")
	server.Restart(t)
	for range 2 {
		for _, s := range []*Source{b.Source, cold} {
			for range 2 * defaultPool { // sessions of before lie in the pool
				if r := (&bench{Source: s}).get(t, "account", "a")[0]; r.Tier != "restricted" {
					t.Fatalf("%+v", r)
				}
			}
		}
		var load sync.WaitGroup
		for range 4 {
			load.Go(func() {
				for range 50 {
					rows, err := b.Lookup(context.WithoutCancel(t.Context()), keys("account", "a", "none"))
					if err == nil && (rows[0].Tier != "restricted" || rows[1].Found) || err != nil && !errors.Is(err, catalog.ErrUnavailable) {
						t.Errorf("%+v, %v", rows, err)
					}
				}
			})
		}
		server.Stop()
		load.Wait()
		b.wantUnavailable(t, "down")
		server.Restart(t)
	}
}

func TestC2SlowTableIsCutOffAndTheConnectionKept(t *testing.T) {
	b := open(t, createAccounts("text")+oneAccount, func(o *Options) { o.Timeout, o.Pool = 300*time.Millisecond, 1 })
	b.get(t, "account", "a")
	b.exec(t, "BEGIN; LOCK TABLE account")
	began := time.Now()
	_, err := b.Lookup(t.Context(), keys("account", "a"))
	if took := time.Since(began); !errors.Is(err, catalog.ErrUnavailable) || took > 2*time.Second {
		t.Errorf("%v after %v, want ErrUnavailable after 300ms", err, took)
	}
	b.exec(t, "COMMIT")
	b.get(t, "account", "a")
}

func TestC2PoolExhausted(t *testing.T) {
	b := open(t, createAccounts("text")+oneAccount, func(o *Options) {
		o.Timeout, o.Pool = 400*time.Millisecond, 1
		o.Types["slow"] = Type{Query: "SELECT id, pg_sleep(0.3)::text AS nap FROM account WHERE id = ANY($1)"}
	})
	b.get(t, "account", "a")
	began := time.Now()
	var all sync.WaitGroup
	errs := make(chan error, 8)
	for range cap(errs) {
		all.Go(func() {
			_, err := b.Lookup(context.WithoutCancel(t.Context()), keys("slow", "a"))
			errs <- err
		})
	}
	all.Wait()
	close(errs)
	failed := 0
	for err := range errs {
		if err != nil {
			if failed++; !errors.Is(err, catalog.ErrUnavailable) {
				t.Error(err)
			}
		}
	}
	if took := time.Since(began); failed < 5 || took > 3*time.Second {
		t.Errorf("%d of 8 failed in %v, want most of them, at their deadline", failed, took)
	}
	b.get(t, "account", "a")
}

func TestC4CreatedRowIsThereAtOnce(t *testing.T) {
	b := open(t, createAccounts("text"), nil)
	if b.get(t, "account", "a")[0].Found {
		t.Fatal("found what is not there")
	}
	b.exec(t, "INSERT INTO account (id) VALUES ('a')")
	if !b.get(t, "account", "a")[0].Found {
		t.Error("the row that was created is absent")
	}
}

// S3: whatever goes wrong, and however it is printed, the password stays unsaid.
func TestNothingShowsThePassword(t *testing.T) {
	server := pg.Shared(t)
	file := secret(t, pg.Password)
	log := newLog()
	for name, o := range map[string]Options{
		"right":          {DSN: server.DSN("postgres", "", "postgres"), PasswordFile: file},
		"wrong database": {DSN: server.DSN("postgres", "", "none"), PasswordFile: file},
		"wrong user":     {DSN: server.DSN("somebody", "", "postgres"), PasswordFile: file},
		"nobody listens": {DSN: "postgres://postgres@127.0.0.1:1/postgres", PasswordFile: file},
		"in the dsn":     {DSN: server.DSN("postgres", pg.Password, "postgres")},
		"as a key":       {DSN: "host=127.0.0.1 user=postgres dbname=postgres password=" + pg.Password},
		"bad dsn":        {DSN: "postgres://postgres:" + pg.Password + "@127.0.0.1:x/postgres"},
		"as a parameter": {DSN: server.DSN("postgres", "", "postgres") + "?password=" + pg.Password},
	} {
		o.Types, o.Log, o.Outbox = accounts(), log.logger(), true
		s, err := Open(o)
		if refused := strings.Contains(name, "dsn") || strings.HasPrefix(name, "as a"); refused != (err != nil) {
			t.Errorf("%s: Open: %v", name, err)
		}
		if err == nil {
			_, err = s.Lookup(t.Context(), keys("account", "a"))
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			_ = s.Watch(ctx, ear{make(chan string, 10)})
			cancel()
			s.Close()
		}
		if said := fmt.Sprintf("%v %+v %#v", err, err, err); err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), "canary-") {
			t.Errorf("%s: %s", name, said)
		}
	}
	if strings.Contains(log.String(), "canary-") {
		t.Errorf("the log shows the password:\n%s", log)
	}
}
