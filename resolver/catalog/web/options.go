package web

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules/dial"
)

// Options make a Source. Only Types has no default.
type Options struct {
	Types     map[string]Type
	AllowHTTP bool          // http from loopback
	CA        string        // PEM file of the authorities that are trusted, in place of the system's
	Cert, Key string        // PEM files of a client certificate
	Proxy     string        // http://host:port, for tunnels to https
	Header    string        // of the secret; "Authorization" with "Bearer " before the secret
	Secret    string        // file that holds it, and is read for each Lookup
	Timeout   time.Duration // of one Lookup, with its retries; 1 s
	MaxBody   int64         // bytes of one answer; 4 MiB
	InFlight  int           // requests at a time; 16
	Log       *slog.Logger  // silent by default
}

// Type says how the rows of a type are asked for, and what in the answer is what.
// Members are paths of names with dots between them; one that ends in "?" may be
// missing, any other that is missing makes a row bad. A member that is null is absent.
type Type struct {
	URL  string // of a GET for one id, which "{id}" stands for; or of the POST
	Keys string // member of the POST's body that is the list of ids; "": a GET

	Rows    string            // of the answer: the row of a GET, the list of a POST; "" is all of it
	ID      string            // of a row; "id"
	Tier    string            // "": rows have no place for the tier
	Parent  string            // or ""
	Columns map[string]string // member by attribute
	Batch   int               // ids in one POST; 100
}

const (
	defaultTimeout  = time.Second
	defaultBody     = 4 << 20
	defaultInFlight = 16
	defaultBatch    = 100
)

// Check returns what is wrong with the options, all of it.
func (o Options) Check() error {
	_, _, err := o.compiled()
	return err
}

// compiled returns the options as they are used.
func (o Options) compiled() (Options, map[string]*kind, error) {
	o.Timeout, o.MaxBody, o.InFlight = orDefault(o.Timeout, defaultTimeout), orDefault(o.MaxBody, defaultBody), orDefault(o.InFlight, defaultInFlight)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.Timeout < time.Millisecond || o.MaxBody < 1 || o.InFlight < 1 || o.InFlight > 1000 {
		add("timeout %v wants 1ms or more, max_body %d 1 or more, in_flight %d 1 to 1000", o.Timeout, o.MaxBody, o.InFlight)
	}
	if (o.Cert == "") != (o.Key == "") {
		add("cert and key come together")
	}
	if o.Proxy != "" {
		if _, err := dial.Proxy(o.Proxy); err != nil {
			errs = append(errs, err)
		}
	}
	switch o.Header = textproto.CanonicalMIMEHeaderKey(o.Header); {
	case o.Header != "" && o.Secret == "":
		add("header %q without the file of its secret", o.Header)
	case o.Header != "" && (!headerName.MatchString(o.Header) || slices.Contains(ours, o.Header)):
		add("no secret can be in the header %q", o.Header)
	}
	if len(o.Types) == 0 {
		add("no types: say how the rows of each type are asked for")
	}
	kinds := make(map[string]*kind, len(o.Types))
	for _, name := range slices.Sorted(maps.Keys(o.Types)) {
		k, err := o.Types[name].compile(name, &o)
		if err != nil {
			add("type %s: %w", name, err)
		}
		kinds[name] = k
	}
	return o, kinds, errors.Join(errs...)
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// ours are the headers that we set, or that say how a message is framed and routed.
var ours = []string{"Accept", "Accept-Encoding", "Connection", "Content-Length", "Content-Type", "Host", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent"}

// kind is a Type as it is used.
type kind struct {
	name     string
	template template // of a GET
	url      string   // of a POST
	keys     string   // "" for a GET
	batch    int
	rows     path
	id       path
	tier     path // nil for none
	parent   path
	columns  map[string]path
}

// builtIn are the columns that say what a row is; no attribute has such a name.
var builtIn = []string{"id", "type", "tier", "parent"}

func (t Type) compile(name string, o *Options) (*kind, error) {
	k := &kind{name: name, keys: t.Keys, url: t.URL, batch: orDefault(t.Batch, defaultBatch), columns: make(map[string]path, len(t.Columns))}
	var errs []error
	member := func(into *path, what, text string, wanted bool) {
		p, err := parsePath(text)
		switch {
		case err != nil:
		case wanted && p.optional:
			err = errors.New("it cannot be missing")
		case what != "rows" && !p.given():
			err = errors.New("it is the whole row")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %q: %w", what, text, err))
		}
		*into = p
	}
	if k.batch < 1 || k.batch > 10_000 {
		errs = append(errs, fmt.Errorf("batch %d wants 1 to 10000", k.batch))
	}
	if t.Keys == "" {
		var err error
		if k.template, err = parseTemplate(t.URL, o.AllowHTTP); err != nil {
			errs = append(errs, err)
		}
	} else if strings.ContainsAny(t.URL, "{}") {
		errs = append(errs, errors.New("the URL of a post takes no id: the body has them"))
	} else if err := dial.CheckURL(t.URL, o.AllowHTTP); err != nil {
		errs = append(errs, err)
	}
	if t.Rows != "" {
		member(&k.rows, "rows", t.Rows, true)
	}
	member(&k.id, "id", orDefault(t.ID, "id"), true)
	if t.Tier != "" {
		member(&k.tier, "tier", t.Tier, false)
	}
	if t.Parent != "" {
		member(&k.parent, "parent", t.Parent, false)
	}
	for _, attribute := range slices.Sorted(maps.Keys(t.Columns)) {
		if attribute == "" || slices.Contains(builtIn, attribute) {
			errs = append(errs, fmt.Errorf("the attribute %q has a built-in name: give %[1]s a key of its own", attribute))
		}
		var p path
		member(&p, "column "+attribute, t.Columns[attribute], false)
		k.columns[attribute] = p
	}
	if o.Proxy != "" && strings.HasPrefix(t.URL, "http:") {
		errs = append(errs, errors.New("proxy is for https, this is http"))
	}
	return k, errors.Join(errs...)
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
