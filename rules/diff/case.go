package diff

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// yaml is the trial as a test of package suite that wants nothing yet. JSON values
// are YAML as well.
func (t *Trial) yaml() string {
	var b strings.Builder
	line := func(key string, v any) { fmt.Fprintf(&b, "%s: %s\n", key, flow(v)) }
	switch {
	case t.Anonymous:
		line("as", "anonymous")
	default:
		as := map[string]any{"issuer": t.Issuer, "subject": t.Subject}
		if t.Client != "" {
			as["client"] = t.Client
		}
		line("as", as)
	}
	if claims := t.asserted(); len(claims) > 0 {
		line("claims", claims)
	}
	if t.Peer != "" {
		line("peer", t.Peer)
	}
	if t.Bound != "" {
		line("bound", t.Bound)
	}
	if t.Source != "" {
		line("source", t.Source)
	}
	if !t.At.IsZero() {
		line("at", t.At.UTC().Format("2006-01-02T15:04:05Z"))
	}
	line("send", t.Method+" "+t.URL)
	if len(t.Headers) > 0 {
		line("headers", t.Headers)
	}
	if t.Body != nil {
		line("body", t.Body)
	}
	if len(t.Objects) > 0 {
		b.WriteString("objects:\n")
		for _, key := range slices.Sorted(maps.Keys(t.Objects)) {
			fmt.Fprintf(&b, "  %s: %s\n", flow(key), flow(t.Objects[key]))
		}
	}
	return b.String()
}

// asserted are the claims of the token, those that verification reads too.
func (t *Trial) asserted() map[string]any {
	claims := maps.Clone(t.Claims)
	if t.Purpose != "" {
		claims[t.PurposeClaim] = t.Purpose
	}
	if len(t.Scopes) > 0 {
		claims["scope"] = strings.Join(t.Scopes, " ")
	}
	if t.JustLoggedIn {
		claims["auth_time"] = "0s"
	}
	return claims
}

// plain are texts that YAML reads as texts without quotes.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_/.-]*$`)

var notPlain = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

// flow is a value in one line.
func flow(v any) string {
	switch v := v.(type) {
	case string:
		if plain.MatchString(v) && !slices.Contains(notPlain, strings.ToLower(v)) {
			return v
		}
	case map[string]string:
		all := make(map[string]any, len(v))
		for k, text := range v {
			all[k] = text
		}
		return flow(all)
	case map[string]any:
		if len(v) == 0 {
			return "{}"
		}
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, flow(key)+": "+flow(v[key]))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return `""`
	}
	return string(text)
}
