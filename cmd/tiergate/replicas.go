package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/rules/regular"
)

// replicas are the servers that a command speaks to, as its flags name them.
type replicas struct {
	config        string
	peers         []string
	cert, key, ca string
	timeout       time.Duration
}

func (r *replicas) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&r.config, "config", "c", "", "the server's configuration: the replica that runs on it is asked, unless --peers says which")
	f.StringSliceVar(&r.peers, "peers", nil, "control listeners to ask, each unix:/path or host:port")
	f.StringVar(&r.cert, "cert", "", "for host:port: PEM file with our certificate")
	f.StringVar(&r.key, "key-file", "", "for host:port: PEM file with its key")
	f.StringVar(&r.ca, "ca", "", "for host:port: PEM file with the authorities that the replicas' certificates are of")
	f.DurationVar(&r.timeout, "timeout", 10*time.Second, "how long a replica may take; one that does not answer is asked again within it")
}

// peer is one control listener.
type peer struct {
	name    string // as it was given
	base    string // of its URLs
	client  *http.Client
	timeout time.Duration // until it has answered
	wait    func(ctx context.Context, pause time.Duration)
}

type peerList []*peer

// open finds out whom to ask. Nobody is reached yet.
func (r *replicas) open() (peerList, error) {
	names := r.peers
	if len(names) == 0 {
		own, err := r.own()
		if err != nil {
			return nil, err
		}
		names = []string{own}
	}
	if r.timeout <= 0 {
		return nil, fmt.Errorf("--timeout is %v, want more than 0", r.timeout)
	}
	list := make(peerList, 0, len(names))
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			return nil, fmt.Errorf("--peers names %q twice", name)
		}
		seen[name] = true
		p, err := r.peer(name)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// own is the control listener of the configuration.
func (r *replicas) own() (string, error) {
	if r.config == "" {
		return "", errors.New("say which replicas: -c tiergate.yaml or --peers")
	}
	c, err := loadConfig(r.config)
	if err != nil {
		return "", err
	}
	switch {
	case c.Control.Socket.V != "":
		return "unix:" + c.socket(), nil
	case c.Control.Address.V != "":
		return c.Control.Address.V, nil
	}
	return "", fmt.Errorf("%s has no control listener; add control: { socket: ./state/control.sock }", r.config)
}

func (r *replicas) peer(name string) (*peer, error) {
	if path, ok := strings.CutPrefix(name, "unix:"); ok {
		if !filepath.IsAbs(path) {
			return nil, fmt.Errorf("peer %q: want unix: and an absolute path", name)
		}
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: attempt}).DialContext(ctx, "unix", path)
		}
		return r.at(name, "http://control", &http.Transport{DialContext: dial}), nil
	}
	host, _, err := net.SplitHostPort(name)
	if err != nil || host == "" {
		return nil, fmt.Errorf("peer %q: want unix:/path or host:port", name)
	}
	config, err := r.tls()
	if err != nil {
		return nil, fmt.Errorf("peer %q: %w", name, err)
	}
	return r.at(name, "https://"+name, overTLS(config)), nil
}

// overTLS bounds connecting alone.
func overTLS(config *tls.Config) *http.Transport {
	return &http.Transport{DialContext: (&net.Dialer{Timeout: attempt}).DialContext, TLSClientConfig: config, ForceAttemptHTTP2: true}
}

// at follows nobody elsewhere: who was asked must answer.
func (r *replicas) at(name, base string, t *http.Transport) *peer {
	client := &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return &peer{name: name, base: base, client: client, timeout: r.timeout, wait: wait}
}

const maxPEM = 1 << 20

func (r *replicas) tls() (*tls.Config, error) {
	if r.cert == "" || r.key == "" || r.ca == "" {
		return nil, errors.New("host:port needs --cert, --key-file and --ca")
	}
	var files [3][]byte
	for i, path := range []string{r.cert, r.key, r.ca} {
		var err error
		if files[i], err = regular.ReadFile(path, maxPEM); err != nil {
			return nil, err
		}
	}
	pair, err := tls.X509KeyPair(files[0], files[1])
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", r.cert, r.key, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(files[2]) {
		return nil, fmt.Errorf("%s: no certificate in it", r.ca)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, RootCAs: roots}, nil
}

// reply is what one replica has said.
type reply struct {
	Peer  string `json:"peer"`
	Epoch uint64 `json:"epoch,omitempty"`
	ID    string `json:"id,omitempty"`
	Error string `json:"error,omitempty"` // "" when it has acknowledged

	text []byte
}

// tell asks all replicas at once, and waits for each.
func (l peerList) tell(ctx context.Context, method, path string, body any) []reply {
	replies := make([]reply, len(l))
	var all sync.WaitGroup
	for i, p := range l {
		all.Go(func() {
			replies[i] = reply{Peer: p.name}
			text, err := p.ask(ctx, method, path, body)
			var a answer
			if err == nil {
				err = a.read(method, body, text)
			}
			if err != nil {
				replies[i].Error = err.Error()
				return
			}
			replies[i].text, replies[i].Epoch = text, *a.Epoch
			if a.Entry != nil {
				replies[i].ID = a.Entry.ID
			}
		})
	}
	all.Wait()
	return replies
}

func (l peerList) close() {
	for _, p := range l {
		p.client.CloseIdleConnections()
	}
}
