package extauthz

import (
	"strings"

	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/rules"
)

// writeMetadata writes what the proxy's access log can show of a decision, under
// envoy.filters.http.ext_authz. The operator reads it, no caller does; it holds
// no credential, not even one that stands where an id should.
func writeMetadata(w *wire, out *rules.Outcome, id string) {
	metadata := w.open(responseMetadata)
	defer func() { w.close(metadata) }()
	put := func(name, value string) {
		if value != "" {
			w.entry(name, strings.ToValidUTF8(audit.WithoutTokens(value), "\uFFFD"))
		}
	}
	put("decision", id)
	put("effect", out.Effect.String())
	put("reason", string(out.Reason))
	w.number("status", float64(out.Status()))
	put("policy", out.Policy)
	put("operation", out.Operation)
	if c := out.Caller; c != nil {
		put("kind", c.Kind.String())
		put("identity", c.Name())
		if c.Verified != nil {
			put("issuer", c.Issuer)
			put("subject", c.Subject)
		}
	}
	if v := decisive(&out.Decision); v != nil {
		put("action", v.Action)
		put("type", v.Type)
		put("object", v.ID)
		put("tier", v.Tier)
		put("rule", v.Rule)
	}
	if s := out.Shadow; s != nil {
		put("shadow", string(s.Reason))
	}
}

// decisive is the verdict that the reason is about: the first denied target,
// else the first.
func decisive(d *rules.Decision) *rules.Verdict {
	for i := range d.Targets {
		if d.Targets[i].Effect != rules.Allow {
			return &d.Targets[i]
		}
	}
	if len(d.Targets) > 0 {
		return &d.Targets[0]
	}
	return nil
}
