package identity

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// The header in which a proxy says whose certificate it has seen, and its bounds.
const (
	xfccHeader  = "x-forwarded-client-cert"
	maxXFCC     = 64 << 10 // bytes
	maxElements = 64
)

// xfcc is one element of the header: what one proxy says of its own client. What
// it says of itself (By) and of names that are no workload's is not kept.
type xfcc struct {
	uris  []string
	hash  string // hex SHA-256 of the certificate
	cert  string // URL-encoded PEM of the leaf
	chain string // URL-encoded PEM of the leaf and what it came with
}

// forwarded returns what the proxy that is the request's direct peer says of its
// client: the last element of the header. Where the proxy in front of us has
// appended an element of its own, that one is about the direct peer and is
// skipped, once. Whatever stands before was sent by clients.
func forwarded(req *rules.Request) (xfcc, bool) {
	var all []xfcc
	for i := range req.Headers {
		if req.Headers[i].Name != xfccHeader {
			continue
		}
		list, err := parseXFCC(req.Headers[i].Value)
		if err != nil { // who could not be read may have been anyone
			return xfcc{}, false
		}
		all = append(all, list...)
	}
	if n := len(all); n > 0 && all[n-1].isAbout(req) {
		all = all[:n-1]
	}
	if len(all) == 0 {
		return xfcc{}, false
	}
	return all[len(all)-1], true
}

// isAbout reports whether the element is about the direct peer of a request.
func (e *xfcc) isAbout(req *rules.Request) bool {
	if len(e.uris) != 1 || e.uris[0] != req.Principal {
		return false
	}
	if e.hash == "" || req.Certificate == "" {
		return true
	}
	sum, ok := e.digest()
	leaf, err := readLeaf(req.Certificate)
	return ok && err == nil && sumOf(leaf) == sum
}

// consistent reports whether the element's hash, if it has one, is a hash, and of
// the certificate if that is there too.
func (e *xfcc) consistent() bool {
	if e.hash == "" {
		return true
	}
	sum, ok := e.digest()
	if !ok || e.cert == "" {
		return ok
	}
	leaf, err := readLeaf(e.cert)
	return err == nil && sumOf(leaf) == sum
}

func (e *xfcc) digest() (sum digest, ok bool) {
	if len(e.hash) != hex.EncodedLen(len(sum)) {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(e.hash))
	return sum, err == nil
}

var (
	errXFCCQuote = errors.New("a quoted value does not end")
	errXFCCPlain = errors.New(`a value with '"', '\', '=', spaces or control bytes is not quoted`)
	errXFCCAfter = errors.New("something stands between a quoted value and the end of its pair")
	errXFCCPair  = errors.New("a pair without a name or an =")
)

// parseXFCC reads a header's value: elements between commas, pairs between
// semicolons, each a name, an equals sign and a value, which is quoted where it
// holds any of these. In quotes a backslash hides the byte behind it. What can be
// read in two ways is an error: a part of the value may be a client's.
func parseXFCC(text string) ([]xfcc, error) {
	if len(text) > maxXFCC {
		return nil, fmt.Errorf("%d bytes, the limit is %d", len(text), maxXFCC)
	}
	var out []xfcc
	var e xfcc
	rest, end := text, byte(',')
	for {
		rest = trimStart(rest, end)
		name, after, ok := strings.Cut(rest, "=")
		if !ok || name == "" || strings.ContainsAny(name, "\",;\\ \t") {
			return nil, errXFCCPair
		}
		value, after, err := xfccValue(after)
		if err != nil {
			return nil, err
		}
		if err := e.set(name, value); err != nil {
			return nil, err
		}
		if after == "" {
			return append(out, e), nil
		}
		rest, end = after[1:], after[0]
		if end == ',' {
			if len(out)+2 > maxElements {
				return nil, fmt.Errorf("more than %d elements", maxElements)
			}
			out, e = append(out, e), xfcc{}
		}
	}
}

// trimStart drops the spaces that may follow the comma between two elements.
func trimStart(text string, end byte) string {
	if end == ',' {
		return strings.TrimLeft(text, " \t")
	}
	return text
}

// xfccValue reads a value and returns what follows it: "", or a text that begins
// with the comma or the semicolon behind it.
func xfccValue(text string) (value, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		at := strings.IndexAny(text, ",;")
		if at < 0 {
			at = len(text)
		}
		value, rest = strings.TrimRight(text[:at], " \t"), text[at:]
		for i := range len(value) {
			if c := value[i]; c <= ' ' || c == 0x7f || c == '"' || c == '\\' || c == '=' {
				return "", "", errXFCCPlain
			}
		}
		return value, rest, nil
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			rest = strings.TrimLeft(text[i+1:], " \t")
			if rest != "" && rest[0] != ',' && rest[0] != ';' {
				return "", "", errXFCCAfter
			}
			return strings.ReplaceAll(text[1:i], `\"`, `"`), rest, nil
		}
	}
	return "", "", errXFCCQuote
}

// set keeps a pair that counts. Names are written in any case. Only URI, DNS and
// By may come again; what is new to us is let through.
func (e *xfcc) set(name, value string) error {
	var into *string
	switch strings.ToLower(name) {
	case "uri":
		e.uris = append(e.uris, value)
		return nil
	case "hash":
		into = &e.hash
	case "cert":
		into = &e.cert
	case "chain":
		into = &e.chain
	default:
		return nil
	}
	if *into != "" {
		return fmt.Errorf("%s comes twice", clip(name))
	}
	*into = value
	return nil
}
