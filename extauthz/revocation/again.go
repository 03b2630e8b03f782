package revocation

import "time"

// again finds the entry that e repeats: a client whose answer got lost asks once
// more, by the id that it chose. What differs in anything is no repetition.
func (l *List) again(e *Entry) (there *Entry, epoch uint64) {
	entries, epoch := l.store.Entries()
	for i := range entries {
		if entries[i].ID == e.ID && entries[i].repeats(e) {
			return &entries[i], epoch
		}
	}
	return nil, 0
}

// repeats compares all but when the two were made.
func (e *Entry) repeats(other *Entry) bool {
	return e.By.equal(other.By) && e.Until.Equal(other.Until) && e.Because == other.Because && e.Who == other.Who
}

func (b By) equal(other By) bool {
	if !b.IssuedBefore.Equal(other.IssuedBefore) {
		return false
	}
	b.IssuedBefore, other.IssuedBefore = time.Time{}, time.Time{} // in which == sees more than the moment
	return b == other
}
