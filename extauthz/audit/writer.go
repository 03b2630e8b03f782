package audit

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// ErrUnavailable says that a required log cannot take a record.
var ErrUnavailable = errors.New("the decision log cannot be written")

// bytesPerRecord bounds the buffer's bytes together with its records.
const bytesPerRecord = 1 << 10

// Options say where records go.
type Options struct {
	Path     string        // a regular file; it is made, appended to and reopened when rotated
	Out      io.Writer     // instead of Path: standard output, say
	Patience time.Duration // of Close with a reader of Out who reads no more: 2 s
	Buffer   int           // records that may wait for the disk, more than 0
	Required bool          // a record that cannot be taken is an error; the file is synced after each write
	Log      *slog.Logger  // hears of failures and of recovery
}

// Writer takes records without ever waiting for the disk. One goroutine writes
// them, a batch at a time. Records that find the buffer full are counted, and
// stand as a gap in front of the next one. Its methods may be called together.
type Writer struct {
	o    Options
	sink sink

	mu      sync.Mutex
	pending []byte
	waiting uint64 // records in pending
	room    uint64 // for as many
	seq     uint64
	gap     uint64 // records dropped since the last one taken
	why     string
	writing uint64 // records of the batch that the goroutine has
	marks   bool   // the end of the log in order gets a line
	closed  bool

	failing atomic.Pointer[error]
	written atomic.Uint64
	dropped atomic.Uint64

	unopened atomic.Uint64
	old      bool // the last try to open the path anew failed; the goroutine's own

	work   chan struct{} // there is something to write
	urgent chan struct{} // the buffer is half full, or closed: do not gather
	reopen chan struct{}
	done   chan struct{}
}

// Stats count records since the start.
type Stats struct {
	Written uint64
	Dropped uint64
	Reopens uint64 // that failed: the path named another file, and the old one is written on
	Err     error  // why nothing can be written now, or nil
}

// Open makes the log ready, repairs what an earlier process left torn, and
// starts to write. The caller ends it with Close.
func Open(o Options) (*Writer, error) {
	switch {
	case o.Buffer <= 0:
		return nil, fmt.Errorf("audit: Options.Buffer is %d, want more than 0", o.Buffer)
	case (o.Path == "") == (o.Out == nil):
		return nil, errors.New("audit: want one of Options.Path and Options.Out")
	case o.Log == nil:
		return nil, errors.New("audit: Options.Log is nil")
	}
	w := &Writer{
		o:      o,
		room:   uint64(o.Buffer),
		work:   make(chan struct{}, 1),
		urgent: make(chan struct{}, 1),
		reopen: make(chan struct{}, 1),
		done:   make(chan struct{}),
	}
	if o.Out != nil {
		w.sink = stream{o.Out}
	} else {
		f, err := openFile(o.Path)
		if err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		w.sink, w.seq, w.marks = f, f.last, true
		if why := f.lost(); why != "" {
			w.gap, w.why = 1, why
			w.seq++
		}
	}
	go w.run()
	return w, nil
}

// patience is how long the end waits for a reader of Out, who may never come
// back. A file has none: its writes end by themselves.
func (o *Options) patience() time.Duration {
	if o.Patience > 0 {
		return o.Patience
	}
	return 2 * time.Second
}

// Available returns an error when the log is required and cannot be written now.
func (w *Writer) Available() error {
	if !w.o.Required {
		return nil
	}
	if err := w.failing.Load(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, *err)
	}
	return nil
}

var scratch = sync.Pool{New: func() any { return new([]byte) }}

// Record takes one record; V and Seq are set here. The error is ErrUnavailable,
// only when the log is required, and the record is then lost. r may be used
// again as soon as Record returns.
func (w *Writer) Record(r *Record) error {
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	*buf = r.line((*buf)[:0])

	w.mu.Lock()
	w.seq++
	if w.closed || w.waiting >= w.room || len(w.pending)+len(*buf) > w.o.Buffer*bytesPerRecord+maxLine {
		w.drop()
		w.mu.Unlock()
		if w.o.Required {
			return ErrUnavailable
		}
		return nil
	}
	w.flushGap(w.seq - 1)
	w.pending = append(appendHead(w.pending, w.seq), *buf...)
	w.waiting++
	first, half := w.waiting == 1, w.waiting == (w.room+1)/2
	w.mu.Unlock()

	if first {
		signal(w.work)
	}
	if half {
		signal(w.urgent)
	}
	return nil
}

func (w *Writer) drop() {
	w.gap++
	w.why = "buffer_full"
	w.dropped.Add(1)
}

// flushGap writes the gap that ends at seq last. The caller holds mu.
func (w *Writer) flushGap(last uint64) {
	if w.gap == 0 {
		return
	}
	g := Record{Gap: w.gap, Why: w.why, Time: time.Now()}
	w.pending = g.append(appendHead(w.pending, last-w.gap+1))
	w.gap = 0
}

func appendHead(b []byte, seq uint64) []byte {
	return strconv.AppendUint(append(b, head...), seq, 10)
}

// mark writes that nothing was lost up to seq. The caller holds mu.
func (w *Writer) mark() {
	r := Record{Why: closedInOrder, Time: time.Now()}
	w.pending = r.append(appendHead(w.pending, w.seq))
}

// head opens every line.
const head = `{"v":1,"seq":`

// Reopen makes the writer look at once whether its path was rotated away. It
// does so by itself every second.
func (w *Writer) Reopen() { signal(w.reopen) }

// Stats returns what became of the records so far.
func (w *Writer) Stats() Stats {
	s := Stats{Written: w.written.Load(), Dropped: w.dropped.Load(), Reopens: w.unopened.Load()}
	if err := w.failing.Load(); err != nil {
		s.Err = *err
	}
	return s
}

// Close writes what waits, as far as the disk lets it, and ends the writer. What
// comes later counts as dropped.
func (w *Writer) Close() error {
	w.mu.Lock()
	closed := w.closed
	w.closed = true
	w.mu.Unlock()
	if !closed {
		signal(w.work)
		signal(w.urgent)
	}
	if w.o.Out == nil {
		<-w.done
		return w.Stats().Err
	}
	select {
	case <-w.done:
		return w.Stats().Err
	case <-time.After(w.o.patience()):
		return errors.New("audit: nobody reads the records any more, the last ones are lost")
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
