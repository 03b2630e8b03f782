package rules

// variable names what conditions and templates read.
type variable uint8

const (
	objectAttribute variable = iota // by slot
	objectID
	objectType
	objectTier
	objectCategories // a list; of a target whose classification nobody knows it is no value
	objectParent
	parentAttribute // by slot of the parent's type
	callerIdentity
	callerKind
	callerIssuer
	callerSubject
	callerClient
	callerTenant
	callerPeer
	callerBound
	callerSession
	callerScopes
	callerDetails       // authorization_details, a list of maps; only CEL reads it
	callerActorIdentity // of the caller that acts for this one
	callerActorSubject
	callerActorClient
	callerClaim  // by name
	callerPinned // by name: what is pinned for the caller, whatever its token says
	requestMethod
	requestHost
	requestPath
	requestIP
	requestQuery  // by name; without one, the whole map
	requestHeader // by name
	requestBody   // a member, by slot of the type
	purposeVar
	actionVar
	nowVar
)

// builtin lists the variables that every scope has.
var builtin = map[string]variable{
	"object.id": objectID, "object.type": objectType, "object.tier": objectTier, "object.categories": objectCategories, "object.parent.id": objectParent,
	"caller.identity": callerIdentity, "caller.kind": callerKind, "caller.issuer": callerIssuer,
	"caller.subject": callerSubject, "caller.client_id": callerClient, "caller.tenant": callerTenant,
	"caller.peer": callerPeer, "caller.bound": callerBound, "caller.session": callerSession,
	"caller.scopes": callerScopes, "caller.authorization_details": callerDetails,
	"caller.actor.identity": callerActorIdentity, "caller.actor.subject": callerActorSubject, "caller.actor.client_id": callerActorClient,
	"request.method": requestMethod, "request.host": requestHost, "request.path": requestPath,
	"request.ip": requestIP, "request.query": requestQuery, "request.header": requestHeader, "request.time": nowVar,
	"user.identity": callerIdentity, "user.kind": callerKind, "user.issuer": callerIssuer, "user.subject": callerSubject,
	"user.client_id": callerClient, "user.tenant": callerTenant, "user.session": callerSession,
	"peer": callerPeer, "purpose": purposeVar, "action": actionVar, "now": nowVar,
}

// variableRef is a variable that a rule reads, found and checked at load.
type variableRef struct {
	name      string // as it is written: object.tenant
	what      variable
	kind      Kind   // NoKind where no declaration says it, and for now and the whole query
	slot      int    // of an attribute, the parent's too, or of a member of the body
	key       string // of a claim, a query parameter or a header
	user      bool   // what is the caller's is the user's
	sensitive bool
}

// ofObject reports whether the value tells one object of a type from another.
func (r *variableRef) ofObject() bool {
	switch r.what {
	case objectAttribute, objectID, objectParent, parentAttribute:
		return true
	default:
		return false
	}
}

// chosen reports whether a caller can choose the value: it is neither ours nor
// the configuration's nor of a row of the catalog.
func (r *variableRef) chosen(o *Object) bool {
	switch r.what {
	case objectAttribute, objectParent:
		return o.State != Stored
	case parentAttribute: // whoever picked the parent, its row says what it says
		return o.ParentState != Stored
	case objectType, objectTier, objectCategories, callerIdentity, callerKind, callerIssuer, callerTenant, callerBound, callerActorIdentity, callerPinned, actionVar, nowVar:
		return false
	default:
		return true
	}
}

// value reads the variable, boxed; yes means present.
func (r *variableRef) value(f *facts) (any, truth) {
	switch r.what {
	case objectAttribute, parentAttribute, callerClaim, callerPinned, callerScopes, callerDetails, requestBody:
		return r.stored(f)
	case objectCategories:
		return f.ofCategories()
	case callerBound:
		return f.caller.Bound != NotBound, f.asked()
	case nowVar:
		return f.req.Now, f.asked()
	case requestQuery:
		if r.key == "" {
			return f.query(), f.asked()
		}
	default:
	}
	s, t := r.text(f)
	if t != yes {
		return nil, t
	}
	return s, yes
}

// stored reads an attribute, a claim, a pinned value or a member of the body, which
// are held boxed, or a list that the token brings.
func (r *variableRef) stored(f *facts) (any, truth) {
	switch r.what {
	case objectAttribute:
		v, ok := f.target.Object.Attribute(r.slot)
		return f.known(v, ok, f.target.Collection)
	case parentAttribute:
		return r.storedOfParent(f)
	case requestBody:
		return r.ofBody(f)
	default:
		return r.storedOfCaller(f)
	}
}

// storedOfParent reads an attribute of the parent's row. A collection has one
// parent if its bounds say which, and members of any if they do not.
func (r *variableRef) storedOfParent(f *facts) (any, truth) {
	o := &f.target.Object
	v, ok := o.ParentAttribute(r.slot)
	open := f.target.Collection && o.ParentState == Unchecked
	return f.known(v, ok || f.probe && o.Parent != "", open)
}

func (r *variableRef) storedOfCaller(f *facts) (any, truth) {
	if f.probe {
		return nil, unknown
	}
	var v any
	switch c := f.caller; {
	case r.what == callerPinned:
		v, _ = c.Pinned(r.key)
	case c.Verified == nil:
	case r.what == callerClaim:
		v = c.Claims[r.key]
	case r.what == callerScopes && c.Scopes != nil:
		v = c.Scopes
	case r.what == callerDetails && c.Details != nil:
		v = c.Details
	}
	if v == nil || v == "" { // an empty text of the caller is absent
		return nil, absent
	}
	return v, yes
}

// text reads a variable of kind string without boxing it.
func (r *variableRef) text(f *facts) (string, truth) {
	switch r.what {
	case objectAttribute, parentAttribute, callerClaim, callerPinned, requestBody:
		v, t := r.stored(f)
		if t != yes {
			return "", t
		}
		s, ok := v.(string)
		if !ok {
			return "", failed
		}
		return s, yes
	case objectType:
		return f.target.Object.Type.Name, yes
	case objectID:
		return f.ofObject(f.target.Object.ID)
	case objectParent:
		return f.ofObject(f.target.Object.Parent)
	case objectTier:
		if f.target.Collection || f.probe {
			return "", unknown // each member has its own
		}
		return f.schema.TierName(f.tier), yes
	case actionVar:
		return f.target.Action, yes
	default:
	}
	if f.probe {
		return "", unknown
	}
	s := r.ofRequest(f)
	if s == "" {
		return "", absent
	}
	return s, yes
}

// ofRequest reads what the caller or the request has; "" is absent.
func (r *variableRef) ofRequest(f *facts) string {
	switch r.what {
	case purposeVar:
		return f.caller.Purpose
	case requestMethod:
		return f.req.Method
	case requestHost:
		return f.req.Host
	case requestPath:
		return f.req.Path
	case requestIP:
		if f.req.ClientIP.IsValid() {
			return f.req.ClientIP.String()
		}
		return ""
	case requestQuery:
		return f.parameter(r.key)
	case requestHeader:
		return f.header(r.key)
	default:
		if r.user {
			return r.ofCaller(f.onBehalf())
		}
		return r.ofCaller(f.caller)
	}
}

func (r *variableRef) ofCaller(c *Caller) string {
	switch r.what {
	case callerIdentity:
		return c.Name()
	case callerActorIdentity:
		return c.Actor.Name()
	case callerActorSubject, callerActorClient:
		return r.ofActor(c.Actor)
	case callerKind:
		return c.Kind.String()
	case callerPeer:
		return c.Peer
	case callerTenant:
		v, _ := c.Pinned("tenant")
		s, _ := v.(string)
		return s
	default:
	}
	if c.Verified == nil {
		return ""
	}
	switch r.what {
	case callerIssuer:
		return c.Issuer
	case callerSubject:
		return c.Subject
	case callerClient:
		return c.ClientID
	case callerSession:
		return c.Session
	default:
		return ""
	}
}

func (r *variableRef) ofActor(a *Caller) string {
	switch {
	case a == nil || a.Verified == nil:
		return ""
	case r.what == callerActorClient:
		return a.ClientID
	}
	return a.Subject
}

// present answers has(): whether there is a value.
func (r *variableRef) present(f *facts) truth {
	switch _, t := r.value(f); t {
	case yes, failed:
		return yes
	case absent:
		return no
	default:
		return t
	}
}
