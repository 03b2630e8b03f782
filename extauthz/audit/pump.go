package audit

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// The pace of the writing goroutine.
const (
	gather  = 10 * time.Millisecond // records of this long go out in one write
	retry   = 250 * time.Millisecond
	recheck = time.Second // whether the file was rotated away
)

// run writes until the writer is closed and nothing waits.
func (w *Writer) run() {
	defer close(w.done)
	defer w.sink.close()
	defer w.giveUp()
	defer w.guard()
	check := time.NewTicker(recheck)
	defer check.Stop()
	var batch []byte
	for {
		select {
		case <-w.work:
		case <-check.C:
			w.renew()
			continue
		case <-w.reopen:
			w.renew()
			continue
		}
		w.gather()
		var records uint64
		var last bool
		batch, records, last = w.take(batch)
		if !w.write(batch, records) || last {
			return
		}
	}
}

// giveUp counts what was taken and not written. The log says so at the next
// start: it has no line about an end in order.
func (w *Writer) giveUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dropped.Add(w.writing + w.waiting)
	w.writing, w.waiting = 0, 0
}

// guard keeps a panic of the writer from ending the process without a word:
// the log counts as failing from then on.
func (w *Writer) guard() {
	if p := recover(); p != nil {
		w.fail(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
	}
}

func (w *Writer) gather() {
	t := time.NewTimer(gather)
	defer t.Stop()
	select {
	case <-t.C:
	case <-w.urgent:
	}
}

// take exchanges the buffers; last says that the writer is closed and nothing follows.
func (w *Writer) take(spare []byte) (batch []byte, records uint64, last bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		w.flushGap(w.seq)
		if w.marks {
			w.mark()
		}
	}
	batch, w.pending = w.pending, spare[:0]
	records, w.waiting, w.writing = w.waiting, 0, w.waiting
	return batch, records, w.closed
}

// write brings a whole batch to the sink, trying again until it is out; false
// says that the writer was closed before that.
func (w *Writer) write(batch []byte, records uint64) bool {
	for at := 0; ; {
		n, err := w.put(batch[at:])
		at += n
		if err == nil {
			w.written.Add(records)
			w.mu.Lock()
			w.writing = 0
			w.mu.Unlock()
			w.recovered()
			return true
		}
		w.fail(err)
		if !w.pause() {
			return false
		}
		if w.renew() {
			at = lineStart(batch, at)
		}
	}
}

// renew follows a rotation. Where no new file can be opened the old one is
// written on, under whatever name it has now: nothing is lost, but somebody
// looks for records where there are none.
func (w *Writer) renew() bool {
	renewed, err := w.sink.renew()
	if err != nil {
		w.unopened.Add(1)
		if !w.old {
			w.o.Log.Error("decision log not opened anew, the old file is written on", slog.String("path", w.o.Path), slog.Any("error", err))
		}
	}
	w.old = err != nil
	return renewed
}

func (w *Writer) put(part []byte) (int, error) {
	if len(part) == 0 && !w.o.Required {
		return 0, nil
	}
	n, err := w.sink.Write(part)
	if err == nil && w.o.Required {
		err = w.sink.sync()
	}
	return n, err
}

// lineStart is where the line that is only partly written begins: a new file
// gets it whole.
func lineStart(batch []byte, at int) int {
	for at > 0 && batch[at-1] != '\n' {
		at--
	}
	return at
}

// pause waits before another try; false says that the writer is closed.
func (w *Writer) pause() bool {
	t := time.NewTimer(retry)
	defer t.Stop()
	<-t.C
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.closed
}

func (w *Writer) fail(err error) {
	if w.failing.Swap(&err) == nil {
		w.o.Log.Error("decision log cannot be written", slog.String("path", w.o.Path), slog.Any("error", err))
	}
}

func (w *Writer) recovered() {
	if w.failing.Swap(nil) != nil {
		w.o.Log.Info("decision log is written again", slog.String("path", w.o.Path))
	}
}
