package extauthz

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/rules/regular"
)

// TLS makes a listener prove itself and ask its clients to, both always. Files are read again
// when they change; a pair that does not fit leaves the old one in force.
type TLS struct {
	CertFile string // PEM, leaf first
	KeyFile  string
	ClientCA string // PEM; clients must show a certificate that it signed
	// ClientSANs are who may call: a client certificate must have one of them,
	// exactly. With :// in it an entry is a URI SAN, else a DNS SAN.
	ClientSANs []string
}

func (t *TLS) check(address string) error {
	var missing []string
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"CertFile", t.CertFile != ""}, {"KeyFile", t.KeyFile != ""}, {"ClientCA", t.ClientCA != ""}, {"ClientSANs", len(t.ClientSANs) > 0},
	} {
		if !f.set {
			missing = append(missing, f.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("extauthz: listener %q has TLS without %s", address, strings.Join(missing, ", "))
	}
	return nil
}

// Check reads the files as a listener does when it starts.
func (t *TLS) Check() error {
	_, err := openTLS(t)
	return err
}

// tlsPoll is how often TLS files are looked at.
const tlsPoll = 2 * time.Second

// maxPEM is how much is read of each of them, in bytes: more than every public
// CA in one file.
const maxPEM = 4 << 20

// tlsFiles holds the configuration made from the files as they were last good.
type tlsFiles struct {
	t       *TLS
	current atomic.Pointer[tls.Config]
	seen    [sha256.Size]byte // of the files last read, good or bad
}

func openTLS(t *TLS) (*tlsFiles, error) {
	f := &tlsFiles{t: t}
	_, err := f.reload()
	return f, err
}

// config is the outer configuration; every handshake asks for the one in force.
func (f *tlsFiles) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return f.current.Load(), nil
		},
	}
}

// run looks for changed files until ctx ends.
func (f *tlsFiles) run(ctx context.Context, log *slog.Logger, m *Metrics) error {
	tick := time.NewTicker(tlsPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		switch changed, err := f.reload(); {
		case err != nil && changed:
			m.tlsReloads.WithLabelValues("failed").Inc()
			log.Error("TLS files not loaded, the old ones stay in force", slog.String("cert", f.t.CertFile), slog.Any("error", err))
		case changed:
			m.tlsReloads.WithLabelValues("ok").Inc()
			log.Info("TLS files loaded", slog.String("cert", f.t.CertFile))
		}
	}
}

// reload reads the files and, when they differ from those last read, puts them in force.
func (f *tlsFiles) reload() (changed bool, err error) {
	cert, err1 := regular.ReadFile(f.t.CertFile, maxPEM)
	key, err2 := regular.ReadFile(f.t.KeyFile, maxPEM)
	ca, err3 := regular.ReadFile(f.t.ClientCA, maxPEM)
	err = errors.Join(err1, err2, err3)
	message := ""
	if err != nil {
		message = err.Error()
	}
	seen := sha256.Sum256(bytes.Join([][]byte{cert, key, ca, []byte(message)}, []byte{0}))
	if seen == f.seen {
		return false, nil
	}
	f.seen = seen
	if err != nil {
		return true, err
	}
	next, err := f.build(cert, key, ca)
	if err != nil {
		return true, err
	}
	f.current.Store(next)
	return true, nil
}

func (f *tlsFiles) build(cert, key, ca []byte) (*tls.Config, error) {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", f.t.CertFile, f.t.KeyFile, err)
	}
	if now := time.Now(); pair.Leaf != nil && now.After(pair.Leaf.NotAfter) {
		return nil, fmt.Errorf("%s: expired at %v", f.t.CertFile, pair.Leaf.NotAfter)
	}
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s: no certificate in it", f.t.ClientCA)
	}
	return &tls.Config{
		MinVersion:             tls.VersionTLS12,
		NextProtos:             []string{"h2"},
		Certificates:           []tls.Certificate{pair},
		ClientCAs:              clients,
		ClientAuth:             tls.RequireAndVerifyClientCert,
		VerifyConnection:       f.t.allowed,
		SessionTicketsDisabled: true, // a resumed session would skip a client CA that was changed
	}, nil
}

// allowed accepts a verified client only if it is one of those named.
func (t *TLS) allowed(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("no client certificate")
	}
	leaf := state.PeerCertificates[0]
	if _, ok := t.named(leaf); !ok {
		return fmt.Errorf("client certificate of %q has none of the allowed SANs", leaf.Subject)
	}
	return nil
}

// named returns the first of the allowed SANs that a certificate has. Host names
// are the same in any case, URIs are not.
func (t *TLS) named(leaf *x509.Certificate) (san string, ok bool) {
	for _, want := range t.ClientSANs {
		if strings.Contains(want, "://") {
			for _, u := range leaf.URIs {
				if u.String() == want {
					return want, true
				}
			}
		} else if slices.ContainsFunc(leaf.DNSNames, func(name string) bool { return strings.EqualFold(name, want) }) {
			return want, true
		}
	}
	return "", false
}
