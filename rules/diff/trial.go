package diff

import (
	"fmt"
	"strings"
	"time"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// Trial is what a witness sends, and what is known of its objects: all that it
// takes to make the request.
type Trial struct {
	Anonymous    bool                      `json:"anonymous,omitempty"` // without a token
	Issuer       string                    `json:"issuer,omitempty"`    // of the token, by its name in the configuration
	Subject      string                    `json:"subject,omitempty"`
	Client       string                    `json:"client,omitempty"`
	Purpose      string                    `json:"purpose,omitempty"`
	PurposeClaim string                    `json:"purpose_claim,omitempty"` // that names it
	Claims       map[string]any            `json:"claims,omitempty"`
	Scopes       []string                  `json:"scopes,omitempty"`
	JustLoggedIn bool                      `json:"just_logged_in,omitempty"` // auth_time is now
	Peer         string                    `json:"peer,omitempty"`           // the SPIFFE ID that the connection proves
	Bound        string                    `json:"bound,omitempty"`          // how the request proves its token to be the caller's
	Source       string                    `json:"source,omitempty"`         // the address that it comes from
	At           time.Time                 `json:"at,omitzero"`              // when, zero for now
	Method       string                    `json:"method"`
	URL          string                    `json:"url"`
	Headers      map[string]string         `json:"headers,omitempty"`
	Body         map[string]any            `json:"body,omitzero"`     // sent as JSON
	Objects      map[string]map[string]any `json:"objects,omitempty"` // what catalogs have, by type/id: attributes, tier, parent
}

// trialOf is who sends a witness.
func trialOf(w *who) Trial {
	v := w.evidence.Verified
	t := Trial{Anonymous: v.Anonymous, Issuer: v.Issuer, Subject: v.Subject, Client: v.ClientID, Purpose: v.Purpose, Scopes: v.Scopes, Peer: w.evidence.Peer}
	t.Claims = make(map[string]any)
	for name, value := range v.Claims {
		if _, fixed := v.Fixed[name]; !fixed {
			t.Claims[name] = value
		}
	}
	if w.evidence.Bound == rules.ByKey {
		t.Bound = rules.ByKey.String()
	}
	if w.request.ClientIP.IsValid() {
		t.Source = w.request.ClientIP.String()
	}
	return t
}

// objects are the facts that a catalog must have for the request.
func (f *flip) objects(op *resolver.Operation) map[string]map[string]any {
	out := make(map[string]map[string]any)
	for i, th := range f.others {
		sh := shapesOf(&op.Touches[i])[0]
		if th == nil || sh.absent {
			continue
		}
		if th.id != "" && f.by.stored(sh.typ) {
			out[sh.typ+"/"+th.id] = th.facts("")
		}
		if parent := f.by.above(sh.typ); parent != "" && th.parent != "" {
			key := fmt.Sprintf("%s/%s", parent, th.parent)
			if facts := th.facts("parent."); out[key] == nil || len(facts) > 0 {
				out[key] = facts
			}
		}
	}
	return out
}

// facts are those of a thing, or of its parent.
func (th *thing) facts(prefix string) map[string]any {
	out := make(map[string]any)
	for name, v := range th.attrs {
		rest, ofParent := strings.CutPrefix(name, "parent.")
		if v != nil && ofParent == (prefix != "") {
			out[rest] = v
		}
	}
	if prefix == "" && th.tier != "" {
		out["tier"] = th.tier
	}
	if prefix == "" && th.parent != "" {
		out["parent"] = th.parent
	}
	return out
}
