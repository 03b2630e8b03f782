package oracle

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/idp"
	"github.com/tiergate/tiergate/envoy"
)

// Options say what to run a seed with.
type Options struct {
	Tiergate string // path of the binary
	Envoy    string
	Proxy    string // hardened or base: the bootstrap of that name
	Requests int
	Only     int    // send only the request of this number, -1 for all
	Dir      string // where runs are kept that found a difference
}

// workers send at once. Each waits for its answer, so that few share the
// machine with the proxy and the server.
const workers = 8

// attempts are how often a request is sent whose answer was that the server
// was too busy to decide it.
const attempts = 4

// run is one world with everything running around it.
type run struct {
	o         Options
	w         *World
	front     front
	dir       string
	providers map[string]*idp.Provider
	upstream  *upstream
	ca        *e2e.CA
	leaves    map[string]*e2e.Leaf
	server    *e2e.Tiergate
	proxy     *e2e.Envoy
	tokens    []string
	prover    *prover
	began     time.Time // of the tokens and the revocations
	phase     int       // what is in force now
	tried     []string  // slips
	missed    []string  // of which check said nothing
}

// Run generates the world of a seed, sends its traffic through the proxy, and
// compares. The error says that it could not; differences are in the result.
func Run(ctx context.Context, seed uint64, o Options) (_ *Result, err error) {
	r := &run{o: o, w: Generate(seed), front: front(o.Proxy), providers: map[string]*idp.Provider{}, leaves: map[string]*e2e.Leaf{}, began: time.Now()}
	requests := Traffic(r.w, r.front, o.Requests)
	if r.dir, err = os.MkdirTemp(o.Dir, fmt.Sprintf("oracle-seed-%d-%s-", seed, o.Proxy)); err != nil {
		return nil, err
	}
	keep := false
	defer func() {
		err = errors.Join(err, r.close())
		if !keep && err == nil {
			err = os.RemoveAll(r.dir)
		}
	}()
	if err := r.start(ctx); err != nil {
		return nil, fmt.Errorf("seed %d in %s: %w", seed, r.dir, err)
	}
	began := time.Now()
	sent, err := r.send(ctx, requests)
	if err != nil {
		return nil, fmt.Errorf("seed %d in %s: %w", seed, r.dir, err)
	}
	took := time.Since(began)
	if err := r.server.Stop(); err != nil { // so that the last records are written
		return nil, err
	}
	records, err := readRecords(filepath.Join(r.dir, "decisions.jsonl"))
	if err != nil {
		return nil, err
	}
	result := compare(r.w, r.front, requests, sent, records, r.upstream.all())
	result.Took = took
	result.slipped(r.tried, r.missed)
	if keep = len(result.Differences) > 0; keep {
		result.Dir = r.dir
		return result, os.WriteFile(filepath.Join(r.dir, "differences.txt"), []byte(result.Report(o)), 0o600)
	}
	return result, nil
}

func (r *run) start(ctx context.Context) error {
	if err := r.outside(); err != nil {
		return err
	}
	if err := r.write(r.began); err != nil {
		return err
	}
	var err error
	if r.tried, r.missed, err = r.slipped(ctx); err != nil { // before a server can meet what is spoilt
		return err
	}
	if r.server, err = e2e.StartTiergate(ctx, r.o.Tiergate, "tiergate", filepath.Join(r.dir, "tiergate.yaml")); err != nil {
		return err
	}
	if err := r.server.Ready(ctx); err != nil {
		return err
	}
	if r.proxy, err = e2e.StartEnvoy(ctx, r.o.Envoy, "envoy", r.dir, r.bootstrap()); err != nil {
		return err
	}
	if err := r.keysLoaded(ctx); err != nil {
		return err
	}
	return r.firstNonce(ctx)
}

// outside starts issuers, upstream and authority, and mints all tokens.
func (r *run) outside() error {
	for _, i := range r.w.Issuers {
		p, err := idp.Start(idp.Options{Name: i.Name, Alg: i.Algorithm})
		if err != nil {
			return err
		}
		r.providers[i.Name] = p
		if err := spare(p, i); err != nil {
			return err
		}
		if i.JWKS == "dead" {
			p.Break(idp.ServerError)
		}
	}
	r.upstream = startUpstream()
	var err error
	if r.ca, err = e2e.NewCA(r.dir); err != nil {
		return err
	}
	for _, name := range append([]string{"gateway.example"}, peers...) {
		if r.leaves[name], err = r.ca.Issue(name); err != nil {
			return err
		}
	}
	return r.mint()
}

func (r *run) write(now time.Time) error {
	at := wiring{jwksURL: map[string]string{}}
	files := Files{}
	for _, i := range r.w.Issuers {
		at.jwksURL[i.Name] = r.providers[i.Name].JWKSURL()
		if i.JWKS == "file" {
			keys, err := r.providers[i.Name].JWKS()
			if err != nil {
				return err
			}
			files[jwksFile(i.Name)] = string(keys)
		}
	}
	files["tiergate.yaml"] = r.w.ConfigFile(at)
	for name, text := range r.w.RulesFiles(now) {
		files[name] = text
	}
	for name, text := range r.w.CatalogFilesAt(0) {
		files[name] = text
	}
	files[revocationsFile] = r.w.RevokedFile(0, now, r.kids())
	for _, name := range sortedKeys(files) {
		path := filepath.Join(r.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o600); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Join(r.dir, "state"), 0o700)
}

func (r *run) bootstrap() envoy.Options {
	server := r.leaves["gateway.example"]
	o := envoy.Options{
		Profile: envoy.Profile(r.o.Proxy), Upstream: r.upstream.addr(), Tiergate: []string{r.server.GRPC},
		Mesh: &envoy.Mesh{CertFile: server.CertFile, KeyFile: server.KeyFile, ClientCAFile: r.ca.File},
	}
	if r.front == hardened {
		o.Managed = r.w.Managed
		o.Bodies = []envoy.Bodies{{Method: "GET|POST|PUT|PATCH|DELETE|OPTIONS", Path: ".*"}}
		o.AccessLog = filepath.Join(r.dir, "access.log")
	}
	return o
}

// clientTLS is what a client with the certificate of a peer connects with.
func (r *run) clientTLS(peer string) (*tls.Config, error) {
	leaf := r.leaves[peer]
	if leaf == nil {
		return nil, fmt.Errorf("no certificate for %s", peer)
	}
	return &tls.Config{ServerName: "gateway.example", RootCAs: r.ca.Pool(), Certificates: []tls.Certificate{leaf.TLS}, MinVersion: tls.VersionTLS12}, nil
}

// sent is a request's last answer, and the decisions of earlier ones that came
// too late or not at all, "" where the proxy answered by itself.
type sent struct {
	reply
	again []string
	first *reply // to the same request, when its proof was new
	done  bool
	err   error
}

// send sends the requests in their order, a few at a time, phase by phase: while
// revocations and directories change nobody asks.
func (r *run) send(ctx context.Context, requests []*Request) ([]sent, error) {
	out := make([]sent, len(requests))
	wires := make([]*wire, workers)
	for i := range wires {
		wires[i] = &wire{plain: r.proxy.Listener("api"), mesh: r.proxy.Listener("mesh"), config: r.clientTLS, conns: map[string]*conn{}}
		defer wires[i].close()
	}
	if err := r.revoke(ctx, -1, 0); err != nil {
		return nil, err
	}
	for from := 0; from < len(requests); {
		to := from + 1
		for to < len(requests) && requests[to].Phase == requests[from].Phase {
			to++
		}
		if r.o.Only < 0 || from <= r.o.Only && r.o.Only < to {
			if err := r.enter(ctx, requests[from].Phase); err != nil {
				return nil, err
			}
			r.stretch(ctx, wires, requests, out, from, to)
		}
		from = to
	}
	for n := range out {
		if out[n].err != nil {
			return nil, fmt.Errorf("request %d: %s: %w", n, requests[n], out[n].err)
		}
	}
	return out, ctx.Err()
}

// stretch sends the requests of one phase.
func (r *run) stretch(ctx context.Context, wires []*wire, requests []*Request, out []sent, from, to int) {
	next := make(chan int)
	var all sync.WaitGroup
	for _, c := range wires {
		all.Go(func() {
			for n := range next {
				out[n] = r.one(ctx, c, n, requests[n])
			}
		})
	}
	for n := from; n < to; n++ {
		if r.o.Only >= 0 && r.o.Only != n {
			continue
		}
		select {
		case next <- n:
		case <-ctx.Done():
		}
	}
	close(next)
	all.Wait()
}

// one sends a request, again where the answer is a 503 that nothing explains:
// the server's own, or the proxy's, which waits for the server only so long.
func (r *run) one(ctx context.Context, c *wire, n int, req *Request) sent {
	want := Evaluate(r.w, r.front, req).Status
	out := sent{done: true}
	for attempt := 1; ; attempt++ {
		var with credential
		if req.Token >= 0 {
			with.token = r.tokens[req.Token]
		}
		if with.proof, out.err = r.prover.proof(req, with.token, time.Now()); out.err != nil {
			return out
		}
		if req.Proof == usedProof && !r.use(ctx, c, n, req, with, &out) && attempt < attempts {
			continue
		}
		out.reply, out.err = c.send(ctx, n, req, with)
		r.prover.learn(out.Nonce)
		if out.err != nil || explained(out.reply, want) || attempt == attempts {
			return out
		}
		out.again = append(out.again, out.Decision)
	}
}

// explained says whether an answer is none that was too busy.
func explained(got reply, want int) bool {
	return got.Status != 503 || want == 503 && got.Decision != ""
}

// use sends the request with its proof for the first time, and says whether it was decided.
func (r *run) use(ctx context.Context, c *wire, n int, req *Request, with credential, out *sent) bool {
	fresh := *req
	fresh.Proof = goodProof
	got, err := c.send(ctx, n, req, with)
	if err == nil && explained(got, Evaluate(r.w, r.front, &fresh).Status) {
		out.first = &got
		return true
	}
	out.again = append(out.again, got.Decision)
	return false
}

// keysLoaded waits until every issuer that answers has been asked for its keys:
// being ready does not promise that.
func (r *run) keysLoaded(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, e2e.StartTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for _, i := range r.w.Issuers {
		for i.JWKS == "url" && r.providers[i.Name].Fetches() == 0 {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return fmt.Errorf("the keys of %s were never fetched: %w", i.Name, ctx.Err())
			}
		}
	}
	return nil
}

// close ends all processes and servers.
func (r *run) close() error {
	var errs []error
	if r.proxy != nil {
		errs = append(errs, r.proxy.Stop())
	}
	if r.server != nil {
		select {
		case <-r.server.Done():
		default:
			errs = append(errs, r.server.Stop())
		}
	}
	for _, name := range sortedKeys(r.providers) {
		errs = append(errs, r.providers[name].Stop())
	}
	if r.upstream != nil {
		r.upstream.server.Close()
	}
	return errors.Join(errs...)
}
