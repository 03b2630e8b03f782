package budget

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"github.com/tiergate/tiergate/rules/regular"
)

const (
	lineLoad = 500    // entries in one line of a journal that is written anew
	copySome = 10_000 // entries, and those of one account more, that are copied while requests wait
)

// anew is a journal that is to take the place of the one there is.
type anew struct {
	since entries // what was taken of accounts that had been copied, and of new ones behind the last
	whole bool    // no account is still to be copied
	file  *os.File
	out   *bufio.Writer
	size  int64
	chain chain
}

// compact puts a new file with what still counts in the place of the journal, whole or
// not at all. Requests are charged meanwhile, and wait for a part of the copy at most:
// of an account that was copied, both files get what they take. No sweep may run
// beside it, for that moves accounts.
func (l *Ledger) compact() error {
	l.mu.Lock()
	j, n := l.journal, new(anew)
	if j.file == nil {
		l.mu.Unlock()
		return errClosed
	}
	j.anew = n
	l.turn++
	path, dir := j.path(), j.dir
	l.mu.Unlock()

	half := path + ".new"
	err := n.create(half)
	var some entries
	for from, more := 0, true; err == nil && more; {
		some, from, more = l.copy(n, some[:0], from)
		err = n.append(some)
	}
	if err == nil {
		err = errors.Join(n.out.Flush(), n.file.Sync())
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	j.anew = nil
	if err == nil && j.file == nil {
		err = errClosed
	}
	if err == nil {
		err = errors.Join(n.append(n.since), n.out.Flush())
	}
	if err == nil {
		err = os.Rename(half, path)
	}
	if err != nil {
		if n.file != nil {
			err = errors.Join(err, n.file.Close())
		}
		return fmt.Errorf("write %s anew: %w", path, err)
	}
	j.file.Close() //nolint:errcheck // everything in it that counts is in the new one
	j.file, j.size, j.chain, j.dirty = n.file, n.size, n.chain, true
	return regular.SyncDir(dir)
}

// copy appends what counts of some accounts, from one in the list on, and returns where
// the others begin, if there are any.
func (l *Ledger) copy(n *anew, to entries, from int) (some entries, next int, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for next = from; next < len(l.list) && len(to) < copySome; next++ {
		a := l.list[next]
		a.copied = l.turn
		for x := a.objects.oldest; x != nil; x = x.newer {
			to = append(to, entry{name: a.name, at: x.at, object: x.object})
		}
		for _, b := range a.sums.buckets {
			to = append(to, entry{name: a.name, at: b.end, sum: true, amount: b.sum})
		}
	}
	n.whole = next == len(l.list)
	return to, next, !n.whole
}

// keep notes what is written to the old journal and would be missing in the new one.
func (l *Ledger) keep(taken entries) {
	n := l.journal.anew
	if n == nil {
		return
	}
	for i := range taken {
		if a := l.accounts[taken[i].key]; n.whole || a != nil && a.copied == l.turn {
			n.since = append(n.since, taken[i])
		}
	}
}

func (n *anew) create(path string) (err error) {
	if n.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return err
	}
	n.out = bufio.NewWriterSize(n.file, 1<<20)
	return n.line([]byte(header))
}

func (n *anew) append(all entries) error {
	var text []byte
	for len(all) > 0 {
		some := all[:min(lineLoad, len(all))]
		all = all[len(some):]
		text = some.appendWords(text[:0])
		if err := n.line(text); err != nil {
			return err
		}
	}
	return nil
}

func (n *anew) line(text []byte) error {
	text = n.chain.end(text)
	n.size += int64(len(text))
	_, err := n.out.Write(text)
	return err
}
