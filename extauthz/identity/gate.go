package identity

import (
	"encoding/base64"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// Bounds of a token. The largest size that may be configured keeps the work per
// token far below what a request costs elsewhere.
const (
	defaultMaxToken = 8 << 10
	hardMaxToken    = 16 << 10
	maxHeader       = 2 << 10 // decoded
	maxHeaderDepth  = 4
	maxClaimsDepth  = 16
	maxKeyID        = 256
)

// compact is a JWS in compact serialisation (RFC 7515 section 7.1) that has
// exactly one reading. Nothing in it is verified.
type compact struct {
	signed    string // header and claims as sent, with the dot: what the signature covers
	header    map[string]any
	claims    map[string]any
	signature []byte

	typ string // set by checkForeign: in lower case, without "application/"; "" when there is none
	alg string // set by checkAlgorithm
	kid string // set by checkKeyID, "" when there is none
}

var base64url = base64.RawURLEncoding.Strict() // refuses non-zero trailing bits: one value, one spelling

// parse reads a token of at most limit bytes. On an error the result holds what
// could be read before it, for an explanation.
func parse(text string, limit int) (*compact, error) {
	c := &compact{}
	if len(text) > limit {
		return c, rules.Faultf(rules.TokenTooLarge, "%d bytes, the limit is %d", len(text), limit)
	}
	first, last := strings.IndexByte(text, '.'), strings.LastIndexByte(text, '.')
	if err := checkAlphabet(text); err != nil {
		return c, err
	}
	c.signed = text[:last]
	var err error
	if c.header, err = readSegment("header", text[:first], maxHeader, maxHeaderDepth); err != nil {
		return c, err
	}
	if c.claims, err = readSegment("claims", text[first+1:last], limit, maxClaimsDepth); err != nil {
		return c, err
	}
	if c.signature, err = decodeSegment("signature", text[last+1:]); err != nil {
		return c, err
	}
	return c, nil
}

// inAlphabet are the bytes of base64url without padding (RFC 4648 section 5).
var inAlphabet = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		set[c] = true
	}
	return set
}()

// checkAlphabet wants exactly two dots and base64url around them. It comes
// before any decoding because Go's decoder skips CR and LF.
func checkAlphabet(text string) error {
	dots := 0
	for i := range len(text) {
		switch c := text[i]; {
		case inAlphabet[c]:
		case c == '.':
			dots++
		default:
			return rules.Faultf(rules.TokenMalformed, "byte 0x%02x is not base64url", c)
		}
	}
	if dots != 2 {
		return rules.Faultf(rules.TokenMalformed, "%d dots, a signed token has two", dots)
	}
	return nil
}

func decodeSegment(name, text string) ([]byte, error) {
	if text == "" {
		return nil, rules.Faultf(rules.TokenMalformed, "the %s is empty", name)
	}
	data, err := base64url.DecodeString(text)
	if err != nil {
		return nil, rules.Faultf(rules.TokenMalformed, "the %s is not canonical base64url", name)
	}
	return data, nil
}

func readSegment(name, text string, limit, depth int) (map[string]any, error) {
	data, err := decodeSegment(name, text)
	if err != nil {
		return nil, err
	}
	if len(data) > limit {
		return nil, rules.Faultf(rules.TokenMalformed, "the %s has %d bytes, the limit is %d", name, len(data), limit)
	}
	object, err := strictObject(data, depth)
	if err != nil {
		return nil, rules.Faultf(rules.TokenMalformed, "the %s: %v", name, err)
	}
	if twin, ok := caseTwins(object); ok {
		return nil, rules.Faultf(rules.TokenMalformed, "the %s: two names differ from %s only in case", name, clip(twin))
	}
	return object, nil
}

// headerGate is one demand on a token before anything is known of its issuer.
type headerGate struct {
	name  string
	check func(*compact) error
}

// headerGates are applied in order; each refuses for one reason.
var headerGates = []headerGate{
	{"kind", checkForeign}, {"header", checkParameters}, {"algorithm", checkAlgorithm}, {"key id", checkKeyID},
}

// refused are parameters that change what is signed or how, that carry or point
// to a key of the caller's choice, or that belong to encryption. We understand no
// critical extension, so crit itself is refused (RFC 7515 section 4.1.11).
var refused = []string{"crit", "b64", "zip", "enc", "jwk", "jku", "x5u", "x5c"}

// texts are registered parameters that we do not read and others do.
var texts = []string{"cty", "nonce", "x5t", "x5t#S256"}

func checkParameters(c *compact) error {
	for _, name := range refused {
		if _, ok := c.header[name]; ok {
			return rules.Faultf(rules.TokenHeader, "the header has %q", name)
		}
	}
	for _, name := range texts {
		if value, ok := c.header[name]; ok {
			if _, ok := value.(string); !ok {
				return rules.Faultf(rules.TokenHeader, "%s is not a text", name)
			}
		}
	}
	return nil
}

func checkAlgorithm(c *compact) error {
	alg, ok := c.header["alg"].(string)
	if !ok {
		return rules.Faultf(rules.TokenAlgorithm, "the header has no alg that is a string")
	}
	if _, ok := algorithms[alg]; !ok {
		return rules.Faultf(rules.TokenAlgorithm, "alg is %s, which no issuer may use", clip(alg))
	}
	c.alg = alg
	return nil
}

func checkKeyID(c *compact) error {
	value, ok := c.header["kid"]
	if !ok {
		return nil
	}
	kid, ok := value.(string)
	if !ok || kid == "" || len(kid) > maxKeyID {
		return rules.Faultf(rules.TokenHeader, "kid is not a string of 1 to %d bytes", maxKeyID)
	}
	c.kid = kid
	return nil
}
