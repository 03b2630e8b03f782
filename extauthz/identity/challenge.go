package identity

import "github.com/tiergate/tiergate/rules"

// Challenge is the WWW-Authenticate value of an answer denied for r (RFC 6750
// section 3), "" unless its status is 401. It says only whether a credential was
// missing or bad: what was wrong with it is for the log.
func Challenge(r rules.Reason) string {
	switch {
	case r.Status() != 401:
		return ""
	case r == rules.CredentialMissing:
		return "Bearer"
	}
	return `Bearer error="invalid_token"`
}
