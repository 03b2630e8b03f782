package rules

// Reason says why a request was allowed or denied. Reasons are stable: alerts,
// tests and reports name them. docs/reference/reasons.md explains each one, and
// a test compares it with this list.
type Reason string

// Reasons of an allow.
const (
	Allowed    Reason = "allowed"     // a rule applied to every target
	OpenRoute  Reason = "open_route"  // the map line is open
	Preflight  Reason = "preflight"   // a CORS preflight on a host with cors: true
	ShadowDeny Reason = "shadow_deny" // a dated shadow entry excused a denial
)

// Reasons of a denial, by status: see Status.
//
//nolint:gosec // names of reasons, no credentials
const (
	// 400: the request is ambiguous or malformed.
	MalformedRequest   Reason = "malformed_request"
	AmbiguousPath      Reason = "ambiguous_path"
	AmbiguousHost      Reason = "ambiguous_host"
	AmbiguousHeader    Reason = "ambiguous_header"
	AmbiguousQuery     Reason = "ambiguous_query"
	AmbiguousParameter Reason = "ambiguous_parameter"
	MethodOverride     Reason = "method_override"
	NoTarget           Reason = "no_target"
	MalformedID        Reason = "malformed_id"
	TooManyTargets     Reason = "too_many_targets"
	BodyMissing        Reason = "body_missing"
	BodyType           Reason = "body_type"
	BodyEncoding       Reason = "body_encoding"
	BodyMalformed      Reason = "body_malformed"

	// 413.
	BodyTooLarge Reason = "body_too_large"

	// 401: the credential is missing or bad.
	CredentialMissing   Reason = "credential_missing"
	CredentialMalformed Reason = "credential_malformed"
	TokenMalformed      Reason = "token_malformed"
	TokenTooLarge       Reason = "token_too_large"
	TokenHeader         Reason = "token_header"          // crit, jwk, jku, x5u, x5c, zip, b64
	TokenAlgorithm      Reason = "token_alg_not_allowed" // none, HMAC, or not in the issuer's list
	TokenIssuer         Reason = "token_issuer"          // no configured issuer has this iss
	TokenKeyUnknown     Reason = "token_key_unknown"
	TokenSignature      Reason = "token_signature_invalid"
	TokenClaims         Reason = "token_claims" // a required claim is missing or of the wrong kind
	TokenAudience       Reason = "token_audience_mismatch"
	TokenExpired        Reason = "token_expired"
	TokenNotYetValid    Reason = "token_not_yet_valid"
	TokenLifetime       Reason = "token_lifetime_exceeds_max"
	TokenKind           Reason = "token_kind_mismatch" // a token of another profile: id, refresh, logout, proof, event, status list
	TokenReplayed       Reason = "token_replayed"      // a proof of possession that was used before
	BindingMissing      Reason = "binding_missing"
	BindingNonce        Reason = "binding_nonce_required" // the proof needs a nonce of ours
	BindingMismatch     Reason = "binding_mismatch"
	TokenTooOld         Reason = "token_too_old" // for the rule or the tier: a newer token will do
	AuthTooOld          Reason = "auth_too_old"  // likewise: a newer login will do
	AuthTooWeak         Reason = "auth_too_weak" // likewise: a login with another acr will do
	AuthMethodMissing   Reason = "auth_method_missing"
	Revoked             Reason = "revoked" // the token, its session, key, subject, client, issuer or identity was revoked

	// 403: policy says no.
	HostNotServed        Reason = "host_not_served"
	UpgradeNotSupported  Reason = "upgrade_not_supported"
	NoRoute              Reason = "no_route"
	IdentityAmbiguous    Reason = "identity_ambiguous"
	UnknownIdentity      Reason = "unknown_identity"
	IdentitySuspended    Reason = "identity_suspended"
	IdentityExpired      Reason = "identity_expired"
	NetworkNotAllowed    Reason = "network_not_allowed"
	AgentNotPermitted    Reason = "agent_not_permitted"
	PurposeNotAllowed    Reason = "purpose_not_allowed"
	PurposeMissing       Reason = "purpose_missing"
	JustificationMissing Reason = "justification_missing"
	ReviewOverdue        Reason = "review_overdue"
	UnknownObject        Reason = "unknown_object"
	DeniedByRule         Reason = "denied_by_rule"
	NoRule               Reason = "no_rule"
	AttributeMissing     Reason = "attribute_missing"
	RuleError            Reason = "rule_error"
	PropertyNotAllowed   Reason = "property_not_allowed"
	TokenNotBound        Reason = "token_not_bound"
	CertificateMissing   Reason = "certificate_missing"
	ObjectBudgetExceeded Reason = "object_budget_exceeded" // what a rule's limit allows was spent
	MutationConflict     Reason = "mutation_conflict"
	MutationUnfit        Reason = "mutation_unfit" // what the caller chose is unfit to be sent on

	// 503: we could not decide. Only for states that no caller can choose;
	// keys_refreshing is the bounded exception.
	Internal           Reason = "internal"
	DeadlineExceeded   Reason = "deadline_exceeded"
	Overloaded         Reason = "overloaded"
	JWKSUnavailable    Reason = "jwks_unavailable"
	KeysRefreshing     Reason = "keys_refreshing"
	CatalogUnavailable Reason = "catalog_unavailable"
	CatalogStale       Reason = "catalog_stale"
	CatalogBadRow      Reason = "catalog_bad_row"
	MutationInvalid    Reason = "mutation_invalid"
	AuditUnavailable   Reason = "audit_unavailable"
	BudgetUnavailable  Reason = "budget_unavailable" // what was spent could not be written down
)

// statuses is the one table from reason to HTTP status. What it does not list is 503.
var statuses = map[Reason]int{
	Allowed: 200, OpenRoute: 200, Preflight: 200, ShadowDeny: 200,

	MalformedRequest: 400, AmbiguousPath: 400, AmbiguousHost: 400, AmbiguousHeader: 400, AmbiguousQuery: 400,
	AmbiguousParameter: 400, MethodOverride: 400, NoTarget: 400, MalformedID: 400, TooManyTargets: 400,
	BodyMissing: 400, BodyType: 400, BodyEncoding: 400, BodyMalformed: 400,

	BodyTooLarge: 413,

	CredentialMissing: 401, CredentialMalformed: 401, TokenMalformed: 401, TokenTooLarge: 401, TokenHeader: 401,
	TokenAlgorithm: 401, TokenIssuer: 401, TokenKeyUnknown: 401, TokenSignature: 401, TokenClaims: 401,
	TokenAudience: 401, TokenExpired: 401, TokenNotYetValid: 401, TokenLifetime: 401,
	TokenKind: 401, TokenReplayed: 401, BindingMissing: 401, BindingMismatch: 401, BindingNonce: 401, Revoked: 401,
	TokenTooOld: 401, AuthTooOld: 401, AuthTooWeak: 401, AuthMethodMissing: 401,

	HostNotServed: 403, UpgradeNotSupported: 403, NoRoute: 403, IdentityAmbiguous: 403, UnknownIdentity: 403,
	IdentitySuspended: 403, IdentityExpired: 403, NetworkNotAllowed: 403,
	AgentNotPermitted: 403, PurposeNotAllowed: 403, PurposeMissing: 403, JustificationMissing: 403, ReviewOverdue: 403, UnknownObject: 403, DeniedByRule: 403,
	NoRule: 403, AttributeMissing: 403, RuleError: 403, PropertyNotAllowed: 403,
	TokenNotBound: 403, CertificateMissing: 403, ObjectBudgetExceeded: 403, MutationConflict: 403, MutationUnfit: 403,

	Internal: 503, DeadlineExceeded: 503, Overloaded: 503, JWKSUnavailable: 503, KeysRefreshing: 503,
	CatalogUnavailable: 503, CatalogStale: 503, CatalogBadRow: 503, MutationInvalid: 503, AuditUnavailable: 503,
	BudgetUnavailable: 503,
}

// Status is the HTTP status that answers a request denied for r; 200 for an
// allow, 503 for a reason nobody listed.
func (r Reason) Status() int {
	if s, ok := statuses[r]; ok {
		return s
	}
	return 503
}

// Reasons returns every reason, in no order.
func Reasons() []Reason {
	out := make([]Reason, 0, len(statuses))
	for r := range statuses {
		out = append(out, r)
	}
	return out
}
