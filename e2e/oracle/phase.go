package oracle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/idp"
)

// spareKey is the kid of an issuer's second key. Two issuers have one of that name.
const spareKey = "spare"

func spare(p *idp.Provider, i *Issuer) error {
	if i.Name == "third" || i.Name == "dead" {
		return nil
	}
	key, err := idp.NewKey(spareKey, i.Algorithm)
	if err == nil {
		p.Announce(key)
	}
	return err
}

// kids are the names of the keys that sign, by issuer.
func (r *run) kids() map[string]string {
	kids := map[string]string{}
	for name, p := range r.providers {
		kids[name] = p.Current().ID
	}
	return kids
}

// mint makes all tokens, and the keys that some are bound to.
func (r *run) mint() (err error) {
	if r.prover, err = newProver(r.w, r.front); err != nil {
		return err
	}
	m := &mint{w: r.w, providers: r.providers, hashes: map[string]string{}}
	for _, k := range r.prover.holders {
		thumb, err := k.Thumbprint()
		if err != nil {
			return err
		}
		m.prints = append(m.prints, thumb)
	}
	for name, leaf := range r.leaves {
		sum := sha256.Sum256(leaf.TLS.Certificate[0])
		m.hashes[name] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	r.tokens, err = m.tokens(r.began)
	return err
}

// firstNonce asks for one, as a client does that has none yet.
func (r *run) firstNonce(ctx context.Context) error {
	at := slices.IndexFunc(r.w.Tokens, func(t *Token) bool {
		i := r.w.issuer(t.Issuer)
		return i.Nonce && t.Holder == 1 && t.Certificate == "" && t.bindable(i)
	})
	if at < 0 {
		return nil
	}
	for _, h := range r.w.Hosts {
		for _, l := range h.Lines {
			if l.Method != http.MethodGet || l.Open || slices.ContainsFunc(l.Path, func(s Segment) bool { return len(s.names()) > 0 }) {
				continue
			}
			var path []string
			for _, s := range l.Path {
				path = append(path, s.Literal)
			}
			return r.askNonce(ctx, &Request{Method: l.Method, Host: h.Name, Target: "/" + strings.Join(path, "/"), Token: at, Scheme: "DPoP", Proof: goodProof})
		}
	}
	return fmt.Errorf("no line to ask for a nonce by")
}

func (r *run) askNonce(ctx context.Context, req *Request) error {
	c := &wire{plain: r.proxy.Listener("api"), conns: map[string]*conn{}}
	defer c.close()
	token := r.tokens[req.Token]
	proof, err := r.prover.proof(req, token, time.Now())
	if err != nil {
		return err
	}
	got, err := c.send(ctx, -1, req, credential{token, proof})
	if r.prover.learn(got.Nonce); err == nil && got.Nonce == "" {
		return fmt.Errorf("no nonce came with status %d", got.Status)
	}
	return err
}

// enter puts in force what a phase has. Nobody asks meanwhile.
func (r *run) enter(ctx context.Context, phase int) error {
	if phase == r.phase {
		return nil
	}
	before := r.phase
	r.phase = phase
	if before < rowsChange && phase >= rowsChange {
		if err := r.changeRows(ctx, phase); err != nil {
			return err
		}
	}
	if before < slipAt && phase >= slipAt {
		if err := r.slip(ctx); err != nil {
			return err
		}
	}
	return r.revoke(ctx, before, phase)
}

// revoke makes the revocations of a phase of those of another: told to the
// control socket, and in the file.
func (r *run) revoke(ctx context.Context, before, phase int) error {
	want := []string{}
	for n, v := range r.w.Revocations {
		if v.in(phase) && !v.Ended {
			want = append(want, because(n))
		}
		if v.File || v.in(before) == v.in(phase) {
			continue
		}
		method, path, body := http.MethodPost, "", fmt.Sprintf(`{"id":%q,"because":%q,"by":%s}`, because(n), because(n), v.json(r.began, r.kids()))
		if !v.in(phase) {
			method, path, body = http.MethodDelete, "/"+because(n), `{"because":"the phase is over"}`
		}
		if _, err := r.control(ctx, method, path, body); err != nil {
			return err
		}
	}
	file := r.w.RevokedFile(phase, r.began, r.kids())
	if before >= 0 && file != r.w.RevokedFile(before, r.began, r.kids()) {
		if err := r.replace(revocationsFile, file); err != nil {
			return err
		}
	}
	slices.Sort(want)
	return r.until(ctx, "the revocations", func() (bool, error) {
		text, err := r.control(ctx, http.MethodGet, "", "")
		if err != nil {
			return false, err
		}
		var listing struct {
			Entries []struct{ Because string }
		}
		if err := json.Unmarshal(text, &listing); err != nil {
			return false, err
		}
		got := []string{}
		for _, e := range listing.Entries {
			got = append(got, e.Because)
		}
		slices.Sort(got)
		return slices.Equal(got, want), nil
	})
}

// json is what the entry goes by, for the control socket.
func (v *Revocation) json(now time.Time, kids map[string]string) string {
	by := map[string]any{}
	key := v.Key
	if key == "main" {
		key = kids[v.Issuer]
	}
	for name, value := range map[string]string{"issuer": v.Issuer, "token_id": v.Token, "session": v.Session, "subject": v.Subject, "client": v.Client, "key": key, "identity": v.Identity} {
		if value != "" {
			by[name] = value
		}
	}
	if v.All {
		by["all"] = true
	}
	if v.Before > 0 {
		by["issued_before"] = now.Add(-v.Before).UTC().Format(time.RFC3339)
	}
	text, err := json.Marshal(by)
	if err != nil {
		return "{}" // texts and booleans marshal
	}
	return string(text)
}

// control asks the server over its socket; an answer that is not 2xx is an error.
func (r *run) control(ctx context.Context, method, path, body string) ([]byte, error) {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(r.dir, "control", "c.sock"))
	}}
	req, err := http.NewRequestWithContext(ctx, method, "http://tiergate/v1/revocations"+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s %s: %s: %s", method, path, body, resp.Status, text)
	}
	return text, err
}

// changeRows replaces the sources that hold subjects.
func (r *run) changeRows(ctx context.Context, phase int) error {
	before, after := r.w.CatalogFilesAt(0), r.w.CatalogFilesAt(phase)
	for _, name := range sortedKeys(after) {
		if before[name] == after[name] {
			continue
		}
		if err := r.replaceAndSee(ctx, name, after[name], "catalog file loaded"); err != nil {
			return err
		}
	}
	return nil
}

// slip offers a misspelt version of a source, which nobody may take.
func (r *run) slip(ctx context.Context) error {
	t := r.w.slips()
	if t == nil {
		return nil
	}
	name := t.Source.CatalogFile()
	return r.replaceAndSee(ctx, name, t.misspelt(), "catalog file kept as it was")
}

// slips is the type whose source is offered in a misspelt version; nil for none.
func (w *World) slips() *Type {
	for _, t := range w.Types {
		if t.Source != nil && !t.Source.Typed {
			return t
		}
	}
	return nil
}

// misspelt is the file without a tier in any row, and with the owners, who are all
// the same, under a name that is almost theirs.
func (t *Type) misspelt() string {
	worse, source := *t, *t.Source
	worse.Source, source.Rows = &source, nil
	for _, r := range t.Source.Rows {
		source.Rows = append(source.Rows, &Row{ID: r.ID, Tier: t.Tier, Parent: r.Parent, Values: map[string]any{"owner": "u1"}})
	}
	return strings.ReplaceAll(strings.ReplaceAll(worse.file(), `"owner":`, `"onwer":`), ",owner", ",onwer")
}

// replaceAndSee replaces a file and waits for what the server's log says of it.
func (r *run) replaceAndSee(ctx context.Context, name, text, message string) error {
	count := func() (int, error) {
		log, err := os.ReadFile(filepath.Join(r.dir, "tiergate.log"))
		n := 0
		for line := range bytes.Lines(log) {
			if bytes.Contains(line, []byte(message)) && bytes.Contains(line, []byte(filepath.Base(name))) {
				n++
			}
		}
		return n, err
	}
	before, err := count()
	if err != nil {
		return err
	}
	if err := r.replace(name, text); err != nil {
		return err
	}
	return r.until(ctx, message+" of "+name, func() (bool, error) {
		n, err := count()
		return n > before, err
	})
}

// replace renames a whole new file over one.
func (r *run) replace(name, text string) error {
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// until polls what must come to be.
func (r *run) until(ctx context.Context, what string, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, e2e.StartTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s never came: %w", what, ctx.Err())
		}
	}
}
