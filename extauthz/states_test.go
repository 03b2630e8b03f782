package extauthz

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tiergate/tiergate/extauthz/audit"
)

func fullSources() Sources {
	at := time.UnixMilli(1_800_000_000_500)
	return Sources{
		Version: "v1",
		Rules:   func() Load { return Load{LoadedAt: at, Loads: 3, Failures: 2, Held: true} },
		KeySets: func() []KeySet {
			return []KeySet{{
				Issuer: "corp", Keys: 2, Generation: 5, Skipped: map[string]int{"weak": 1, "use": 2}, LoadedAt: at,
				Loads: 6, Failures: 1, Empty: 3, Unknown: 4,
				Proofs: 8, ProofsRefused: 9,
				Slots: []Slots{{Price: "cheap", Slots: 8, Busy: 7, Waiting: 9, Checked: 11, Refused: 10}},
			}, {Issuer: "acme"}}
		},
		Bundles: func() []Bundle {
			return []Bundle{{Name: "example.org", Authorities: 2, Loads: 3, Failures: 4}, {Name: "workload_api"}}
		},
		Catalogs: func() []Catalog {
			return []Catalog{{Name: "accounts", Rows: 7, LoadedAt: at, Failures: 4, Lookups: 6, LookupsFailed: 5, LookupsRefused: 3, LookupsInFlight: 2, LeftAlone: true, Openings: 4, Held: true, Watch: &Watch{true, 11, 2}}, {Name: "cards"}}
		},
		Caches: func() []Cache {
			return []Cache{{Name: "token", Entries: 3, Bytes: 4096, Evicted: 8}, {Name: "object", Bytes: -1}}
		},
		Audit: func() audit.Stats {
			return audit.Stats{Written: 9, Dropped: 1, Reopens: 5, Err: errors.New("disk full")}
		},
		Revocations: func() Revocations {
			return Revocations{Entries: map[string]int{"subject": 3, "token": 0}, Epoch: 12, Changed: at, Failures: 5}
		},
		Budgets: func() Budgets {
			return Budgets{Accounts: 2, Entries: 31, Charged: 40, Exceeded: 3, Failed: 1}
		},
	}
}

func TestStatesAreReadWhenMetricsAre(t *testing.T) {
	reg := prometheus.NewRegistry()
	if _, err := NewMetrics(reg, fullSources()); err != nil {
		t.Fatal(err)
	}
	want := `
# HELP tiergate_budget_charges_total Requests that only rules with a limit allow, by result (charged, exceeded, failed: it could not be written down).
# TYPE tiergate_budget_charges_total counter
tiergate_budget_charges_total{result="charged"} 40
tiergate_budget_charges_total{result="exceeded"} 3
tiergate_budget_charges_total{result="failed"} 1
# HELP tiergate_audit_dropped_total Decision records that were lost; the log shows each gap.
# TYPE tiergate_audit_dropped_total counter
tiergate_audit_dropped_total 1
# HELP tiergate_audit_failing 1 while the decision log cannot be written.
# TYPE tiergate_audit_failing gauge
tiergate_audit_failing 1
# HELP tiergate_audit_reopen_failures_total Tries to open a rotated decision log anew that failed; the old file is written on.
# TYPE tiergate_audit_reopen_failures_total counter
tiergate_audit_reopen_failures_total 5
# HELP tiergate_bundle_authorities X.509 authorities in force, by trust domain with a file, or workload_api.
# TYPE tiergate_bundle_authorities gauge
tiergate_bundle_authorities{bundle="example.org"} 2
tiergate_bundle_authorities{bundle="workload_api"} 0
# HELP tiergate_bundle_reload_failures_total Loads of the bundle that failed; the last good one stayed, by bundle.
# TYPE tiergate_bundle_reload_failures_total counter
tiergate_bundle_reload_failures_total{bundle="example.org"} 4
tiergate_bundle_reload_failures_total{bundle="workload_api"} 0
# HELP tiergate_bundle_reloads_total Loads of the bundle that took effect, by bundle.
# TYPE tiergate_bundle_reloads_total counter
tiergate_bundle_reloads_total{bundle="example.org"} 3
tiergate_bundle_reloads_total{bundle="workload_api"} 0
# HELP tiergate_cache_bytes Bytes kept now, by cache, where they are counted.
# TYPE tiergate_cache_bytes gauge
tiergate_cache_bytes{cache="token"} 4096
# HELP tiergate_cache_entries Entries kept now, by cache.
# TYPE tiergate_cache_entries gauge
tiergate_cache_entries{cache="object"} 0
tiergate_cache_entries{cache="token"} 3
# HELP tiergate_cache_evictions_total Entries that made room for others, by cache.
# TYPE tiergate_cache_evictions_total counter
tiergate_cache_evictions_total{cache="object"} 0
tiergate_cache_evictions_total{cache="token"} 8
# HELP tiergate_catalog_lookups_in_flight Batches that a source is asked for now, by source.
# TYPE tiergate_catalog_lookups_in_flight gauge
tiergate_catalog_lookups_in_flight{source="accounts"} 2
tiergate_catalog_lookups_in_flight{source="cards"} 0
# HELP tiergate_catalog_lookups_total Batches of rows that were missing, by source and result (ok, failed, refused: the source was not asked).
# TYPE tiergate_catalog_lookups_total counter
tiergate_catalog_lookups_total{result="failed",source="accounts"} 5
tiergate_catalog_lookups_total{result="failed",source="cards"} 0
tiergate_catalog_lookups_total{result="ok",source="accounts"} 6
tiergate_catalog_lookups_total{result="ok",source="cards"} 0
tiergate_catalog_lookups_total{result="refused",source="accounts"} 3
tiergate_catalog_lookups_total{result="refused",source="cards"} 0
# HELP tiergate_catalog_left_alone 1 while a source that failed or was slow is left alone but for probes, by source.
# TYPE tiergate_catalog_left_alone gauge
tiergate_catalog_left_alone{source="accounts"} 1
tiergate_catalog_left_alone{source="cards"} 0
# HELP tiergate_catalog_left_alone_total Times that a source came to be left alone, by source.
# TYPE tiergate_catalog_left_alone_total counter
tiergate_catalog_left_alone_total{source="accounts"} 4
tiergate_catalog_left_alone_total{source="cards"} 0
# HELP tiergate_catalog_held 1 while a new version of a file waits to be accepted, by source.
# TYPE tiergate_catalog_held gauge
tiergate_catalog_held{source="accounts"} 1
tiergate_catalog_held{source="cards"} 0
# HELP tiergate_catalog_watching 1 while a source tells every change of its rows, by source that can.
# TYPE tiergate_catalog_watching gauge
tiergate_catalog_watching{source="accounts"} 1
# HELP tiergate_catalog_changes_total Rows that a source said have changed, by source.
# TYPE tiergate_catalog_changes_total counter
tiergate_catalog_changes_total{source="accounts"} 11
# HELP tiergate_catalog_changes_lost_total Times that changes may have passed unseen, so that all rows were read again, by source.
# TYPE tiergate_catalog_changes_lost_total counter
tiergate_catalog_changes_lost_total{source="accounts"} 2
# HELP tiergate_catalog_reload_failures_total Loads of a catalog that failed, by source.
# TYPE tiergate_catalog_reload_failures_total counter
tiergate_catalog_reload_failures_total{source="accounts"} 4
tiergate_catalog_reload_failures_total{source="cards"} 0
# HELP tiergate_keys Keys in force, by issuer.
# TYPE tiergate_keys gauge
tiergate_keys{issuer="acme"} 0
tiergate_keys{issuer="corp"} 2
# HELP tiergate_keys_empty_sets_total Documents with an explicit empty key set, by issuer.
# TYPE tiergate_keys_empty_sets_total counter
tiergate_keys_empty_sets_total{issuer="acme"} 0
tiergate_keys_empty_sets_total{issuer="corp"} 3
# HELP tiergate_keys_generation Counts the changes of the key set since the start, by issuer.
# TYPE tiergate_keys_generation gauge
tiergate_keys_generation{issuer="acme"} 0
tiergate_keys_generation{issuer="corp"} 5
# HELP tiergate_keys_reload_failures_total Fetches of keys that failed, by issuer.
# TYPE tiergate_keys_reload_failures_total counter
tiergate_keys_reload_failures_total{issuer="acme"} 0
tiergate_keys_reload_failures_total{issuer="corp"} 1
# HELP tiergate_keys_reloads_total Fetches of keys that took effect, by issuer.
# TYPE tiergate_keys_reloads_total counter
tiergate_keys_reloads_total{issuer="acme"} 0
tiergate_keys_reloads_total{issuer="corp"} 6
# HELP tiergate_keys_skipped Keys of the last document that are not used, by issuer and cause.
# TYPE tiergate_keys_skipped gauge
tiergate_keys_skipped{cause="use",issuer="corp"} 2
tiergate_keys_skipped{cause="weak",issuer="corp"} 1
# HELP tiergate_keys_unknown_total Tokens whose key the set in force did not have, by issuer.
# TYPE tiergate_keys_unknown_total counter
tiergate_keys_unknown_total{issuer="acme"} 0
tiergate_keys_unknown_total{issuer="corp"} 4
# HELP tiergate_proofs DPoP proofs that are remembered, so that none is good twice, by issuer.
# TYPE tiergate_proofs gauge
tiergate_proofs{issuer="acme"} 0
tiergate_proofs{issuer="corp"} 8
# HELP tiergate_proofs_refused_total DPoP proofs refused because there was no place to remember them, by issuer.
# TYPE tiergate_proofs_refused_total counter
tiergate_proofs_refused_total{issuer="acme"} 0
tiergate_proofs_refused_total{issuer="corp"} 9
# HELP tiergate_revocations Revocations, by what they go by.
# TYPE tiergate_revocations gauge
tiergate_revocations{form="subject"} 3
tiergate_revocations{form="token"} 0
# HELP tiergate_revocations_epoch Counts the changes of the store of revocations, over restarts too.
# TYPE tiergate_revocations_epoch gauge
tiergate_revocations_epoch 12
# HELP tiergate_revocations_file_reload_failures_total Changes of the revocation file that could not be taken over; its last good entries stayed.
# TYPE tiergate_revocations_file_reload_failures_total counter
tiergate_revocations_file_reload_failures_total 5
# HELP tiergate_rules_held 1 while a new version of the rules waits to be accepted.
# TYPE tiergate_rules_held gauge
tiergate_rules_held 1
# HELP tiergate_rules_last_load_timestamp_seconds When the rules in force were loaded.
# TYPE tiergate_rules_last_load_timestamp_seconds gauge
tiergate_rules_last_load_timestamp_seconds 1.8000000005e+09
# HELP tiergate_rules_reload_failures_total Loads of the rules that failed; the version in force stayed.
# TYPE tiergate_rules_reload_failures_total counter
tiergate_rules_reload_failures_total 2
# HELP tiergate_signature_slots Signatures that can be checked at once, by issuer and price.
# TYPE tiergate_signature_slots gauge
tiergate_signature_slots{issuer="corp",price="cheap"} 8
# HELP tiergate_signature_slots_busy Signatures that are being checked, by issuer and price.
# TYPE tiergate_signature_slots_busy gauge
tiergate_signature_slots_busy{issuer="corp",price="cheap"} 7
# HELP tiergate_signature_slots_refused_total Tokens that were refused because too many waited, or too long, by issuer and price.
# TYPE tiergate_signature_slots_refused_total counter
tiergate_signature_slots_refused_total{issuer="corp",price="cheap"} 10
# HELP tiergate_signature_slots_waiting Tokens that wait for their signature to be checked, by issuer and price.
# TYPE tiergate_signature_slots_waiting gauge
tiergate_signature_slots_waiting{issuer="corp",price="cheap"} 9
# HELP tiergate_signatures_checked_total Signatures that were checked, good or bad, by issuer and price.
# TYPE tiergate_signatures_checked_total counter
tiergate_signatures_checked_total{issuer="corp",price="cheap"} 11
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "tiergate_audit_dropped_total", "tiergate_audit_failing",
		"tiergate_bundle_authorities", "tiergate_bundle_reload_failures_total", "tiergate_bundle_reloads_total",
		"tiergate_cache_bytes", "tiergate_cache_entries", "tiergate_cache_evictions_total",
		"tiergate_catalog_lookups_in_flight", "tiergate_catalog_lookups_total",
		"tiergate_catalog_left_alone", "tiergate_catalog_held", "tiergate_catalog_left_alone_total", "tiergate_catalog_watching", "tiergate_catalog_changes_total", "tiergate_catalog_changes_lost_total",
		"tiergate_catalog_reload_failures_total", "tiergate_keys", "tiergate_keys_empty_sets_total", "tiergate_keys_generation",
		"tiergate_keys_reload_failures_total", "tiergate_keys_reloads_total", "tiergate_keys_skipped", "tiergate_keys_unknown_total", "tiergate_proofs", "tiergate_proofs_refused_total",
		"tiergate_signature_slots", "tiergate_signature_slots_busy", "tiergate_signature_slots_refused_total", "tiergate_signature_slots_waiting", "tiergate_signatures_checked_total",
		"tiergate_revocations", "tiergate_revocations_epoch",
		"tiergate_revocations_file_reload_failures_total", "tiergate_rules_last_load_timestamp_seconds", "tiergate_rules_reload_failures_total"); err != nil {
		t.Error(err)
	}
	// An age says nothing before there was anything.
	if n, err := testutil.GatherAndCount(reg, "tiergate_keys_age_seconds", "tiergate_catalog_age_seconds", "tiergate_revocations_age_seconds"); n != 3 || err != nil {
		t.Errorf("%d ages, %v, want 3", n, err)
	}
}

func TestTwoServersCannotShareARegistry(t *testing.T) {
	reg := prometheus.NewRegistry()
	if _, err := NewMetrics(reg, Sources{}); err != nil {
		t.Fatal(err)
	}
	if _, err := NewMetrics(reg, Sources{}); err == nil {
		t.Error("registered twice")
	}
}
