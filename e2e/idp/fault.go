package idp

import (
	"bytes"
	"compress/gzip"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is one way in which the provider misbehaves. The zero Fault is none.
// Members combine: a slow redirect, a large error page.
type Fault struct {
	Delay     time.Duration // before the first byte
	SlowBytes time.Duration // between two bytes of the body
	Status    int           // instead of 200
	Redirect  string        // 302 to this URL
	Body      string        // instead of the document
	Size      int           // pad the body with spaces to so many bytes: still valid JSON
	Reset     bool          // close the connection without an answer
	Stale     bool          // replay the key set as it was before the last change
	Cut       int           // end the connection after so many bytes of the body
	Bomb      int           // gzip, unasked: so many zero bytes in a few
	Header    http.Header   // of the answer, such as Cache-Control

	// KeysOnly leaves OIDC discovery healthy.
	KeysOnly bool
}

// Faults that providers have shown, by what they answer.
var (
	EmptyObject = Fault{Body: "{}"}
	EmptyKeys   = Fault{Body: `{"keys":[]}`}
	NullBody    = Fault{Body: "null"}
	HTML        = Fault{Body: "<!doctype html><title>Maintenance</title><p>Back soon."}
	ServerError = Fault{Status: http.StatusInternalServerError, Body: "oops"}
)

// Break makes the provider misbehave from now on; Break(Fault{}) mends it.
func (p *Provider) Break(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// answer writes document as the fault wants it.
func (f Fault) answer(w http.ResponseWriter, r *http.Request, document []byte) {
	if !wait(r, f.Delay) {
		return
	}
	if f.Reset {
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to drop a connection
	}
	if f.Redirect != "" {
		http.Redirect(w, r, f.Redirect, http.StatusFound)
		return
	}
	if f.Body != "" {
		document = []byte(f.Body)
	}
	if pad := f.Size - len(document); pad > 0 {
		document = append(bytes.Clone(document), strings.Repeat(" ", pad)...)
	}
	maps.Copy(w.Header(), f.Header)
	w.Header().Set("Content-Type", "application/json")
	if f.Bomb > 0 {
		w.Header().Set("Content-Encoding", "gzip")
		document = bomb(f.Bomb)
	}
	if f.Cut > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(document)))
		document = document[:min(f.Cut, len(document))]
	}
	if f.Status != 0 {
		w.WriteHeader(f.Status)
	}
	if f.SlowBytes == 0 {
		w.Write(document) //nolint:errcheck // the client has gone: nobody to tell
		return
	}
	drip(w, r, document, f.SlowBytes)
}

// bomb is zero bytes, compressed a thousand times.
func bomb(size int) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	chunk := make([]byte, 64<<10)
	for left := size; left > 0; left -= len(chunk) {
		z.Write(chunk[:min(left, len(chunk))]) //nolint:errcheck // to memory
	}
	z.Close() //nolint:errcheck // to memory
	return out.Bytes()
}

// drip writes one byte per interval until the client gives up.
func drip(w http.ResponseWriter, r *http.Request, document []byte, interval time.Duration) {
	flush := http.NewResponseController(w)
	for i := range document {
		if _, err := w.Write(document[i : i+1]); err != nil {
			return
		}
		if err := flush.Flush(); err != nil {
			return
		}
		if !wait(r, interval) {
			return
		}
	}
}

// wait reports whether the client was still there after d.
func wait(r *http.Request, d time.Duration) bool {
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
