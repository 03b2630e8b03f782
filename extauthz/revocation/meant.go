package revocation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An entry goes by the name of an issuer or identity, and a name can be given to
// another. So each entry keeps what its name meant when it was made: then it also
// stops whatever has that meaning now, by whichever name, and it is reported as
// mistaken. It goes on stopping whoever has the name: an issuer with a new URL is
// more often the old one than a stranger, and what was stopped stays stopped.

// given is the name that somebody gave: of the issuer, or of the identity.
func (b *By) given() string { return b.Issuer + b.Identity } // one of them is there

// Meaning is what the name in By stands for now; "" when nobody knows.
func (n Names) Meaning(b *By) string { return bounded(n.meanings(b)[b.given()]) }

// bounded keeps what is long as its sum alone: it is only compared.
func bounded(meaning string) string {
	if len(meaning) <= maxMeant/2 {
		return meaning
	}
	sum := sha256.Sum256([]byte(meaning))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// meanings are those of the kind of name that By has.
func (n Names) meanings(b *By) map[string]string {
	all := n.IssuersMean
	if b.Identity != "" {
		all = n.IdentitiesMean
	}
	if all == nil {
		return nil
	}
	return all()
}

// frozen are the names as they are at this moment.
func (n Names) frozen() Names {
	for _, f := range []*func() map[string]string{&n.IssuersMean, &n.IdentitiesMean} {
		if *f != nil {
			now := (*f)()
			*f = func() map[string]string { return now }
		}
	}
	return n
}

// moved says that the name of an entry does not stand for what it meant.
func (n Names) moved(e *Entry) bool {
	return e.Meant != "" && n.meanings(&e.By) != nil && n.Meaning(&e.By) != e.Meant
}

// others are the names besides its own that stand now for what an entry meant.
func (n Names) others(e *Entry) (names []string) {
	if !n.moved(e) {
		return nil
	}
	all := n.meanings(&e.By)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name != e.By.given() && bounded(all[name]) == e.Meant {
			names = append(names, name)
		}
	}
	return names
}

// listed is the entry with what of it is mistaken.
func (n Names) listed(e *Entry) Listed {
	l := Listed{Entry: *e}
	gone := n.Vain(&e.By)
	others := n.others(e)
	switch {
	case gone != "" && len(others) == 0:
		l.StopsNobody = gone
	case gone != "":
		l.NameMoved = fmt.Sprintf("%s any more; what it was (%s) is %s now, which the entry stops", gone, e.Meant, quoted(others))
	case n.moved(e):
		l.NameMoved = fmt.Sprintf("%s %q is %s now and was %s: the entry stops both", e.By.kind(), e.By.given(), n.Meaning(&e.By), e.Meant)
		if len(others) == 0 {
			l.NameMoved = strings.TrimSuffix(l.NameMoved, " both") + " what it is now, and what it was is not there"
		} else {
			l.NameMoved += ", the second as " + quoted(others)
		}
	}
	return l
}

func (b *By) kind() string {
	if b.Identity != "" {
		return "identity"
	}
	return "issuer"
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(out, ", ")
}
