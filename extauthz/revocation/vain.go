package revocation

import (
	"fmt"
	"log/slog"
)

// Names say which issuers the configuration has and which identities the rules
// in force have. A nil function knows every name.
type Names struct {
	Issuers, Identities func(name string) bool

	// IssuersMean and IdentitiesMean say what each name stands for, in words that
	// two names share when they stand for the same; nil where nobody knows.
	IssuersMean, IdentitiesMean func() map[string]string
}

// Vain says why an entry stops nobody by its own name; "" when there is somebody
// it may stop. Whether a subject, a client or a key is known is not for anybody
// here to say.
func (n Names) Vain(b *By) string {
	switch {
	case b.Issuer != "" && n.Issuers != nil && !n.Issuers(b.Issuer):
		return fmt.Sprintf("no issuer %q", b.Issuer)
	case b.Identity != "" && n.Identities != nil && !n.Identities(b.Identity):
		return fmt.Sprintf("no identity %q", b.Identity)
	}
	return ""
}

// Listed is an entry and what of it is mistaken: at most one of the two is there.
type Listed struct {
	Entry
	StopsNobody string `json:"stops_nobody,omitempty"`
	NameMoved   string `json:"name_moved,omitempty"` // it stops whom it meant, and whoever has the name now
}

func (l *Listed) mistaken() bool { return l.StopsNobody != "" || l.NameMoved != "" }

// Mistake says what is mistaken, "" for nothing.
func (l *Listed) Mistake() string {
	if l.StopsNobody != "" {
		return "stops nobody: " + l.StopsNobody
	}
	return l.NameMoved
}

// Compare holds the entries against the names that there are now, and puts each in
// force for what it meant, too. Those that stop nobody, or go by a name that means
// another now, are told to log, and counted; so they are whenever a source of
// entries changes after that.
func (l *List) Compare(n Names, log *slog.Logger) {
	l.changes.Lock()
	defer l.changes.Unlock()
	changed := l.stats.Load().Changed // other names are no other entries
	l.names, l.log = n.frozen(), log
	l.rebuild()
	l.stats.Load().Changed = changed
	l.compare()
}

// Vain returns the entries in force that stop nobody, or go by a name that means
// another now.
func (l *List) Vain() []Listed {
	var vain []Listed
	now := l.now()
	if all := l.vain.Load(); all != nil {
		for _, e := range *all {
			if !e.ended(now) {
				vain = append(vain, e)
			}
		}
	}
	return vain
}

// someVain is how many a line of the log names.
const someVain = 8

// findVain looks for those that are mistaken, and keeps them.
func (l *List) findVain() []Listed {
	entries, _ := l.Entries()
	var vain []Listed
	for i := range entries {
		if x := l.names.listed(&entries[i]); x.mistaken() {
			vain = append(vain, x)
		}
	}
	l.vain.Store(&vain)
	return vain
}

// compare is findVain, and tells of them.
func (l *List) compare() {
	vain := l.findVain()
	if l.log == nil {
		return
	}
	if count, some := told(vain, func(x *Listed) string { return x.StopsNobody }); count > 0 {
		l.log.Error("revocations stop nobody", slog.Int("entries", count), slog.Any("some", some))
	}
	if count, some := told(vain, func(x *Listed) string { return x.NameMoved }); count > 0 {
		l.log.Error("revocations go by names that moved", slog.Int("entries", count), slog.Any("some", some))
	}
}

// told counts those with one kind of mistake, and puts some of them into words.
func told(vain []Listed, why func(*Listed) string) (count int, some []string) {
	for i := range vain {
		w := why(&vain[i])
		if w == "" {
			continue
		}
		if count++; count <= someVain {
			some = append(some, fmt.Sprintf("%s: %s", vain[i].ID, w))
		}
	}
	return count, some
}
