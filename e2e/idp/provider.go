package idp

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Options say how a Provider starts.
type Options struct {
	Name string      // prefixes key and token ids; "idp" when empty
	Alg  string      // of the first key; RS256 when empty
	TLS  *tls.Config // serve https with it; nil is plain http
	Down bool        // do not listen until Resume, but have an address
}

// Provider is one issuer. Its methods may be called from any goroutine.
type Provider struct {
	name   string
	scheme string
	tls    *tls.Config
	addr   string // host:port, kept over Stop and Resume

	mu       sync.Mutex
	keys     []*Key // the last one signs
	before   []*Key // the set as it was before the last change
	made     int    // keys made so far, for their names
	fault    Fault
	fetches  int
	server   *http.Server
	finished chan struct{} // closed when server has returned
}

// Start returns a provider with one key that listens on a free loopback port.
func Start(o Options) (*Provider, error) {
	if o.Name == "" {
		o.Name = "idp"
	}
	if o.Alg == "" {
		o.Alg = "RS256"
	}
	p := &Provider{name: o.Name, scheme: "http", tls: o.TLS}
	if o.TLS != nil {
		p.scheme = "https"
	}
	if err := p.Rotate(o.Alg); err != nil {
		return nil, err
	}
	p.before = nil
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("idp: %w", err)
	}
	p.addr = listener.Addr().String()
	if o.Down {
		return p, listener.Close()
	}
	p.serve(listener)
	return p, nil
}

// Issuer is the provider's URL and the iss of its tokens.
func (p *Provider) Issuer() string { return p.scheme + "://" + p.addr }

// JWKSURL is where the key set is.
func (p *Provider) JWKSURL() string { return p.Issuer() + "/jwks.json" }

// Addr is the provider's host:port.
func (p *Provider) Addr() string { return p.addr }

// Fetches counts the requests for the key set so far, answered or not.
func (p *Provider) Fetches() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches
}

// Stop closes the port and all connections: the provider is down. A second
// Stop does nothing.
func (p *Provider) Stop() error {
	p.mu.Lock()
	server, finished := p.server, p.finished
	p.server = nil
	p.mu.Unlock()
	if server == nil {
		return nil
	}
	err := server.Close()
	<-finished
	return err
}

// Resume listens again on the port the provider had before Stop. Another
// process may have taken it meanwhile, which is the error.
func (p *Provider) Resume() error {
	var listen net.ListenConfig
	listener, err := listen.Listen(context.Background(), "tcp", p.addr)
	if err != nil {
		return fmt.Errorf("idp: resume: %w", err)
	}
	p.serve(listener)
	return nil
}

func (p *Provider) serve(listener net.Listener) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /jwks.json", p.jwks)
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // handshakes that tests break on purpose
	}
	if p.tls != nil {
		listener = tls.NewListener(listener, p.tls)
	}
	finished := make(chan struct{})
	p.mu.Lock()
	p.server, p.finished = server, finished
	p.mu.Unlock()
	go func() {
		defer close(finished)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Printf("idp %s: %v", p.name, err)
		}
	}()
}

func (p *Provider) discovery(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	fault := p.fault
	p.mu.Unlock()
	if fault.KeysOnly {
		fault = Fault{}
	}
	document, err := json.Marshal(map[string]any{
		"issuer":                                p.Issuer(),
		"jwks_uri":                              p.JWKSURL(),
		"id_token_signing_alg_values_supported": []string{"RS256", "ES256", "EdDSA"},
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fault.answer(w, r, document)
}

func (p *Provider) jwks(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.fetches++
	fault, keys := p.fault, p.keys
	if fault.Stale {
		keys = p.before
	}
	document, err := keySet(keys)
	p.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fault.answer(w, r, document)
}

// JWKS returns the published key set as JSON.
func (p *Provider) JWKS() ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return keySet(p.keys)
}

func keySet(keys []*Key) ([]byte, error) {
	set := make([]map[string]any, 0, len(keys))
	for _, k := range keys {
		set = append(set, k.JWK())
	}
	return json.Marshal(map[string]any{"keys": set})
}

// Rotate adds a fresh key for alg, which signs from now on. The old keys stay
// published until RemoveKey, as providers do it.
func (p *Provider) Rotate(alg string) error {
	p.mu.Lock()
	p.made++
	kid := fmt.Sprintf("%s-%d", p.name, p.made)
	p.mu.Unlock()
	key, err := NewKey(kid, alg)
	if err != nil {
		return err
	}
	p.AddKey(key)
	return nil
}

// AddKey publishes key and signs with it from now on.
func (p *Provider) AddKey(key *Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = p.keys
	p.keys = append(slices.Clone(p.keys), key)
}

// Announce publishes key and goes on signing with the current one, as careful
// providers do some time before they rotate.
func (p *Provider) Announce(key *Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = p.keys
	p.keys = append([]*Key{key}, p.keys...)
}

// SignWith makes the published key of that kid the current one.
func (p *Provider) SignWith(kid string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.keys, func(k *Key) bool { return k.ID == kid })
	if i < 0 {
		return fmt.Errorf("idp: no key %q is published", kid)
	}
	signer := p.keys[i]
	p.keys = append(slices.Delete(slices.Clone(p.keys), i, i+1), signer)
	return nil
}

// RemoveKey withdraws the key of that kid.
func (p *Provider) RemoveKey(kid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = p.keys
	p.keys = slices.DeleteFunc(slices.Clone(p.keys), func(k *Key) bool { return k.ID == kid })
}

// Keys returns the published keys; the last one signs.
func (p *Provider) Keys() []*Key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.keys)
}

// current is the key that signs. A provider always made one; where the test
// withdrew them all, a token is signed by one that nobody publishes.
func (p *Provider) current() *Key {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.keys); n > 0 {
		return p.keys[n-1]
	}
	return p.before[len(p.before)-1]
}
