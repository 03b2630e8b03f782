package revocation

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Control is the HTTP API through which operators change a List:
//
//	GET    /v1/revocations        what is in force
//	POST   /v1/revocations        { by, because, until, id } puts an entry in force
//	DELETE /v1/revocations/{id}   { because } takes it back
//
// An answer of 2xx says that the change is durable and that this replica's next
// request is judged by it; every other one says that nobody may count on it.
type Control struct {
	List *List
	// Names are those of now: an entry that names nobody would look like one that works.
	Names
	Log *slog.Logger
	Now func() time.Time // nil is time.Now
}

// idForm is what a client may choose as an id: one that several replicas know an
// entry by. It can never be that of an entry in a file.
var idForm = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// maxRequest bounds the body of a request, in bytes.
const maxRequest = 16 << 10

// Answer is what a change comes back with.
type Answer struct {
	Epoch uint64 `json:"epoch"`
	Entry *Entry `json:"entry,omitempty"`
}

// Listing is what is in force.
type Listing struct {
	Epoch   uint64   `json:"epoch"`
	Entries []Listed `json:"entries"`
}

// Problem is an error for who asked (RFC 9457).
type Problem struct { //nolint:errname // the RFC's word
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func (p *Problem) Error() string { return p.Detail }

func problem(status int, format string, args ...any) *Problem {
	return &Problem{Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

// ServeFor answers one request of somebody whom the listener has let in.
func (c *Control) ServeFor(w http.ResponseWriter, r *http.Request, who string) {
	id, one := strings.CutPrefix(r.URL.Path, "/v1/revocations/")
	var answer any
	var err error
	status := http.StatusOK
	switch {
	case r.URL.Path == "/v1/revocations" && r.Method == http.MethodGet:
		answer = c.listing()
	case r.URL.Path == "/v1/revocations" && r.Method == http.MethodPost:
		status = http.StatusCreated
		answer, err = c.add(r, who)
	case one && id != "" && r.Method == http.MethodDelete:
		answer, err = c.restore(r, id, who)
	case r.URL.Path == "/v1/revocations" || one && id != "":
		err = problem(http.StatusMethodNotAllowed, "no %s on %s", r.Method, r.URL.Path)
	default:
		err = problem(http.StatusNotFound, "nothing at %s", r.URL.Path)
	}
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	write(w, status, "application/json", answer)
}

func (c *Control) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

func (c *Control) listing() Listing {
	entries, epoch := c.List.Entries()
	names := c.frozen()
	l := Listing{Epoch: epoch, Entries: make([]Listed, len(entries))}
	for i := range entries {
		l.Entries[i] = names.listed(&entries[i])
	}
	return l
}

func (c *Control) add(r *http.Request, who string) (*Answer, error) {
	e := Entry{ID: strings.ToLower(rand.Text()), At: c.now().UTC(), Who: who}
	if err := body(r, map[string]any{"id": &e.ID, "by": &e.By, "because": &e.Because, "until": &e.Until}); err != nil {
		return nil, err
	}
	err := e.check()
	if err == nil {
		err = e.legible()
	}
	if err != nil {
		return nil, problem(http.StatusUnprocessableEntity, "%v", err)
	}
	switch by := &e.By; {
	case !idForm.MatchString(e.ID):
		return nil, problem(http.StatusUnprocessableEntity, "id %q: want 1 to 64 of a-z, 0-9 and -", e.ID)
	case by.Issuer != "" && !c.Issuers(by.Issuer):
		return nil, problem(http.StatusUnprocessableEntity, "no issuer %q: want its name in the configuration, not its URL", by.Issuer)
	case by.Identity != "" && !c.Identities(by.Identity):
		return nil, problem(http.StatusUnprocessableEntity, "no identity %q in the rules in force", by.Identity)
	case e.ended(e.At):
		return nil, problem(http.StatusUnprocessableEntity, "until %v is over already", e.Until.Format(time.RFC3339))
	}
	e.Meant = c.Meaning(&e.By)
	epoch, err := c.List.Add(r.Context(), e)
	if errors.Is(err, ErrExists) {
		if there, epoch := c.List.again(&e); there != nil {
			return &Answer{Epoch: epoch, Entry: there}, nil
		}
	}
	if err != nil {
		return nil, err
	}
	c.Log.Info("revoked", slog.String("id", e.ID), slog.String("by", e.By.Form().String()), slog.String("who", who), slog.Uint64("epoch", epoch))
	return &Answer{Epoch: epoch, Entry: &e}, nil
}

func (c *Control) restore(r *http.Request, id, who string) (*Answer, error) {
	u := Undo{ID: id, Who: who}
	if err := body(r, map[string]any{"because": &u.Because}); err != nil {
		return nil, err
	}
	if err := u.check(); err != nil {
		return nil, problem(http.StatusUnprocessableEntity, "%v", err)
	}
	epoch, err := c.List.Restore(r.Context(), u)
	if err != nil {
		return nil, err
	}
	c.Log.Info("revocation restored", slog.String("id", id), slog.String("who", who), slog.Uint64("epoch", epoch))
	return &Answer{Epoch: epoch}, nil
}

// body reads the members of the request's JSON object. Only a client that says
// that it sends JSON does: a form in a browser cannot.
func body(r *http.Request, into map[string]any) error {
	if t := r.Header.Get("content-type"); t != "application/json" {
		return problem(http.StatusUnsupportedMediaType, "content-type is %q, want application/json", t)
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return problem(http.StatusBadRequest, "the body cannot be read: %v", err)
	}
	if len(text) > maxRequest {
		return problem(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", maxRequest)
	}
	o, err := readObject(text)
	if err == nil {
		err = o.members(into)
	}
	if err != nil {
		return problem(http.StatusBadRequest, "%v", err)
	}
	return nil
}

// refuse turns an error into an answer. What is not about the request is ours,
// and is logged.
func (c *Control) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p, ok := errors.AsType[*Problem](err)
	switch {
	case ok:
	case errors.Is(err, ErrNotFound):
		p = problem(http.StatusNotFound, "%v", err)
	case errors.Is(err, ErrExists), errors.Is(err, errInFile), errors.Is(err, errNoStore):
		p = problem(http.StatusConflict, "%v", err)
	case errors.Is(err, ErrFull):
		p = problem(http.StatusInsufficientStorage, "%v", err)
	default:
		c.Log.Error("revocation not kept", slog.String("method", r.Method), slog.Any("error", err))
		p = problem(http.StatusInternalServerError, "nobody may count on this change: %v", err)
	}
	write(w, p.Status, "application/problem+json", p)
}

func write(w http.ResponseWriter, status int, kind string, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"title":"Internal Server Error","status":500}`)
	}
	w.Header().Set("content-type", kind)
	w.Header().Set("cache-control", "no-store")
	w.WriteHeader(status)
	w.Write(append(text, '\n')) //nolint:errcheck // the client is gone
}
