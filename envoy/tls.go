package envoy

import (
	_ "embed"
	"encoding/json"
)

//go:embed tls.yaml
var tlsBlocks []byte

// Mesh is a listener that knows its clients by certificate.
type Mesh struct {
	Listen                string // host:port
	CertFile, KeyFile     string // the listener's own
	ClientCAFile          string // who may vouch for clients
	CertificateIsOptional bool

	// AcceptUntrusted passes on certificates that nobody vouches for, as if they
	// were good: only for showing what becomes of them.
	AcceptUntrusted bool
	// Forward is what becomes of x-forwarded-client-cert, such as APPEND_FORWARD;
	// "" drops it.
	Forward string
}

// Link is how Envoy reaches a tiergate on another machine: by mutual TLS.
type Link struct {
	CertFile, KeyFile string // Envoy's own; tiergate's listener allows its SAN
	CAFile            string // who may vouch for tiergate
	Name              string // the DNS name that tiergate's certificate must have
}

// block returns one of the blocks of tls.yaml, to be edited.
func (e *edit) block(name string) *edit {
	blocks, err := parse(tlsBlocks)
	if err != nil {
		e.fail("tls.yaml: %w", err)
		return nil
	}
	block, ok := blocks[name].(map[string]any)
	if !ok {
		e.fail("tls.yaml: no block %q", name)
		return nil
	}
	return &edit{root: block}
}

// certificates puts the files into a TLS block.
func (e *edit) certificates(certFile, keyFile, caFile string) {
	certificate, _ := e.at("typed_config", "common_tls_context", "tls_certificates", 0).(map[string]any)
	validation, _ := e.at("typed_config", "common_tls_context", "validation_context").(map[string]any)
	if e.err != nil {
		return
	}
	certificate["certificate_chain"] = file(certFile)
	certificate["private_key"] = file(keyFile)
	validation["trusted_ca"] = file(caFile)
}

func file(path string) map[string]any { return map[string]any{"filename": path} }

// link puts the cluster "tiergate" behind the TLS block of tls.yaml.
func (e *edit) link(l *Link) {
	if l == nil || e.err != nil {
		return
	}
	block := e.block("tiergate")
	cluster, _ := e.at("static_resources", "clusters", "tiergate").(map[string]any)
	if e.err != nil {
		return
	}
	block.certificates(l.CertFile, l.KeyFile, l.CAFile)
	config, _ := block.at("typed_config").(map[string]any)
	san, _ := block.at("typed_config", "common_tls_context", "validation_context", "match_typed_subject_alt_names", 0).(map[string]any)
	if block.err != nil {
		e.fail("tls.yaml: %w", block.err)
		return
	}
	config["sni"] = l.Name
	san["matcher"] = map[string]any{"exact": l.Name}
	cluster["transport_socket"] = block.root
}

// mesh copies the listener "api" and puts it behind the TLS block of tls.yaml.
func (e *edit) mesh(m *Mesh) {
	if m == nil || e.err != nil {
		return
	}
	block := e.block("listener")
	listener, _ := clone(e.at("static_resources", "listeners", "api")).(map[string]any)
	resources, _ := e.at("static_resources").(map[string]any)
	if e.err != nil {
		return
	}
	block.certificates(m.CertFile, m.KeyFile, m.ClientCAFile)
	config, _ := block.at("typed_config").(map[string]any)
	if block.err != nil {
		e.fail("tls.yaml: %w", block.err)
		return
	}
	config["require_client_certificate"] = !m.CertificateIsOptional
	validation, _ := block.at("typed_config", "common_tls_context", "validation_context").(map[string]any)
	if m.AcceptUntrusted && block.err == nil {
		validation["trust_chain_verification"] = "ACCEPT_UNTRUSTED"
	}

	c := &edit{root: listener}
	c.set(m.Listen)
	chain, _ := c.at("filter_chains", 0).(map[string]any)
	if c.err != nil {
		e.err = c.err
		return
	}
	if m.Forward != "" {
		manager, _ := c.at("filter_chains", 0, "filters", 0, "typed_config").(map[string]any)
		if c.err != nil {
			e.err = c.err
			return
		}
		manager["forward_client_cert_details"] = m.Forward
		manager["set_current_client_cert_details"] = map[string]any{"uri": true, "cert": true}
	}
	listener["name"] = "mesh"
	chain["transport_socket"] = block.root
	listeners, _ := resources["listeners"].([]any)
	resources["listeners"] = append(listeners, listener)
}

// clone copies a tree that came from YAML, which JSON can hold.
func clone(node any) any {
	text, err := json.Marshal(node)
	if err != nil {
		return nil
	}
	var copied any
	if err := json.Unmarshal(text, &copied); err != nil {
		return nil
	}
	return copied
}
