package graphql

import (
	"net/http"
	"strings"

	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// Request is what Read needs of an HTTP request. Body is whole, at most what the
// caller lets in, and without a content-encoding.
type Request struct {
	Method      string        // GET, HEAD or POST
	Params      []rules.Param // of the URL, decoded, with a + as a space, all of them
	RawQuery    string        // the same as it was sent
	ContentType string
	Body        []byte
}

const post = http.MethodPost

// parts are the GraphQL requests of an HTTP request: one, or the elements of a batch.
func (s *Schema) parts(in *Request) ([]part, error) {
	params, err := s.params(in.Params)
	if err != nil {
		return nil, err
	}
	switch in.Method {
	case http.MethodGet, http.MethodHead: // HEAD runs what GET does
		if len(in.Body) > 0 {
			return nil, rules.Faultf(rules.AmbiguousParameter, "graphql: a %s with a body", in.Method)
		}
		return s.one(params)
	case post:
		if len(params.Names) > 0 {
			return nil, rules.Faultf(rules.AmbiguousParameter, "graphql: %s in the URL of a POST", params.Names[0])
		}
		if err := isJSON(in.ContentType); err != nil {
			return nil, err
		}
		return s.body(in.Body)
	}
	return nil, rules.Faultf(rules.NoRoute, "graphql: method %.20q", in.Method)
}

// isJSON accepts application/json and nothing like it.
func isJSON(contentType string) error {
	media, params, has := strings.Cut(contentType, ";")
	name, charset, _ := strings.Cut(strings.Trim(params, " "), "=")
	media = strings.TrimRight(media, " ")
	switch {
	case media == "application/json" && (!has || strings.EqualFold(name, "charset") && strings.EqualFold(charset, "utf-8")):
		return nil
	case strings.EqualFold(media, "application/graphql"):
		return rules.Faultf(rules.BodyType, "graphql: application/graphql is not supported yet, send application/json")
	case len(media) >= 10 && strings.EqualFold(media[:10], "multipart/"):
		return rules.Faultf(rules.BodyType, "graphql: multipart requests (uploads of files) are not supported yet")
	}
	return rules.Faultf(rules.BodyType, "content-type is %.80q, want application/json", contentType)
}

func (s *Schema) body(text []byte) ([]part, error) {
	v, err := tree.ReadJSON(text)
	if err != nil {
		return nil, &rules.Fault{Reason: rules.BodyMalformed, Err: err}
	}
	if v.Kind != tree.Array {
		return s.one(v)
	}
	if !s.options.Batch {
		return nil, malformed("a batch, and the endpoint takes none")
	}
	var out []part
	for i := range v.Items {
		p, err := s.one(&v.Items[i])
		if err != nil {
			return nil, err
		}
		out = append(out, p...)
	}
	return out, nil
}

func (s *Schema) one(v *value) ([]part, error) {
	p, err := readPart(v)
	if err != nil {
		return nil, err
	}
	return []part{p}, nil
}
