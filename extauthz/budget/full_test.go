package budget

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// TestFullLedger: all budgets together have so much and no more. What is counted already
// is allowed again, what must be counted is not, and it is told once.
func TestFullLedger(t *testing.T) {
	var logged bytes.Buffer
	l, err := Open("", slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	l.maxCells = 20
	take := func(at time.Time, o rules.Option) error {
		_, err := l.Charge(at, []rules.Claim{claim(o)})
		return err
	}
	w := &rules.Budget{Rule: "w", Counts: rules.Writes, Most: 1000, Per: time.Hour}
	for i := range 19 {
		if err := take(start, option(objects(fmt.Sprint("r", i%3), 100), fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := take(start, amount(w, 1)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		option rules.Option
		want   error
	}{
		"another object":           {option(objects("r0", 100), "x"), errFull},
		"a new object":             {option(objects("r0", 100), ""), errFull},
		"an object of another":     {option(objects("other", 100), "0"), errFull},
		"a sum of another":         {amount(&rules.Budget{Rule: "v", Counts: rules.Writes, Most: 9, Per: time.Hour}, 1), errFull},
		"an object that is there":  {option(objects("r0", 100), "0"), nil},
		"more in the same moments": {amount(w, 1), nil},
	} {
		if err := take(start, c.option); !errors.Is(err, c.want) || err == nil != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if got := l.Stats(); got.Entries != 20 || got.Failed != 4 {
		t.Errorf("%+v, want 20 entries and 4 failures", got)
	}
	if n := strings.Count(logged.String(), "budgets full"); n != 1 {
		t.Errorf("told %d times: %s", n, logged.String())
	}
	l.sweep(start.Add(2*time.Hour), 100)
	if err := take(start.Add(2*time.Hour), option(objects("r0", 100), "x")); err != nil || l.Stats().Entries != 1 {
		t.Errorf("once all of it is over: %v, %+v", err, l.Stats())
	}
}

// TestGuessesLeaveRoom: ids that denied requests name fill half of it, whatever their
// budgets have room for, and allowed requests go on.
func TestGuessesLeaveRoom(t *testing.T) {
	var logged bytes.Buffer
	l, err := Open("", slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	l.maxCells = 20
	for i := range 5 {
		var tries []rules.Charge
		for k := range 10 {
			tries = append(tries, option(objects(fmt.Sprint("r", k), 100), fmt.Sprint(i)).Charges...)
		}
		l.Note(start, tries)
	}
	if got := l.Stats(); got.Entries != 10 || got.Failed != 4 {
		t.Errorf("%+v, want 10 entries, and 4 requests of which nothing was counted", got)
	}
	if n := strings.Count(logged.String(), "budgets half full"); n != 1 {
		t.Errorf("told %d times: %s", n, logged.String())
	}
	if !charge(t, l, start, option(objects("r0", 100), "x")) {
		t.Error("no room for what is allowed")
	}
}
