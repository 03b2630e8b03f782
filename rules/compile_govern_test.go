package rules

import (
	"slices"
	"testing"
	"testing/fstest"
	"time"
)

// Durations may be whole days; nothing else is a day.
func TestDurationsInDays(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90d": 90 * 24 * time.Hour, "0d": 0, "36500d": 36_500 * 24 * time.Hour, "90m": 90 * time.Minute, "1h30m": 90 * time.Minute,
		"36501d": -1, "-1d": -1, "1.5d": -1, "1d12h": -1, "d": -1, "+1d": -1, "1 d": -1, "1D": -1, "99999999999999999999d": -1, "": -1,
	} {
		got, err := parseDuration(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q is %v, %v, want %v", text, got, err, want)
		}
	}
}

// Without a configuration nobody knows how long tokens live: that is said, and
// only where a kind demands it.
func TestMaxLifetimeIsUncheckedWithoutConfiguration(t *testing.T) {
	const what = "max_lifetime of issuers, which kinds demand"
	for demand, want := range map[string]bool{"max_lifetime: 1m": true, "owner": false} {
		text := "kinds: { agent: { require: { " + demand + " } } }\n" +
			"identities: [ { name: bot, kind: agent, owner: team, match: { issuer: corp, subject: bot } } ]\n"
		src, ms := Parse(fstest.MapFS{"a.yaml": {Data: readBase(t)}, "b.yaml": {Data: []byte(text)}})
		set, more := Compile(src, Env{Partial: true, Now: testNow})
		if err := append(ms, more...).Err(); err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(set.Unchecked(), what); got != want {
			t.Errorf("%s: unchecked %q", demand, set.Unchecked())
		}
		if _, more := Compile(src, testEnv()); (len(more) > 0) != want {
			t.Errorf("%s, with a configuration: %v", demand, more)
		}
	}
}
