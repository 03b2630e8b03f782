package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"
	"time"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/idp"
	"github.com/tiergate/tiergate/envoy"
)

// Size says how much there is to decide about.
type Size struct {
	Objects int // accounts in the catalog
	Tokens  int // customers with a token, who own the accounts in turn
}

// Stage is the bank example with many accounts and customers, served by a
// tiergate of its own.
type Stage struct {
	Tiergate *e2e.Tiergate
	Requests []Request // one an account: its owner reads it, and every 20th is a neighbour's
	world    *e2e.World
	program  string // tiergate's
}

// NewStage makes the traffic and starts tiergate. Close ends all of it.
func NewStage(ctx context.Context, example fs.FS, programs e2e.Programs, size Size) (*Stage, error) {
	if size.Objects < 1 || size.Tokens < 1 || size.Objects < size.Tokens {
		return nil, fmt.Errorf("load: %d objects and %d tokens: want at least 1, and no more tokens than objects", size.Objects, size.Tokens)
	}
	crowded, err := withAccounts(example, size)
	if err != nil {
		return nil, err
	}
	s := &Stage{program: programs.Tiergate}
	if s.world, err = e2e.NewWorld(crowded, programs); err != nil {
		return nil, err
	}
	if err := s.open(ctx, programs, size); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stage) open(ctx context.Context, programs e2e.Programs, size Size) error {
	config, err := s.world.Configure("tiergate", func(settings e2e.Settings) error {
		settings["cache"] = map[string]any{ // room for all: the cache keeps only a part of it for rows that were read once
			"objects": 4*size.Objects + 1000, "tokens": size.Tokens + 1000,
			"ttl": map[string]any{"default": "60s", "restricted": "60s"},
		}
		settings["control"] = map[string]any{"socket": controlSocket}
		if listen, ok := settings["listen"].(map[string]any); ok {
			listen["pprof"] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	if s.world.Tiergate, err = e2e.StartTiergate(ctx, programs.Tiergate, "tiergate", config); err != nil {
		return err
	}
	s.Tiergate = s.world.Tiergate
	if err := s.Tiergate.Ready(ctx); err != nil {
		return err
	}
	s.Requests, err = s.requests(size)
	return err
}

func customer(i int) string { return fmt.Sprintf("customer%05d", i) }
func account(i int) string  { return fmt.Sprintf("NO%06d", 400000+i) }

// withAccounts adds customers and accounts to the example's catalog.
func withAccounts(example fs.FS, size Size) (fs.FS, error) {
	files := fstest.MapFS{}
	err := fs.WalkDir(example, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(example, path)
		files[path] = &fstest.MapFile{Data: text, Mode: 0o600}
		return err
	})
	if err != nil {
		return nil, err
	}
	accounts := files[filepath.Join("catalog", "accounts.csv")]
	if accounts == nil {
		return nil, errors.New("load: the example has no catalog/accounts.csv")
	}
	var b strings.Builder
	for i := range size.Objects {
		owner := customer(i % size.Tokens)
		fmt.Fprintf(&b, "%s,%s,nord,%s,false,\n", account(i), owner, owner)
	}
	accounts.Data = append(accounts.Data, b.String()...)
	return files, nil
}

func (s *Stage) requests(size Size) ([]Request, error) {
	tokens := make([]string, size.Tokens)
	for i := range tokens {
		token, err := s.world.Mint(e2e.Token{Claims: idp.Claims{
			"sub": customer(i), "client_id": "web", "scope": "openid profile accounts", "exp": time.Now().Add(idp.Lifetime).Unix(),
		}})
		if err != nil {
			return nil, err
		}
		tokens[i] = token
	}
	requests := make([]Request, size.Objects)
	for i := range requests {
		owner := i % size.Tokens
		foreign := size.Tokens > 1 && i%20 == 19
		if foreign {
			owner = (owner + 1 + rand.IntN(size.Tokens-1)) % size.Tokens
		}
		requests[i] = Request{Method: "GET", Host: e2e.Host, Path: "/v1/accounts/" + account(i), Token: tokens[owner], Allowed: !foreign}
	}
	return requests, nil
}

// Envoy starts a hardened Envoy in front of bank and tiergate, and returns the
// URL of its listener.
func (s *Stage) Envoy(ctx context.Context) (string, error) {
	g := e2e.Gateway{Profile: envoy.Hardened}
	if err := s.world.Open(ctx, g); err != nil {
		return "", err
	}
	return "http://" + s.world.Gateway(g).Listener("api"), nil
}

// Dir is where the processes of the stage write.
func (s *Stage) Dir() string { return s.world.Dir }

// Close ends everything.
func (s *Stage) Close() error { return s.world.Close() }

// Profile writes a processor profile of tiergate over d.
func (s *Stage) Profile(ctx context.Context, path string, d time.Duration) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.Tiergate.Admin, max(int(d.Seconds()), 1))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("profile: %s", resp.Status)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, resp.Body)
	return errors.Join(err, file.Close())
}
