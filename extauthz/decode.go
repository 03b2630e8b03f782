package extauthz

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tiergate/tiergate/rules"
)

// Field numbers of the messages that a request is read from. A test reads every
// message with the generated ones too and compares.
const (
	requestAttributes = 1 // CheckRequest

	attributesSource  = 1 // AttributeContext
	attributesRequest = 4

	peerAddress     = 1 // AttributeContext.Peer; service (2) is left out: the client chooses it
	peerPrincipal   = 4
	peerCertificate = 5

	addressSocket = 1 // Address, a oneof of three
	addressOther1 = 2
	addressOther2 = 3

	socketAddress = 2 // SocketAddress

	requestHTTP = 2 // AttributeContext.Request

	httpID        = 1 // AttributeContext.HttpRequest
	httpMethod    = 2
	httpHeaders   = 3
	httpPath      = 4
	httpHost      = 5
	httpScheme    = 6
	httpSize      = 9
	httpBody      = 11
	httpRawBody   = 12
	httpHeaderMap = 13

	headerMapHeaders = 1 // HeaderMap

	headerKey      = 1 // HeaderValue, and an entry of headers
	headerValue    = 2
	headerRawValue = 3
)

// decode reads a CheckRequest into raw and judges none of it, but for what says
// the same thing twice and differently, see agrees. What is missing at any level
// stays empty, and an empty request is denied by whoever reads it. The generated messages would cost a third of a Check: some 90 allocations, most of
// them for what nobody looks at. raw shares the memory of message.
//
// As protobuf has it, a field that comes twice counts as it came last, and parts
// of one message add up.
func decode(raw *rules.RawRequest, message string) error {
	d := decoder{raw: raw}
	err := d.message(message)
	agree := d.finish() // of what cannot be read to its end too: the form of the denial depends on headers
	if err == nil && !agree {
		return errContradiction
	}
	return err
}

// decoder gathers what only the whole message decides.
type decoder struct {
	raw     *rules.RawRequest
	list    []rules.Header // header_map: in order, repeats and bytes kept
	inexact bool           // of which some value came as text
	entries []rules.Header // headers: a map, as it came
	scheme  string
	body    string
	rawBody string
	pseudo  [len(pseudo)]pseudoHeader // the last of each
}

func (d *decoder) message(message string) error {
	s := scanner{rest: message}
	for s.next() {
		if s.field == requestAttributes && s.kind == protowire.BytesType {
			if err := d.attributes(s.text); err != nil {
				return err
			}
		}
	}
	return s.err
}

func (d *decoder) attributes(message string) error {
	s := scanner{rest: message}
	for s.next() {
		if s.kind != protowire.BytesType {
			continue
		}
		var err error
		switch s.field {
		case attributesSource:
			err = d.peer(s.text)
		case attributesRequest:
			err = d.request(s.text)
		}
		if err != nil {
			return err
		}
	}
	return s.err
}

func (d *decoder) peer(message string) error {
	s := scanner{rest: message}
	for s.next() {
		if s.kind != protowire.BytesType {
			continue
		}
		var err error
		switch s.field {
		case peerAddress:
			err = d.address(s.text)
		case peerPrincipal:
			err = text(&d.raw.Principal, s.text)
		case peerCertificate:
			err = text(&d.raw.Certificate, s.text)
		}
		if err != nil {
			return err
		}
	}
	return s.err
}

func (d *decoder) address(message string) error {
	s := scanner{rest: message}
	for s.next() {
		if s.kind != protowire.BytesType {
			continue
		}
		switch s.field {
		case addressSocket:
			if err := d.socket(s.text); err != nil {
				return err
			}
		case addressOther1, addressOther2:
			d.raw.Source = netip.Addr{}
		}
	}
	return s.err
}

func (d *decoder) socket(message string) error {
	s := scanner{rest: message}
	for s.next() {
		if s.field == socketAddress && s.kind == protowire.BytesType {
			if !utf8.ValidString(s.text) {
				return errUTF8
			}
			d.raw.Source, _ = netip.ParseAddr(s.text) // invalid when it is none
		}
	}
	return s.err
}

func (d *decoder) request(message string) error {
	s := scanner{rest: message}
	for s.next() {
		if s.field == requestHTTP && s.kind == protowire.BytesType {
			if err := d.http(s.text); err != nil {
				return err
			}
		}
	}
	return s.err
}

func (d *decoder) http(message string) error {
	s := scanner{rest: message}
	for s.next() {
		if s.field == httpSize && s.kind == protowire.VarintType {
			d.raw.Size = int64(s.value) //nolint:gosec // -1 is sent so
		}
		if s.kind != protowire.BytesType {
			continue
		}
		if err := d.httpField(s.field, s.text); err != nil {
			return err
		}
	}
	return s.err
}

func (d *decoder) httpField(field uint64, content string) error {
	switch field {
	case httpID:
		return text(&d.raw.ProxyID, content)
	case httpMethod:
		return text(&d.raw.Method, content)
	case httpPath:
		return text(&d.raw.Path, content)
	case httpHost:
		return text(&d.raw.Host, content)
	case httpScheme:
		return text(&d.scheme, content)
	case httpBody:
		return text(&d.body, content)
	case httpRawBody:
		d.rawBody = content
	case httpHeaders:
		_, err := header(&d.entries, content, false)
		return err
	case httpHeaderMap:
		return d.headerMap(content)
	}
	return nil
}

// text keeps what a field says if it is text.
func text(into *string, content string) error {
	if !utf8.ValidString(content) {
		return errUTF8
	}
	*into = content
	return nil
}

// finish settles which of two forms counts. It reports false for a message that
// contradicts itself.
func (d *decoder) finish() bool {
	d.raw.Path = strings.Clone(d.raw.Path) // ids are parts of it, and caches keep ids
	agree := d.rawBody == "" || d.body == "" || d.rawBody == d.body
	if d.rawBody == "" {
		d.rawBody = d.body
	}
	if d.rawBody != "" {
		d.raw.Body = []byte(d.rawBody)
	}
	headers := d.list
	if len(headers) == 0 {
		headers = ordered(d.entries)
	} else if len(d.entries) > 0 {
		agree = false
	}
	d.raw.Exact = len(d.list) > 0 && !d.inexact
	d.raw.Headers = headers[:0]
	for _, h := range headers {
		if isPseudo(h.Name) { // of these only :path says more than the fields
			agree = d.agrees(h) && agree
			if h.Name == ":path" {
				d.raw.RawPath = h.Value
			}
			continue
		}
		h.Name = lower(h.Name)
		d.raw.Headers = append(d.raw.Headers, h)
	}
	return agree
}

// lower folds ASCII alone: the Kelvin sign would become a k, and a name that is
// none a name that rules and removals know.
func lower(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return name
		}
	}
	return strings.ToLower(name)
}
