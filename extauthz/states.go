package extauthz

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// states reads, whenever metrics are collected, what other parts know.
type states struct{ from Sources }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("tiergate_"+name, help, labels, nil)
}

var (
	descBuild         = desc("build_info", "1, with the version of the binary.", "version")
	descLoads         = desc("rules_reloads_total", "Loads of the rules that took effect.")
	descLoadFailures  = desc("rules_reload_failures_total", "Loads of the rules that failed; the version in force stayed.")
	descRulesHeld     = desc("rules_held", "1 while a new version of the rules waits to be accepted.")
	descLoadedAt      = desc("rules_last_load_timestamp_seconds", "When the rules in force were loaded.")
	descKeys          = desc("keys", "Keys in force, by issuer.", "issuer")
	descKeysAge       = desc("keys_age_seconds", "Time since the key set in force was fetched, by issuer.", "issuer")
	descKeysFailures  = desc("keys_reload_failures_total", "Fetches of keys that failed, by issuer.", "issuer")
	descGeneration    = desc("keys_generation", "Counts the changes of the key set since the start, by issuer.", "issuer")
	descSkipped       = desc("keys_skipped", "Keys of the last document that are not used, by issuer and cause.", "issuer", "cause")
	descKeysLoads     = desc("keys_reloads_total", "Fetches of keys that took effect, by issuer.", "issuer")
	descKeysEmpty     = desc("keys_empty_sets_total", "Documents with an explicit empty key set, by issuer.", "issuer")
	descProofs        = desc("proofs", "DPoP proofs that are remembered, so that none is good twice, by issuer.", "issuer")
	descProofsRefused = desc("proofs_refused_total", "DPoP proofs refused because there was no place to remember them, by issuer.", "issuer")
	descKeysUnknown   = desc("keys_unknown_total", "Tokens whose key the set in force did not have, by issuer.", "issuer")
	descBundles       = desc("bundle_authorities", "X.509 authorities in force, by trust domain with a file, or workload_api.", "bundle")
	descBundlesLoads  = desc("bundle_reloads_total", "Loads of the bundle that took effect, by bundle.", "bundle")
	descBundlesFailed = desc("bundle_reload_failures_total", "Loads of the bundle that failed; the last good one stayed, by bundle.", "bundle")
	descSlots         = desc("signature_slots", "Signatures that can be checked at once, by issuer and price.", "issuer", "price")
	descSlotsBusy     = desc("signature_slots_busy", "Signatures that are being checked, by issuer and price.", "issuer", "price")
	descSlotsWaiting  = desc("signature_slots_waiting", "Tokens that wait for their signature to be checked, by issuer and price.", "issuer", "price")
	descChecked       = desc("signatures_checked_total", "Signatures that were checked, good or bad, by issuer and price.", "issuer", "price")
	descSlotsRefused  = desc("signature_slots_refused_total", "Tokens that were refused because too many waited, or too long, by issuer and price.", "issuer", "price")
	descRows          = desc("catalog_rows", "Rows of the catalog in force, by source.", "source")
	descRowsAge       = desc("catalog_age_seconds", "Time since the catalog in force was loaded, by source.", "source")
	descRowsFailures  = desc("catalog_reload_failures_total", "Loads of a catalog that failed, by source.", "source")
	descLookups       = desc("catalog_lookups_total", "Batches of rows that were missing, by source and result (ok, failed, refused: the source was not asked).", "source", "result")
	descLeftAlone     = desc("catalog_left_alone", "1 while a source that failed or was slow is left alone but for probes, by source.", "source")
	descHeld          = desc("catalog_held", "1 while a new version of a file waits to be accepted, by source.", "source")
	descOpenings      = desc("catalog_left_alone_total", "Times that a source came to be left alone, by source.", "source")
	descWatching      = desc("catalog_watching", "1 while a source tells every change of its rows, by source that can.", "source")
	descChanges       = desc("catalog_changes_total", "Rows that a source said have changed, by source.", "source")
	descChangesLost   = desc("catalog_changes_lost_total", "Times that changes may have passed unseen, so that all rows were read again, by source.", "source")
	descLookupsNow    = desc("catalog_lookups_in_flight", "Batches that a source is asked for now, by source.", "source")
	descEntries       = desc("cache_entries", "Entries kept now, by cache.", "cache")
	descBytes         = desc("cache_bytes", "Bytes kept now, by cache, where they are counted.", "cache")
	descEvictions     = desc("cache_evictions_total", "Entries that made room for others, by cache.", "cache")
	descAuditWritten  = desc("audit_records_total", "Decision records written.")
	descAuditDropped  = desc("audit_dropped_total", "Decision records that were lost; the log shows each gap.")
	descAuditReopens  = desc("audit_reopen_failures_total", "Tries to open a rotated decision log anew that failed; the old file is written on.")
	descAuditFailing  = desc("audit_failing", "1 while the decision log cannot be written.")
	descRevoked       = desc("revocations", "Revocations, by what they go by.", "form")
	descRevokedEpoch  = desc("revocations_epoch", "Counts the changes of the store of revocations, over restarts too.")
	descRevokedAge    = desc("revocations_age_seconds", "Time since revocations last changed.")
	descRevokedFailed = desc("revocations_file_reload_failures_total", "Changes of the revocation file that could not be taken over; its last good entries stayed.")
	descRevokedVain   = desc("revocations_vain", "Revocations that stop nobody, or go by the name of an issuer or identity that means another now.")
	descRevokedHands  = desc("revocations_tampered_total", "Times that the journal of revocations, its mark or its directory was found changed by another hand.")
	descRevokedLost   = desc("revocations_lost", "1 while revocations cannot be changed, for state_dir is another's or gone.")
	descBudgets       = desc("budget_accounts", "Budgets of rules with a limit that something was taken from.")
	descBudgetEntries = desc("budget_entries", "Objects and parts of sums that are remembered for budgets.")
	descBudgetCharges = desc("budget_charges_total", "Requests that only rules with a limit allow, by result (charged, exceeded, failed: it could not be written down).", "result")
	stateDescriptions = []*prometheus.Desc{
		descBuild, descLoads, descLoadFailures, descRulesHeld, descLoadedAt, descKeys, descKeysAge, descKeysFailures,
		descGeneration, descSkipped, descKeysLoads, descKeysEmpty, descKeysUnknown,
		descProofs, descProofsRefused,
		descBundles, descBundlesLoads, descBundlesFailed,
		descSlots, descSlotsBusy, descSlotsWaiting, descSlotsRefused, descChecked,
		descRows, descRowsAge, descRowsFailures, descLookups, descLookupsNow,
		descLeftAlone, descOpenings, descHeld, descWatching, descChanges, descChangesLost,
		descEntries, descBytes, descEvictions, descAuditWritten, descAuditDropped, descAuditReopens, descAuditFailing,
		descRevoked, descRevokedEpoch, descRevokedAge, descRevokedFailed,
		descRevokedVain, descRevokedHands, descRevokedLost,
		descBudgets, descBudgetEntries, descBudgetCharges,
	}
)

// Describe implements prometheus.Collector.
func (s *states) Describe(out chan<- *prometheus.Desc) {
	for _, d := range stateDescriptions {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s *states) Collect(out chan<- prometheus.Metric) {
	c := collecting{out, time.Now()}
	c.gauge(descBuild, 1, s.from.Version)
	if s.from.Rules != nil {
		l := s.from.Rules()
		c.count(descLoads, l.Loads)
		c.count(descLoadFailures, l.Failures)
		c.gauge(descRulesHeld, truth(l.Held))
		if !l.LoadedAt.IsZero() {
			c.gauge(descLoadedAt, float64(l.LoadedAt.UnixMilli())/1e3)
		}
	}
	if s.from.KeySets != nil {
		c.keySets(s.from.KeySets())
	}
	if s.from.Bundles != nil {
		for _, b := range s.from.Bundles() {
			c.gauge(descBundles, float64(b.Authorities), b.Name)
			c.count(descBundlesLoads, b.Loads, b.Name)
			c.count(descBundlesFailed, b.Failures, b.Name)
		}
	}
	if s.from.Catalogs != nil {
		c.catalogs(s.from.Catalogs())
	}
	if s.from.Caches != nil {
		c.caches(s.from.Caches())
	}
	if s.from.Revocations != nil {
		c.revocations(s.from.Revocations())
	}
	if s.from.Budgets != nil {
		c.budgets(s.from.Budgets())
	}
	if s.from.Audit != nil {
		a := s.from.Audit()
		c.count(descAuditWritten, a.Written)
		c.count(descAuditDropped, a.Dropped)
		c.count(descAuditReopens, a.Reopens)
		c.gauge(descAuditFailing, truth(a.Err != nil))
	}
}

// collecting is one collection.
type collecting struct {
	out chan<- prometheus.Metric
	now time.Time
}

func (c *collecting) count(d *prometheus.Desc, v uint64, labels ...string) {
	c.out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
}

func (c *collecting) gauge(d *prometheus.Desc, v float64, labels ...string) {
	c.out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

// truth is 1 for what is so.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// age says nothing before there was anything.
func (c *collecting) age(d *prometheus.Desc, since time.Time, labels ...string) {
	if !since.IsZero() {
		c.gauge(d, c.now.Sub(since).Seconds(), labels...)
	}
}

func (c *collecting) keySets(sets []KeySet) {
	for _, k := range sets {
		c.gauge(descKeys, float64(k.Keys), k.Issuer)
		c.count(descKeysFailures, k.Failures, k.Issuer)
		c.gauge(descGeneration, float64(k.Generation), k.Issuer)
		c.count(descKeysLoads, k.Loads, k.Issuer)
		c.count(descKeysEmpty, k.Empty, k.Issuer)
		c.count(descKeysUnknown, k.Unknown, k.Issuer)
		c.gauge(descProofs, float64(k.Proofs), k.Issuer)
		c.count(descProofsRefused, k.ProofsRefused, k.Issuer)
		for cause, n := range k.Skipped {
			c.gauge(descSkipped, float64(n), k.Issuer, cause)
		}
		for _, s := range k.Slots {
			c.gauge(descSlots, float64(s.Slots), k.Issuer, s.Price)
			c.gauge(descSlotsBusy, float64(s.Busy), k.Issuer, s.Price)
			c.gauge(descSlotsWaiting, float64(s.Waiting), k.Issuer, s.Price)
			c.count(descSlotsRefused, s.Refused, k.Issuer, s.Price)
			c.count(descChecked, s.Checked, k.Issuer, s.Price)
		}
		c.age(descKeysAge, k.LoadedAt, k.Issuer)
	}
}

func (c *collecting) catalogs(all []Catalog) {
	for _, k := range all {
		c.gauge(descRows, float64(k.Rows), k.Name)
		c.count(descRowsFailures, k.Failures, k.Name)
		c.age(descRowsAge, k.LoadedAt, k.Name)
		c.count(descLookups, k.Lookups, k.Name, "ok")
		c.count(descLookups, k.LookupsFailed, k.Name, "failed")
		c.count(descLookups, k.LookupsRefused, k.Name, "refused")
		c.gauge(descLookupsNow, float64(k.LookupsInFlight), k.Name)
		c.gauge(descLeftAlone, truth(k.LeftAlone), k.Name)
		c.count(descOpenings, k.Openings, k.Name)
		c.gauge(descHeld, truth(k.Held), k.Name)
		if w := k.Watch; w != nil {
			c.gauge(descWatching, truth(w.Active), k.Name)
			c.count(descChanges, w.Changes, k.Name)
			c.count(descChangesLost, w.Lost, k.Name)
		}
	}
}

func (c *collecting) caches(all []Cache) {
	for _, k := range all {
		c.gauge(descEntries, float64(k.Entries), k.Name)
		c.count(descEvictions, k.Evicted, k.Name)
		if k.Bytes >= 0 {
			c.gauge(descBytes, float64(k.Bytes), k.Name)
		}
	}
}

func (c *collecting) budgets(b Budgets) {
	c.gauge(descBudgets, float64(b.Accounts))
	c.gauge(descBudgetEntries, float64(b.Entries))
	c.count(descBudgetCharges, b.Charged, "charged")
	c.count(descBudgetCharges, b.Exceeded, "exceeded")
	c.count(descBudgetCharges, b.Failed, "failed")
}

func (c *collecting) revocations(r Revocations) {
	for form, n := range r.Entries {
		c.gauge(descRevoked, float64(n), form)
	}
	c.gauge(descRevokedEpoch, float64(r.Epoch))
	c.count(descRevokedFailed, r.Failures)
	c.gauge(descRevokedVain, float64(r.Vain))
	c.count(descRevokedHands, r.Tampered)
	c.gauge(descRevokedLost, truth(r.Lost))
	c.age(descRevokedAge, r.Changed)
}
