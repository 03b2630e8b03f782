package extauthz

import (
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/tiergate/tiergate/rules"
)

// metadata is what the proxy's access log can show of a decision, under
// envoy.filters.http.ext_authz. The operator reads it, no caller does; it holds
// no credential.
func metadata(out *rules.Outcome, id string) *structpb.Struct {
	fields := make(map[string]*structpb.Value, 16)
	put := func(name, value string) {
		if value != "" {
			fields[name] = structpb.NewStringValue(strings.ToValidUTF8(value, "\uFFFD"))
		}
	}
	put("decision", id)
	put("effect", out.Effect.String())
	put("reason", string(out.Reason))
	fields["status"] = structpb.NewNumberValue(float64(out.Status()))
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
	return &structpb.Struct{Fields: fields}
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
