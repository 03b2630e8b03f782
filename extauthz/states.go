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
	descLoadedAt      = desc("rules_last_load_timestamp_seconds", "When the rules in force were loaded.")
	descKeys          = desc("keys", "Keys in force, by issuer.", "issuer")
	descKeysAge       = desc("keys_age_seconds", "Time since the key set in force was fetched, by issuer.", "issuer")
	descKeysFailures  = desc("keys_reload_failures_total", "Fetches of keys that failed, by issuer.", "issuer")
	descGeneration    = desc("keys_generation", "Counts the changes of the key set since the start, by issuer.", "issuer")
	descSkipped       = desc("keys_skipped", "Keys of the last document that are not used, by issuer and cause.", "issuer", "cause")
	descKeysLoads     = desc("keys_reloads_total", "Fetches of keys that took effect, by issuer.", "issuer")
	descKeysEmpty     = desc("keys_empty_sets_total", "Documents with an explicit empty key set, by issuer.", "issuer")
	descKeysUnknown   = desc("keys_unknown_total", "Tokens whose key the set in force did not have, by issuer.", "issuer")
	descSlots         = desc("signature_slots", "Signatures that can be checked at once, by issuer and price.", "issuer", "price")
	descSlotsBusy     = desc("signature_slots_busy", "Signatures that are being checked, by issuer and price.", "issuer", "price")
	descSlotsWaiting  = desc("signature_slots_waiting", "Tokens that wait for their signature to be checked, by issuer and price.", "issuer", "price")
	descChecked       = desc("signatures_checked_total", "Signatures that were checked, good or bad, by issuer and price.", "issuer", "price")
	descSlotsRefused  = desc("signature_slots_refused_total", "Tokens that were refused because too many waited, or too long, by issuer and price.", "issuer", "price")
	descRows          = desc("catalog_rows", "Rows of the catalog in force, by source.", "source")
	descRowsAge       = desc("catalog_age_seconds", "Time since the catalog in force was loaded, by source.", "source")
	descRowsFailures  = desc("catalog_reload_failures_total", "Loads of a catalog that failed, by source.", "source")
	descAuditWritten  = desc("audit_records_total", "Decision records written.")
	descAuditDropped  = desc("audit_dropped_total", "Decision records that were lost; the log shows each gap.")
	descAuditFailing  = desc("audit_failing", "1 while the decision log cannot be written.")
	descRevoked       = desc("revocations", "Revocations, by what they go by.", "form")
	descRevokedEpoch  = desc("revocations_epoch", "Counts the changes of the store of revocations, over restarts too.")
	descRevokedAge    = desc("revocations_age_seconds", "Time since revocations last changed.")
	descRevokedFailed = desc("revocations_file_reload_failures_total", "Changes of the revocation file that could not be taken over; its last good entries stayed.")
	stateDescriptions = []*prometheus.Desc{
		descBuild, descLoads, descLoadFailures, descLoadedAt, descKeys, descKeysAge, descKeysFailures,
		descGeneration, descSkipped, descKeysLoads, descKeysEmpty, descKeysUnknown,
		descSlots, descSlotsBusy, descSlotsWaiting, descSlotsRefused, descChecked,
		descRows, descRowsAge, descRowsFailures, descAuditWritten, descAuditDropped, descAuditFailing,
		descRevoked, descRevokedEpoch, descRevokedAge, descRevokedFailed,
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
	now := time.Now()
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(descBuild, 1, s.from.Version)
	if s.from.Rules != nil {
		l := s.from.Rules()
		count(descLoads, l.Loads)
		count(descLoadFailures, l.Failures)
		if !l.LoadedAt.IsZero() {
			gauge(descLoadedAt, float64(l.LoadedAt.UnixMilli())/1e3)
		}
	}
	if s.from.KeySets != nil {
		for _, k := range s.from.KeySets() {
			gauge(descKeys, float64(k.Keys), k.Issuer)
			count(descKeysFailures, k.Failures, k.Issuer)
			gauge(descGeneration, float64(k.Generation), k.Issuer)
			count(descKeysLoads, k.Loads, k.Issuer)
			count(descKeysEmpty, k.Empty, k.Issuer)
			count(descKeysUnknown, k.Unknown, k.Issuer)
			for cause, n := range k.Skipped {
				gauge(descSkipped, float64(n), k.Issuer, cause)
			}
			for _, s := range k.Slots {
				gauge(descSlots, float64(s.Slots), k.Issuer, s.Price)
				gauge(descSlotsBusy, float64(s.Busy), k.Issuer, s.Price)
				gauge(descSlotsWaiting, float64(s.Waiting), k.Issuer, s.Price)
				count(descChecked, s.Checked, k.Issuer, s.Price)
				count(descSlotsRefused, s.Refused, k.Issuer, s.Price)
			}
			if !k.LoadedAt.IsZero() {
				gauge(descKeysAge, now.Sub(k.LoadedAt).Seconds(), k.Issuer)
			}
		}
	}
	if s.from.Catalogs != nil {
		for _, c := range s.from.Catalogs() {
			gauge(descRows, float64(c.Rows), c.Name)
			count(descRowsFailures, c.Failures, c.Name)
			if !c.LoadedAt.IsZero() {
				gauge(descRowsAge, now.Sub(c.LoadedAt).Seconds(), c.Name)
			}
		}
	}
	if s.from.Revocations != nil {
		r := s.from.Revocations()
		for form, n := range r.Entries {
			gauge(descRevoked, float64(n), form)
		}
		gauge(descRevokedEpoch, float64(r.Epoch))
		count(descRevokedFailed, r.Failures)
		if !r.Changed.IsZero() {
			gauge(descRevokedAge, now.Sub(r.Changed).Seconds())
		}
	}
	if s.from.Audit != nil {
		a := s.from.Audit()
		count(descAuditWritten, a.Written)
		count(descAuditDropped, a.Dropped)
		failing := 0.0
		if a.Err != nil {
			failing = 1
		}
		gauge(descAuditFailing, failing)
	}
}
