package pairs

import (
	"slices"
	"testing"

	"github.com/tiergate/tiergate/e2e/oracle"
	"github.com/tiergate/tiergate/rules"
)

// notInProcess are the reasons for which a credential is refused, which is stated here
// and not proven, and those that a server alone can have.
var notInProcess = []rules.Reason{
	rules.CredentialMalformed, rules.TokenMalformed, rules.TokenTooLarge, rules.TokenHeader, rules.TokenAlgorithm, rules.TokenIssuer, rules.TokenKeyUnknown,
	rules.TokenSignature, rules.TokenClaims, rules.TokenAudience, rules.TokenExpired, rules.TokenNotYetValid, rules.TokenLifetime, rules.TokenKind, rules.TokenReplayed,
	rules.BindingMissing, rules.BindingNonce, rules.JWKSUnavailable, rules.KeysRefreshing,
	rules.Internal, rules.DeadlineExceeded, rules.Overloaded, rules.AuditUnavailable, rules.BudgetUnavailable,
}

// unfit are so rare that either will do: they are one check, of whosever value it is.
var unfit = []rules.Reason{rules.MutationUnfit, rules.MutationInvalid}

// checkReasons wants every reason that a request can get in process to be that of some
// pair, and no other one.
func checkReasons(t *testing.T, r *oracle.Result) {
	t.Helper()
	for _, reason := range rules.Reasons() {
		n := r.Reasons[string(reason)]
		if slices.Contains(unfit, reason) {
			n = r.Reasons[string(unfit[0])] + r.Reasons[string(unfit[1])]
		}
		switch unseen := slices.Contains(notInProcess, reason); {
		case unseen && n > 0:
			t.Errorf("%s is the reason of %d pairs, although it is said to be of none", reason, n)
		case !unseen && n == 0:
			t.Errorf("%s is the reason of no pair", reason)
		}
	}
}
