// Package lint judges how rules are written, not what they decide: every rule,
// identity, type and map line is held against checks, each a CEL condition over
// the thing itself. A team adds checks of its own in a file; those that come with
// tiergate look for what the OWASP lists of API and machine-identity risks name.
//
// Whatever a check cannot evaluate is a finding: a check that fails never
// passes anything.
package lint
