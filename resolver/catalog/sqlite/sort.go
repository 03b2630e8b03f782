package sqlite

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// sorter sorts records in bounded memory: what does not fit is written to
// temporary files, in order, which are merged in the end. Records of one key stay
// in the order in which they came.
type sorter struct {
	dir    string // of the temporary files
	memory int    // bytes of records held at a time

	buf    []byte
	starts []int // of the records in buf
	runs   []*os.File
}

func (s *sorter) add(r *record) error {
	s.starts = append(s.starts, len(s.buf))
	s.buf = r.append(s.buf)
	if len(s.buf)+8*len(s.starts) < s.memory {
		return nil
	}
	return s.spill()
}

// at is the record at a place of buf, without its length.
func (s *sorter) at(start int) []byte {
	n := int(binary.BigEndian.Uint32(s.buf[start:]))
	return s.buf[start+4 : start+4+n]
}

func compare(a, b []byte) int {
	typeA, idA := key(a)
	typeB, idB := key(b)
	if typeA != typeB {
		return cmp.Compare(typeA, typeB)
	}
	return bytes.Compare(idA, idB)
}

func (s *sorter) sort() {
	slices.SortFunc(s.starts, func(a, b int) int {
		if c := compare(s.at(a), s.at(b)); c != 0 {
			return c
		}
		return a - b
	})
}

// spill writes what is held as one sorted run.
func (s *sorter) spill() error {
	s.sort()
	f, err := os.CreateTemp(s.dir, "run-*")
	if err != nil {
		return err
	}
	s.runs = append(s.runs, f)
	w := bufio.NewWriterSize(f, 1<<20)
	for _, start := range s.starts {
		if _, err := w.Write(s.buf[start : start+4+len(s.at(start))]); err != nil {
			return fmt.Errorf("sort: %w", err)
		}
	}
	s.buf, s.starts = s.buf[:0], s.starts[:0]
	if err := w.Flush(); err != nil {
		return fmt.Errorf("sort: %w", err)
	}
	return nil
}

// sorted yields all records in order. A yielded record is good until the next one.
func (s *sorter) sorted() iter.Seq2[[]byte, error] {
	if len(s.runs) == 0 {
		return s.held()
	}
	return s.merged()
}

func (s *sorter) held() iter.Seq2[[]byte, error] {
	s.sort()
	return func(yield func([]byte, error) bool) {
		for _, start := range s.starts {
			if !yield(s.at(start), nil) {
				return
			}
		}
	}
}

func (s *sorter) merged() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := s.spill(); err != nil {
			yield(nil, err)
			return
		}
		s.buf, s.starts = nil, nil
		var h runs
		for i, f := range s.runs {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				yield(nil, err)
				return
			}
			r := &run{n: i, from: bufio.NewReaderSize(f, 256<<10)}
			if more, err := r.next(); err != nil {
				yield(nil, err)
				return
			} else if more {
				h = append(h, r)
			}
		}
		heap.Init(&h)
		for len(h) > 0 {
			if !yield(h[0].record, nil) {
				return
			}
			more, err := h[0].next()
			switch {
			case err != nil:
				yield(nil, err)
				return
			case more:
				heap.Fix(&h, 0)
			default:
				heap.Pop(&h)
			}
		}
	}
}

// close removes the temporary files.
func (s *sorter) close() {
	for _, f := range s.runs {
		_ = f.Close() // nothing in it is needed any more
		_ = os.Remove(f.Name())
	}
	s.runs = nil
}

// run is a temporary file with the record that it is at.
type run struct {
	n      int
	from   *bufio.Reader
	record []byte
}

func (r *run) next() (more bool, err error) {
	var length [4]byte
	if _, err := io.ReadFull(r.from, length[:]); errors.Is(err, io.EOF) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("sort: %w", err)
	}
	n := int(binary.BigEndian.Uint32(length[:]))
	r.record = slices.Grow(r.record[:0], n)[:n]
	if _, err := io.ReadFull(r.from, r.record); err != nil {
		return false, fmt.Errorf("sort: %w", err)
	}
	return true, nil
}

// runs is a heap of runs by the record that each is at, and by their age.
type runs []*run

func (h runs) Len() int { return len(h) }
func (h runs) Less(i, j int) bool {
	return cmp.Or(compare(h[i].record, h[j].record), cmp.Compare(h[i].n, h[j].n)) < 0
}
func (h runs) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *runs) Push(x any)   { *h = append(*h, x.(*run)) }
func (h *runs) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
