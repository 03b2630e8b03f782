package catalog

import (
	"context"
	"iter"
	"sync/atomic"
	"time"
)

// Memory is a source of given rows: the facts of a test, or a fake.
type Memory struct{ table atomic.Pointer[table] }

// NewMemory makes a source of rows; Found and Generation in them say nothing.
func NewMemory(rows ...Row) *Memory {
	m := &Memory{}
	m.Set(rows...)
	return m
}

// Set replaces all rows and begins a new generation.
func (m *Memory) Set(rows ...Row) {
	b := newBuilder()
	b.table.typed = true
	for _, row := range rows {
		r := record{key: row.Key, tier: row.Tier, noTier: row.NoTier, parent: row.Parent, bad: row.Bad, pos: row.Pos}
		for name, value := range row.Columns {
			if wrong := b.put(&r, member{name, value}); wrong != "" {
				r.bad = wrong
			}
		}
		b.table.add(r)
	}
	b.table.generation = 1
	if old := m.table.Load(); old != nil {
		b.table.generation = old.generation + 1
	}
	m.table.Store(b.table)
}

// Lookup implements Source.
func (m *Memory) Lookup(ctx context.Context, keys []Key) ([]Row, error) {
	return m.table.Load().lookup(ctx, keys)
}

// Rows implements Enumerator.
func (m *Memory) Rows(ctx context.Context, typ string) iter.Seq2[Row, error] {
	return m.table.Load().rows(ctx, typ)
}

// Version implements Versioned; given rows are never stale.
func (m *Memory) Version() (uint64, time.Time) { return m.table.Load().generation, time.Time{} }
