package bank

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// lenient gives next the path that many frameworks would: parameters behind ";"
// dropped, percent-encoding undone in one go (%2F becomes a separator),
// backslashes turned, slashes merged, dot segments resolved.
func lenient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _, _ := strings.Cut(r.RequestURI, "?")
		u := *r.URL
		u.Path, u.RawPath = Clean(raw), ""
		r2 := *r
		r2.URL = &u
		next.ServeHTTP(w, &r2)
	})
}

// Clean is the path that the bank's handlers see for a raw request path.
func Clean(raw string) string {
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		decoded = raw // a bad escape stays as it is
	}
	segments := strings.Split(strings.ReplaceAll(decoded, `\`, "/"), "/")
	for i, s := range segments {
		segments[i], _, _ = strings.Cut(s, ";")
	}
	return path.Clean("/" + strings.Join(segments, "/"))
}
