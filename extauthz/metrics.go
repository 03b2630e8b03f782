package extauthz

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/rules"
)

// Outcomes tell "policy says no" from "we could not decide" (503).
const (
	outcomeAllow     = "allow"
	outcomeDeny      = "deny"
	outcomeUndecided = "undecided"
)

// Metrics count what the server does. Every label value is known at the start:
// no object, subject or decision ever becomes one. A Check only adds.
type Metrics struct {
	decisions   map[rules.Reason]prometheus.Counter
	other       prometheus.Counter // a denial whose reason nobody listed
	steps       [rules.Steps]prometheus.Observer
	total       prometheus.Observer
	tokenHit    prometheus.Counter
	tokenMiss   prometheus.Counter
	objectHit   prometheus.Counter
	objectMiss  prometheus.Counter
	objectStale prometheus.Counter
	inFlight    prometheus.Gauge
	panics      prometheus.Counter
	connections prometheus.Gauge
	refused     prometheus.Counter
	tlsReloads  *prometheus.CounterVec

	controlDropped prometheus.Counter
	controlLost    prometheus.Gauge
}

// Sources are what metrics ask when they are read. A nil function is left out.
type Sources struct {
	Rules    func() Load
	KeySets  func() []KeySet
	Bundles  func() []Bundle
	Catalogs func() []Catalog
	Caches   func() []Cache
	Audit    func() audit.Stats
	Version  string

	Revocations func() Revocations
	Budgets     func() Budgets
}

// Load says how loading the rules went.
type Load struct {
	LoadedAt time.Time
	Loads    uint64
	Failures uint64
	Held     bool // a new version waits to be accepted
}

// KeySet is the state of one issuer's keys. LoadedAt is zero before the first set.
type KeySet struct {
	Issuer     string
	Keys       int
	Generation uint64         // of the set in force
	Skipped    map[string]int // keys of the last document that are not used, by cause
	LoadedAt   time.Time
	Loads      uint64
	Failures   uint64
	Empty      uint64 // documents with an explicit empty set
	Unknown    uint64 // tokens whose key the set in force did not have

	Proofs        int    // DPoP proofs that are remembered
	ProofsRefused uint64 // because there was no place to remember them
	Slots         []Slots
}

// Bundle is the state of what vouches for a trust domain's workloads, or of all
// such that come from the Workload API.
type Bundle struct {
	Name        string
	Authorities int
	Loads       uint64
	Failures    uint64
}

// Slots is the state of those in which an issuer's signatures of one price are checked.
type Slots struct {
	Price                string
	Slots, Busy, Waiting int
	Checked, Refused     uint64
}

// Revocations is the state of what is revoked. Changed is zero when nothing ever was.
type Revocations struct {
	Entries  map[string]int // by what they go by, every one of which is there
	Epoch    uint64         // counts the changes of the store
	Changed  time.Time
	Failures uint64 // changes of the file that could not be taken over
	Vain     int    // entries that stop nobody, or go by a name that means another now
	Tampered uint64 // times that another hand was found at the store
	Lost     bool   // the store takes no changes
}

// Budgets is the state of what limited rules have allowed.
type Budgets struct {
	Accounts, Entries         int
	Charged, Exceeded, Failed uint64 // requests, by what came of them
}

// Catalog is the state of one source of objects. Look-ups are batches that the
// cache did not answer.
type Catalog struct {
	Name     string
	Rows     int
	LoadedAt time.Time
	Failures uint64

	Lookups, LookupsFailed, LookupsRefused uint64
	LookupsInFlight                        int

	LeftAlone bool   // it failed or was slow too often in a row
	Openings  uint64 // times that it came to that
	Held      bool   // a new version waits to be accepted
	Watch     *Watch // nil when it does not learn of changes
}

// Watch is how a source learns of changes.
type Watch struct {
	Active        bool // every change is told
	Changes, Lost uint64
}

// Cache is the state of one cache. Bytes are below 0 where nobody counts them.
type Cache struct {
	Name           string
	Entries, Bytes int
	Evicted        uint64
}

// NewMetrics registers everything with reg.
func NewMetrics(reg prometheus.Registerer, from Sources) (*Metrics, error) {
	decisions := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tiergate_decisions_total",
		Help: "Answers by outcome (allow, deny, undecided) and reason.",
	}, []string{"outcome", "reason"})
	steps := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "tiergate_check_step_duration_seconds",
		Help:    "Time in each step of a Check, and in all of it.",
		Buckets: []float64{1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, .1, .2, .5},
	}, []string{"step"})
	caches := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tiergate_cache_requests_total",
		Help: "What the token and the object cache answered; stale are misses that a row past its time stood in for, as its source failed.",
	}, []string{"cache", "result"})
	m := &Metrics{
		decisions:  make(map[rules.Reason]prometheus.Counter),
		other:      decisions.WithLabelValues(outcomeUndecided, "other"),
		total:      steps.WithLabelValues("total"),
		tokenHit:   caches.WithLabelValues("token", "hit"),
		tokenMiss:  caches.WithLabelValues("token", "miss"),
		objectHit:  caches.WithLabelValues("object", "hit"),
		objectMiss: caches.WithLabelValues("object", "miss"),

		objectStale: caches.WithLabelValues("object", "stale"),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tiergate_checks_in_flight", Help: "Checks that are being decided now.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tiergate_panics_total", Help: "Checks that ended in a panic and were denied as internal.",
		}),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tiergate_connections", Help: "Open gRPC connections.",
		}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tiergate_connections_refused_total", Help: "Connections closed at once because of Limits.Connections.",
		}),
		tlsReloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tiergate_tls_reloads_total", Help: "Reloads of TLS files by result (ok, failed).",
		}, []string{"result"}),
		controlDropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tiergate_control_connections_dropped_total", Help: "Connections to the control listeners that were closed because others came.",
		}),
		controlLost: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tiergate_control_socket_lost", Help: "1 while the path of the control socket does not lead to this server.",
		}),
	}
	for _, r := range rules.Reasons() {
		m.decisions[r] = decisions.WithLabelValues(outcome(r), string(r))
	}
	for s := range rules.Steps {
		m.steps[s] = steps.WithLabelValues(s.String())
	}
	for _, result := range []string{"ok", "failed"} {
		m.tlsReloads.WithLabelValues(result)
	}
	for _, c := range []prometheus.Collector{
		decisions, steps, caches, m.inFlight, m.panics, m.connections, m.refused, m.tlsReloads, m.controlDropped, m.controlLost, &states{from},
	} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func outcome(r rules.Reason) string {
	switch r.Status() {
	case 200:
		return outcomeAllow
	case 503:
		return outcomeUndecided
	}
	return outcomeDeny
}

// answered counts one answer.
func (m *Metrics) answered(out *rules.Outcome, total time.Duration) {
	counter, ok := m.decisions[out.Reason]
	if !ok {
		counter = m.other
	}
	counter.Inc()
	m.total.Observe(total.Seconds())
	for s, took := range out.Took {
		if took > 0 {
			m.steps[s].Observe(took.Seconds())
		}
	}
	if c := out.Caller; c != nil && c.Verified != nil && c.Issuer != "" {
		if out.TokenHit {
			m.tokenHit.Inc()
		} else {
			m.tokenMiss.Inc()
		}
	}
	if out.Hits > 0 {
		m.objectHit.Add(float64(out.Hits))
	}
	if out.Misses > 0 {
		m.objectMiss.Add(float64(out.Misses))
	}
	if out.Stale > 0 {
		m.objectStale.Add(float64(out.Stale))
	}
}
