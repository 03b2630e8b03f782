package identity

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/tiergate/tiergate/rules/dial"
	"github.com/tiergate/tiergate/rules/regular"
)

const (
	maxBody  = 256 << 10       // bytes of a key set or a discovery document
	filePace = 2 * time.Second // between two looks at a file
)

// source is where an issuer's key set comes from. Its methods are called one at
// a time. fetch MUST end with its context and MUST NOT return more than maxBody bytes.
type source interface {
	// fetch returns the document. known says that an earlier one is still in
	// force, so that the answer may be "unchanged".
	fetch(ctx context.Context, known bool) (document, error)
	// accepted tells that a document was good, so it may be the base of "unchanged".
	accepted(document)
	// pace is the time between two fetches when nobody says otherwise.
	pace() time.Duration
}

// document is a fetched key set.
type document struct {
	body      []byte
	url       string         // where it is from, if anywhere
	etag      string         // of that URL alone
	made      time.Time      // when the issuer wrote it, by its own clock; zero when unknown
	maxAge    *time.Duration // what Cache-Control asks for and caches left of it; nil when it says nothing
	unchanged bool           // the last accepted body is in force, and is repeated in body
}

// remote is a key set behind a URL, found by OIDC discovery unless url is set.
type remote struct {
	get       *getter
	url       string
	discovery *discovery // nil when url is configured
	last      document   // the last good one
	good      bool       // the last answer was
}

func (r *remote) pace() time.Duration { return defaultRefresh }

func (r *remote) accepted(d document) { r.last, r.good = d, true }

func (r *remote) fetch(ctx context.Context, known bool) (document, error) {
	url := r.url
	if r.discovery != nil {
		if !r.good {
			r.discovery.forget() // the provider may have moved its keys
		}
		var err error
		if url, err = r.discovery.keySetURL(ctx, r.get); err != nil {
			return document{}, err
		}
	}
	etag := ""
	if known && url == r.last.url { // another URL may use the same tag for other keys
		etag = r.last.etag
	}
	doc, err := r.get.document(ctx, url, etag)
	r.good = false // until it is accepted
	if err != nil {
		return document{}, fmt.Errorf("keys from %s: %w", dial.Printable(url), err)
	}
	doc.url = url
	if doc.unchanged {
		doc.body, doc.etag = r.last.body, r.last.etag
	}
	return doc, nil
}

// file is a key set on disk. It is read again all the time: a mounted ConfigMap
// is swapped without notice.
type file struct {
	path string
	last []byte // the last good content
}

func (f *file) pace() time.Duration { return filePace }
func (f *file) accepted(d document) { f.last = d.body }

func (f *file) fetch(_ context.Context, known bool) (document, error) {
	body, err := regular.ReadFile(f.path, maxBody)
	return document{body: body, unchanged: known && err == nil && bytes.Equal(body, f.last)}, err
}
