package revocation

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// A journal is JSON lines: a header, the entries that were in force when it was
// last written anew, and one line for each change since. Every line ends in a
// sum over itself and the sum before it, so that no line can be lost, changed,
// moved or brought in from another journal without notice:
//
//	{"v":1,"store":"…","epoch":7,"entries":1,"sum":"…"}
//	{"entry":{…},"sum":"…"}
//	{"epoch":8,"entry":{…},"sum":"…"}
//	{"epoch":9,"restore":"…","at":"…","who":"…","because":"…","sum":"…"}
const (
	journalVersion = 1
	maxLine        = 32 << 10 // far above what an entry within its limits takes, escaped
	sumStart       = `,"sum":"`
	sumEnd         = `"}`
	sumDigits      = 16
	sumLength      = len(sumStart) + sumDigits + len(sumEnd)
)

// line is any line of a journal; encoding/json leaves out what it does not have.
type line struct {
	Version int       `json:"v,omitempty"`
	Store   string    `json:"store,omitempty"`
	Epoch   *uint64   `json:"epoch,omitempty"`
	Count   *int      `json:"entries,omitempty"`
	Entry   *Entry    `json:"entry,omitempty"`
	Restore string    `json:"restore,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Who     string    `json:"who,omitempty"`
	Because string    `json:"because,omitempty"`
}

// chain is the sum of the last line, "" before the first.
type chain string

// encode returns the line with its sum and its end, and moves the chain on.
func (c *chain) encode(l *line) ([]byte, error) {
	text, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	text = text[:len(text)-1]
	sum := c.sum(text)
	text = append(text, sumStart...)
	text = append(text, sum...)
	text = append(text, sumEnd...)
	if len(text) > maxLine {
		return nil, fmt.Errorf("a line of %d bytes, the limit is %d", len(text), maxLine)
	}
	*c = sum
	return append(text, '\n'), nil
}

// decode reads a line without its end, and moves the chain on.
func (c *chain) decode(text []byte) (*line, error) {
	at := len(text) - sumLength
	if at < 1 {
		return nil, errors.New("no line of ours")
	}
	sum := c.sum(text[:at])
	if string(text[at:]) != sumStart+string(sum)+sumEnd {
		return nil, errors.New("its sum is wrong: it was damaged or changed, or the line before it is missing")
	}
	l := line{Epoch: new(uint64), Count: new(int), Entry: new(Entry)}
	o, err := readObject(append(bytes.Clone(text[:at]), '}'))
	if err == nil {
		err = o.members(map[string]any{
			"v": &l.Version, "store": &l.Store, "epoch": l.Epoch, "entries": l.Count, "entry": l.Entry,
			"restore": &l.Restore, "at": &l.At, "who": &l.Who, "because": &l.Because,
		})
	}
	if err != nil {
		return nil, err
	}
	if o["epoch"] == nil {
		l.Epoch = nil
	}
	if o["entries"] == nil {
		l.Count = nil
	}
	if o["entry"] == nil {
		l.Entry = nil
	}
	*c = sum
	return &l, nil
}

func (c *chain) sum(body []byte) chain {
	h := sha256.New()
	io.WriteString(h, string(*c)) //nolint:errcheck // a hash takes everything
	h.Write(body)
	return chain(hex.EncodeToString(h.Sum(nil))[:sumDigits])
}

// content is what a journal says.
type content struct {
	store string
	epoch uint64
	chain chain
	live  map[string]stored
	added uint64 // numbers the entries
	bytes int    // of the lines of all that is live
	lines int    // changes since the journal was written anew
	size  int64  // of all whole lines
	torn  bool   // the last line has no end: it was never acknowledged
}

// stored is an entry with its place in the order of all.
type stored struct {
	Entry
	number uint64
	size   int // of its line
}

// readJournal reads a whole journal. Any fault but a torn last line is an error:
// what cannot be read may be a revocation.
func readJournal(r io.Reader) (*content, error) {
	c := &content{live: map[string]stored{}}
	in := bufio.NewReaderSize(r, maxLine+1)
	want := 0 // entries of the header that are still to come
	for n := 1; ; n++ {
		text, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && n == 1:
			return nil, errors.New("line 1: the header is missing")
		case errors.Is(err, io.EOF) && want > 0:
			return nil, fmt.Errorf("it ends %d entries early", want)
		case errors.Is(err, io.EOF):
			c.torn = len(text) > 0
			return c, nil
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("line %d: longer than %d bytes", n, maxLine)
		case err != nil:
			return nil, err
		}
		l, err := c.chain.decode(text[:len(text)-1])
		switch {
		case err != nil:
		case n == 1:
			want, err = c.header(l)
		case want > 0:
			want--
			err = c.kept(l, len(text))
		default:
			err = c.change(l, len(text))
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		c.size += int64(len(text))
	}
}

func (c *content) header(l *line) (entries int, err error) {
	if l.Version != journalVersion || l.Store == "" || l.Epoch == nil || l.Count == nil || *l.Count < 0 {
		return 0, fmt.Errorf("no header of version %d", journalVersion)
	}
	c.store, c.epoch = l.Store, *l.Epoch
	return *l.Count, nil
}

func (c *content) kept(l *line, size int) error {
	if l.Entry == nil || l.Epoch != nil {
		return errors.New("want an entry that the header counts")
	}
	return c.put(*l.Entry, size)
}

func (c *content) change(l *line, size int) error {
	if l.Epoch == nil || *l.Epoch != c.epoch+1 {
		return fmt.Errorf("want the change of epoch %d", c.epoch+1)
	}
	c.epoch++
	c.lines++
	if (l.Entry == nil) == (l.Restore == "") {
		return errors.New("want an entry or what is restored")
	}
	if l.Entry != nil {
		return c.put(*l.Entry, size)
	}
	if !c.take(l.Restore) {
		return fmt.Errorf("it restores %q, which is not there", l.Restore)
	}
	return nil
}

func (c *content) take(id string) bool {
	s, ok := c.live[id]
	c.bytes -= s.size
	delete(c.live, id)
	return ok
}

func (c *content) put(e Entry, size int) error {
	if _, twice := c.live[e.ID]; twice {
		return fmt.Errorf("entry %q is there twice", e.ID)
	}
	c.added++
	c.bytes += size
	c.live[e.ID] = stored{e, c.added, size}
	return nil
}
