package revocation_test

import (
	"log/slog"
	"testing"

	"github.com/tiergate/tiergate/extauthz/revocation"
	"github.com/tiergate/tiergate/extauthz/revocation/revocationtest"
)

func TestJournalIsAStore(t *testing.T) {
	revocationtest.Run(t, func(t *testing.T, place string) revocation.Store {
		t.Helper()
		j, err := revocation.OpenJournal(revocation.JournalOptions{Dir: place, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return j
	})
}
