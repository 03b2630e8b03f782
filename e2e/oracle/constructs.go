package oracle

import "slices"

// constructs are what the traffic must reach beside the reasons: the ways by which
// a caller is known, and is not. A test fails where one of them is never reached.
var constructs = slices.Concat([]string{
	"cnf: the certificate is proven", "cnf: the key is proven", "cnf: both are proven", "cnf: of an actor's token",
	"cnf: a key, as Bearer", "cnf: no key, as DPoP", "cnf: no certificate", "cnf: another certificate", "cnf: no proof", "cnf: an algorithm of no proof here",
	"cnf: none, and the issuer demands one", "nonce: none", "nonce: foreign", "nonce: ours",
	"subjects: a claim replaced", "subjects: a claim gone", "subjects: a tenant pinned", "subjects: no row, denied", "subjects: no row, by its claims",
	"subjects: suspended", "subjects: retired", "subjects: no status where others have one", "subjects: a status that is none", "subjects: a row twice",
	"subjects: a value of the wrong kind", "subjects: a row that changed", "subjects: of the actor",
	"revoked: token_id", "revoked: session", "revoked: subject", "revoked: client", "revoked: key", "revoked: all", "revoked: identity",
	"revoked: subject of the actor", "revoked: client of the actor", "revoked: identity of the actor", "revoked: all of the actor", "revoked: by the file", "revoked: by the socket",
	"revoked: a peer without a token", "revoked: issued before", "not revoked: issued after", "not revoked: the entry is over",
	"peer: alone", "peer: beside a token", "peer: of a trust domain that does not count", "peer: without its certificate", "peer: an identity that may not be used",
	"identity: suspended", "identity: retired", "identity: expired", "identity: not yet", "identity: elsewhere", "identity: its credential too old", "identity: no iat",
	"parent: its row", "parent: no row", "parent: of a collection",
	"classify: it holds", "classify: unknown", "classify: absent", "classify: an error", "category: of a deny rule", "category: outside of an allow rule's",
	"property: nested", "property: asked for", "query: repeated", "body: of a GET", "form: application/x-www-form-urlencoded", "form: multipart/form-data",
	"attribute: of the id", "host: below tenants", "host: below eu", "host: served by another's name",
	"identity: strips credentials", "catalog: a misspelt file was offered",
	"rule: not yet in its time", "rule: no longer in its time", "tier: a demand is tried",
	"identity: not reviewed in time", "body: a JSON patch", "body: a JSON patch is refused", "writes: what is in it", "writes: it is not there",
	"writes: what stands beside it", "mask: in the query", "mask: in the body", "property: expanded",
	"deny: a status of its own", "deny: hidden by another rule", "deny: what is not there looks hidden",
}, namedConstructs, functionConstructs, constructsRead, prefixed("proof: ", append([]string{spelledProof, forgedProof, usedProof}, proofFaults...)))

// directConstructs are reached in process alone: no proxy of a run lets a WebSocket
// through, no source of one fails or is old, and its requests come side by side.
var directConstructs = slices.Concat([]string{"stream: a WebSocket", "subjects: the source fails", "require: facts that are too old"}, limitConstructs)

func prefixed(prefix string, names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = prefix + n
	}
	return out
}

// reach notes that the request came by something.
func (e *evaluation) reach(construct string) { e.out.Reached = append(e.out.Reached, construct) }

// reachIf notes it where it is so, and says whether it is.
func (e *evaluation) reachIf(so bool, construct string) bool {
	if so {
		e.reach(construct)
	}
	return so
}
