package revocation

import (
	"fmt"
	"log/slog"
)

// Names say which issuers the configuration has and which identities the rules
// in force have. A nil function knows every name.
type Names struct {
	Issuers, Identities func(name string) bool
}

// Vain says why an entry stops nobody; "" when there is somebody it may stop. A
// name that was changed leaves its entries behind, for they go by the name alone.
// Whether a subject, a client or a key is known is not for anybody here to say.
func (n Names) Vain(b *By) string {
	switch {
	case b.Issuer != "" && n.Issuers != nil && !n.Issuers(b.Issuer):
		return fmt.Sprintf("no issuer %q", b.Issuer)
	case b.Identity != "" && n.Identities != nil && !n.Identities(b.Identity):
		return fmt.Sprintf("no identity %q", b.Identity)
	}
	return ""
}

// Listed is an entry and, where it stops nobody, why.
type Listed struct {
	Entry
	StopsNobody string `json:"stops_nobody,omitempty"`
}

// Compare holds the entries against the names that there are now. Those that stop
// nobody are told to log, and counted; so they are whenever a source of entries
// changes after that.
func (l *List) Compare(n Names, log *slog.Logger) {
	l.changes.Lock()
	defer l.changes.Unlock()
	l.names, l.log = n, log
	l.compare()
}

// Vain returns the entries in force that stop nobody.
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

// findVain looks for those that stop nobody, and keeps them.
func (l *List) findVain() []Listed {
	entries, _ := l.Entries()
	var vain []Listed
	for i := range entries {
		if why := l.names.Vain(&entries[i].By); why != "" {
			vain = append(vain, Listed{entries[i], why})
		}
	}
	l.vain.Store(&vain)
	return vain
}

// compare is findVain, and tells of them.
func (l *List) compare() {
	vain := l.findVain()
	if len(vain) == 0 || l.log == nil {
		return
	}
	var some []string
	for _, e := range vain[:min(len(vain), someVain)] {
		some = append(some, fmt.Sprintf("%s: %s", e.ID, e.StopsNobody))
	}
	l.log.Error("revocations stop nobody", slog.Int("entries", len(vain)), slog.Any("some", some))
}
