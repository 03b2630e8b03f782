package budget

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"time"
)

// A journal is lines of words. The first line names its form; every other one is
// what one request took, or a part of what there was when the journal was written
// anew:
//
//	K<account>.<crowd>.<window> O<object>@<when> O… S<amount>@<end> K… <sum>
//
// Hashes are in hex, times are unix nanoseconds. An O or S is of the account before
// it. The sum goes over the line and all lines before it, so that none is lost,
// changed or moved without notice.
const (
	header  = "tiergate budgets 1"
	maxLine = 4 << 20 // of a request for 1,000 objects, by a caller and its actor, with 8 limits each
	sumSize = 9       // a space and eight digits
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// chain is the sum over all lines so far.
type chain uint32

// end adds the line's sum and its end, and moves the chain on.
func (c *chain) end(b []byte) []byte {
	*c = chain(crc32.Update(uint32(*c), castagnoli, b))
	b = append(b, ' ')
	const digits = "0123456789abcdef"
	for shift := 28; shift >= 0; shift -= 4 {
		b = append(b, digits[*c>>shift&15])
	}
	return append(b, '\n')
}

// check returns a line without its sum, and moves the chain on.
func (c *chain) check(line []byte) ([]byte, error) {
	at := len(line) - sumSize
	if at < 1 || line[at] != ' ' {
		return nil, errors.New("no line of ours")
	}
	sum, err := strconv.ParseUint(string(line[at+1:]), 16, 32)
	if err != nil {
		return nil, errors.New("no line of ours")
	}
	if *c = chain(crc32.Update(uint32(*c), castagnoli, line[:at])); chain(sum) != *c {
		return nil, errors.New("its sum is wrong: it was damaged or changed, or the line before it is missing")
	}
	return line[:at], nil
}

// appendWords writes entries as words. Those of one account stand together.
func (es entries) appendWords(b []byte) []byte {
	var of hash
	for i := range es {
		e := &es[i]
		if e.key != of || i == 0 {
			of = e.key
			b = append(b, 'K')
			b = hex.AppendEncode(b, e.key[:])
			b = append(b, '.')
			b = hex.AppendEncode(b, e.crowd[:])
			b = append(b, '.')
			b = strconv.AppendInt(b, int64(e.per), 10)
			b = append(b, ' ')
		}
		if e.sum {
			b = append(b, 'S')
			b = strconv.AppendInt(b, e.amount, 10)
		} else {
			b = append(b, 'O')
			b = hex.AppendEncode(b, e.object[:])
		}
		b = append(b, '@')
		b = strconv.AppendInt(b, e.at, 10)
		b = append(b, ' ')
	}
	return b[:len(b)-1]
}

// words reads what appendWords wrote.
func (es *entries) words(line []byte) error {
	var of name
	for word := range bytes.SplitSeq(line, []byte(" ")) {
		if len(word) == 0 {
			return errors.New("an empty word")
		}
		rest := word[1:]
		if word[0] == 'K' {
			var err error
			if of, err = readName(rest); err != nil {
				return err
			}
			continue
		}
		what, at, ok := bytes.Cut(rest, []byte("@"))
		e := entry{name: of, sum: word[0] == 'S'}
		var err, err2 error
		e.at, err = number(at)
		switch {
		case !ok || of.per <= 0:
			err = errors.New("no entry")
		case word[0] == 'O':
			err2 = e.object.read(what)
		case word[0] == 'S':
			e.amount, err2 = number(what)
		default:
			err = errors.New("an unknown word")
		}
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		*es = append(*es, e)
	}
	return nil
}

func readName(word []byte) (n name, err error) {
	parts := bytes.Split(word, []byte("."))
	if len(parts) != 3 {
		return n, errors.New("no account")
	}
	per, err := number(parts[2])
	n.per = time.Duration(per)
	return n, errors.Join(err, n.key.read(parts[0]), n.crowd.read(parts[1]))
}

func (h *hash) read(word []byte) error {
	if len(word) != 2*len(h) {
		return errors.New("no hash")
	}
	_, err := hex.Decode(h[:], word)
	return err
}

// number reads what is not below 0.
func number(word []byte) (int64, error) {
	n, err := strconv.ParseUint(string(word), 10, 63)
	return int64(n), err
}

// read is what a journal says: each of its entries in order, and where its whole
// lines end. Any fault but a torn last line is an error: what cannot be read was
// taken by somebody.
func read(r io.Reader, each func(*entries)) (size int64, sum chain, torn bool, err error) {
	in := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return size, sum, len(line) > 0, nil
		case errors.Is(err, bufio.ErrBufferFull):
			return 0, 0, false, fmt.Errorf("line %d: longer than %d bytes", n, maxLine)
		case err != nil:
			return 0, 0, false, err
		}
		words, err := sum.check(line[:len(line)-1])
		var es entries
		switch {
		case err != nil:
		case n == 1 && string(words) != header:
			err = fmt.Errorf("no journal of the form %q", header)
		case n > 1:
			err = es.words(words)
		}
		if err != nil {
			return 0, 0, false, fmt.Errorf("line %d: %w", n, err)
		}
		each(&es)
		size += int64(len(line))
	}
}
