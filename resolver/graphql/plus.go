package graphql

import (
	"net/url"
	"reflect"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// plusIsSpace refuses a query string whose calls are others for a server that
// reads + as itself. Clients write spaces between words as +, which no document
// has there, so that such a server would find no document at all.
func (s *Schema) plusIsSpace(in *Request, calls []Call) error {
	if in.Method == post || !strings.Contains(in.RawQuery, "+") {
		return nil
	}
	other := *in
	other.Params = nil
	for part := range strings.SplitSeq(in.RawQuery, "&") {
		if part == "" {
			continue
		}
		name, text, _ := strings.Cut(part, "=")
		name, err := url.PathUnescape(name)
		if err != nil {
			return nil // such a server has no reading of it
		}
		if text, err = url.PathUnescape(text); err != nil {
			return nil // likewise
		}
		other.Params = append(other.Params, rules.Param{Name: name, Value: text})
	}
	if found, err := s.calls(&other); err == nil && !reflect.DeepEqual(found, calls) {
		return rules.Faultf(rules.AmbiguousQuery, "graphql: a + within a value, which is a space to some servers and itself to others: write %%20 or %%2B")
	}
	return nil
}
