package revocation

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func among(names ...string) func(string) bool {
	return func(name string) bool { return strings.Contains(" "+strings.Join(names, " ")+" ", " "+name+" ") }
}

// M3, M4: a changed name leaves its entries behind. The twin of each row has the
// name that there is.
func TestM3AnEntryThatNamesNobodyStopsNobody(t *testing.T) {
	n := Names{Issuers: among("corp"), Identities: among("svc-billing")}
	for _, c := range []struct {
		by   By
		want string
	}{
		{By{Issuer: "corp", Subject: "ada"}, ""},
		{By{Issuer: "corp2", Subject: "ada"}, `no issuer "corp2"`},
		{By{Issuer: "corp", Key: "nobody knows"}, ""},
		{By{Issuer: "corp2", All: true}, `no issuer "corp2"`},
		{By{Identity: "svc-billing"}, ""},
		{By{Identity: "svc-invoices"}, `no identity "svc-invoices"`},
	} {
		if got := n.Vain(&c.by); got != c.want {
			t.Errorf("%v: %q, want %q", &c.by, got, c.want)
		}
		if got := (Names{}).Vain(&c.by); got != "" {
			t.Errorf("%v: %q where every name is known", &c.by, got)
		}
	}
}

// M3, M4: at each comparison with the names, and at each change of the file, who
// reads the log and who reads the metrics learns which entries stop nobody.
func TestM4EntriesThatStopNobodyAreToldAndCounted(t *testing.T) {
	path := revoked(t, `revocations: [ { id: f1, by: { identity: old }, because: test } ]`)
	f := open(t, path)
	now := noon
	ends := made("ends", By{Identity: "old"})
	ends.Until = noon.Add(time.Hour)
	l := New(stored1(t, made("s1", By{Identity: "old"}), made("s2", By{Issuer: "corp", Subject: "ada"}), ends), f, func() time.Time { return now })
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	told := func(want string, vain int) {
		t.Helper()
		if got := len(l.Vain()); got != vain || l.Stats().Vain != vain {
			t.Errorf("%d entries stop nobody, and %d are counted; want %d", got, l.Stats().Vain, vain)
		}
		if got := log.String(); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("the log is %q, want %q", got, want)
		}
		log.Reset()
	}
	told("", 0) // nobody has said which names there are

	l.Compare(Names{Issuers: corpOnly, Identities: among("old")}, logger)
	told("", 0)
	l.Compare(Names{Issuers: corpOnly, Identities: among("new")}, logger)
	told("level=ERROR", 3)
	l.Compare(Names{Issuers: corpOnly, Identities: among("new")}, logger)
	told(`f1: no identity \"old\"`, 3)

	if err := f.take([]byte(`revocations: [ { id: f2, by: { identity: older }, because: test }, { id: f3, by: { identity: new }, because: test } ]`)); err != nil {
		t.Fatal(err)
	}
	l.reload()
	told(`f2: no identity \"older\"`, 3)
	if _, err := l.Restore(t.Context(), Undo{ID: "s1", Who: "test", Because: "test"}); err != nil {
		t.Fatal(err)
	}
	told("", 2)
	now = noon.Add(time.Hour) // and one ends by itself
	told("", 1)
	if _, err := l.Add(t.Context(), made("late", By{Identity: "old"})); err != nil { // the rules changed in between
		t.Fatal(err)
	}
	told("", 2)
	l.Compare(Names{Issuers: func(string) bool { return false }, Identities: among("older", "new", "old")}, logger)
	told(`s2: no issuer \"corp\"`, 1)
}

// M4: the list marks them, and them alone.
func TestM4ControlMarksWhatStopsNobody(t *testing.T) {
	c := control(t, stored1(t, made("s1", By{Identity: "old"}), made("s2", By{Identity: "svc-billing"}), made("s3", By{Issuer: "crop", All: true})))
	w := c.ask("GET", "/v1/revocations", "")
	var l Listing
	if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil || len(l.Entries) != 4 {
		t.Fatalf("%v %s", err, w.Body)
	}
	for i, want := range []string{"", `no identity "old"`, "", `no issuer "crop"`} {
		if got := l.Entries[i].StopsNobody; got != want {
			t.Errorf("%s: %q, want %q", l.Entries[i].ID, got, want)
		}
	}
	if n := strings.Count(w.Body.String(), "stops_nobody"); n != 2 {
		t.Errorf("%d marks in %s", n, w.Body)
	}
}
