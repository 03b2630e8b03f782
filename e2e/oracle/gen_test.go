package oracle

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// noon stands for the run's clock, which a world does not depend on.
var noon = time.Date(2027, 1, 2, 12, 0, 0, 0, time.UTC)

// bytesOf is everything that a seed fixes, as text.
func bytesOf(seed uint64, f front, n int) string {
	w := Generate(seed)
	all := w.ConfigFile(wiring{})
	for _, files := range []Files{w.RulesFiles(noon), w.CatalogFiles()} {
		for _, name := range sortedKeys(files) {
			all += "-- " + name + " --\n" + files[name]
		}
	}
	for i, t := range w.Tokens {
		all += fmt.Sprintf("token %d %+v\n", i, *t)
	}
	for i, r := range Traffic(w, f, n) {
		all += fmt.Sprintf("%d %s %q\n", i, r, r.Strict)
	}
	return all
}

func TestSameSeedSameBytes(t *testing.T) {
	for seed := range uint64(5) {
		first, again := bytesOf(seed, hardened, 500), bytesOf(seed, hardened, 500)
		if first != again {
			t.Errorf("seed %d: two generations differ", seed)
		}
	}
	if bytesOf(1, hardened, 10) == bytesOf(2, hardened, 10) {
		t.Error("two seeds have the same world")
	}
}

// A longer run begins with the requests of a shorter one, so that a replay finds its request.
func TestTrafficIsAPrefix(t *testing.T) {
	w := Generate(3)
	short, long := Traffic(w, base, 50), Traffic(w, base, 200)
	for i := range short {
		if short[i].String() != long[i].String() {
			t.Fatalf("request %d differs:\n%s\n%s", i, short[i], long[i])
		}
	}
}

// common are the reasons that every seed must show.
var common = []string{
	"allowed", "open_route", "preflight", "proxy_400", "proxy_413",
	"ambiguous_path", "ambiguous_query", "ambiguous_parameter", "method_override", "no_target", "malformed_id", "body_missing", "body_type",
	"body_malformed",
	"credential_missing", "credential_malformed", "token_malformed", "token_header", "token_alg_not_allowed", "token_issuer", "token_key_unknown",
	"token_signature_invalid", "token_claims", "token_audience_mismatch", "token_expired", "token_not_yet_valid", "token_lifetime_exceeds_max", "binding_missing",
	"binding_mismatch", "revoked", "token_replayed",
	"host_not_served", "no_route", "identity_ambiguous", "agent_not_permitted", "purpose_not_allowed", "unknown_object", "denied_by_rule", "no_rule",
	"attribute_missing", "property_not_allowed", "token_too_old", "identity_suspended", "identity_expired", "network_not_allowed",
	"jwks_unavailable", "catalog_bad_row",
}

// rare are the reasons that some seed of a few must show.
var rare = []string{"malformed_request", "body_too_large", "shadow_deny", "too_many_targets", "purpose_missing", "auth_too_old", "auth_too_weak", "auth_method_missing", "certificate_missing", "justification_missing", "review_overdue", "token_not_bound", "rule_error", "mutation_conflict", "unknown_identity", "body_encoding", "binding_nonce_required", agentItself, ambiguousBeside}

// unfit are the two reasons for values that must not be sent. They are so rare
// that some seed must show one of them, whosever the value was.
var unfit = []string{"mutation_unfit", "mutation_invalid"}

func TestMix(t *testing.T) {
	t.Parallel()
	total := NewResult(0)
	for seed := range uint64(6) {
		w, f, one := Generate(seed), []front{hardened, base}[seed%2], NewResult(seed)
		for _, r := range Traffic(w, f, 2500) {
			one.Count(Evaluate(w, f, r))
		}
		if share := 100 * one.Allows / one.Sent; share < 30 || share > 60 {
			t.Errorf("seed %d allows %d %%, want 30 to 60", seed, share)
		}
		for _, reason := range common {
			if one.Reasons[reason] == 0 {
				t.Errorf("seed %d (%s) shows no %s; it shows %s", seed, f, reason, one.Histogram())
			}
		}
		total.Add(one)
	}
	for _, reason := range rare {
		if total.Reasons[reason] == 0 {
			t.Errorf("no seed shows %s", reason)
		}
	}
	if total.Reasons[unfit[0]]+total.Reasons[unfit[1]] == 0 {
		t.Errorf("no seed shows any of %q", unfit)
	}
	known := slices.Concat(common, rare, unfit)
	for reason := range total.Reasons {
		if !slices.Contains(known, reason) {
			t.Errorf("%s occurs and is in neither list", reason)
		}
	}
}
