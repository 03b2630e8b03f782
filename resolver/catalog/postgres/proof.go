package postgres

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// position is a place in the write-ahead log of one cluster. Whoever has replayed
// the log up to it has every transaction that had committed when it was the
// log's end.
type position struct {
	system string // the cluster's identifier
	at     uint64 // bytes since the beginning of the log
}

// sample is where the primary's log ended at some moment after asked.
type sample struct {
	asked time.Time
	end   position
}

// proof knows how far a replica must be. It proves freshness from the order of
// three events, never from clocks of two machines: we look at our clock; then the
// primary says where its log ends; later a replica says that it has replayed up
// to there, and only then takes the snapshot that it answers from.
type proof struct {
	mu      sync.Mutex
	samples []sample // oldest first
	told    position // the end of the log when the last change was told
}

// sampleEvery keeps a busy outbox from filling the memory with samples.
const sampleEvery = 20 * time.Millisecond

// add notes a sample, and drops those from before oldest.
func (p *proof) add(next sample, oldest time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.samples) > 0 && p.samples[0].asked.Before(oldest) {
		p.samples = p.samples[1:]
	}
	if n := len(p.samples); n > 0 {
		if last := p.samples[n-1]; last.end.system != next.end.system {
			p.samples = nil // another cluster: what the old one said proves nothing
		} else if next.asked.Sub(last.asked) < sampleEvery {
			return
		}
	}
	p.samples = append(p.samples, next)
}

// raise makes replicas wait for what was committed when a change was told: else
// the row that was dropped from the cache would come back as it was.
func (p *proof) raise(told position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if told.system != p.told.system || told.at > p.told.at {
		p.told = told
	}
}

// floor is what a replica must have replayed to hold all that had committed at
// since. Where nobody told the primary's position since then, there is no proof.
func (p *proof) floor(since time.Time) (position, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.samples {
		if s.asked.Before(since) {
			continue
		}
		floor := s.end
		if p.told.system == floor.system {
			floor.at = max(floor.at, p.told.at)
		}
		return floor, nil
	}
	return position{}, fmt.Errorf("%w: the primary's position is not known, so no replica can prove that it is fresh", catalog.ErrStale)
}

// parts ask a replica how far it is, in a transaction that ends before the
// snapshot of what follows is taken.
func (p position) parts() []part {
	return []part{
		{sql: "BEGIN"},
		{sql: "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn(), (SELECT system_identifier FROM pg_control_system())", read: text(p.check)},
		{sql: "COMMIT"},
	}
}

// check reads the replica's answer.
func (p position) check(v []string) error {
	if v[0] != "t" || v[2] != p.system {
		return fmt.Errorf("%w: the server that was named as a replica is no replica of this primary", catalog.ErrStale)
	}
	at, err := parseLSN(v[1])
	if err != nil {
		return err
	}
	if at < p.at {
		return fmt.Errorf("%w: the replica is %d bytes of the log behind what it must have", catalog.ErrStale, p.at-at)
	}
	return nil
}

// logEnd asks a primary where its log ends. What it answers is not before the
// record of any transaction that the same statement or an earlier one could see.
const logEnd = "SELECT pg_is_in_recovery(), CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn() END," +
	" (SELECT system_identifier FROM pg_control_system()), current_setting('wal_block_size')"

// parseLogEnd reads the answer to logEnd.
func parseLogEnd(v []string) (position, error) {
	if v[0] != "f" {
		return position{}, fmt.Errorf("%w: the primary is a replica now", catalog.ErrUnavailable)
	}
	at, err := parseLSN(v[1])
	if err != nil {
		return position{}, err
	}
	block, err := strconv.ParseUint(v[3], 10, 32)
	if err != nil || block == 0 {
		return position{}, fmt.Errorf("wal_block_size %q is no number", v[3])
	}
	return position{system: v[2], at: trimHeader(at, block)}, nil
}

// The sizes of the header of a page of the log: of most pages, and of the first one
// of a file.
const (
	shortHeader = 24
	longHeader  = 40
)

// trimHeader takes the header of a page that has no record yet off the log's end:
// a replica that has replayed everything stops before it, and would for ever seem
// to be behind a primary where nothing happens.
func trimHeader(at, block uint64) uint64 {
	if in := at % block; in == shortHeader || in == longHeader {
		return at - in
	}
	return at
}

// parseLSN reads a position such as 16/B374D848.
func parseLSN(s string) (uint64, error) {
	high, low, ok := strings.Cut(s, "/")
	h, err1 := strconv.ParseUint(high, 16, 32)
	l, err2 := strconv.ParseUint(low, 16, 32)
	if !ok || err1 != nil || err2 != nil {
		return 0, fmt.Errorf("%q is no position in the log", s)
	}
	return h<<32 | l, nil
}
