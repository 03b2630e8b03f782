package identity

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longest is the most that a header's seconds count for; more would overflow.
const longest = 10 * 365 * 24 * time.Hour

// cacheAge returns how long an answer stays fresh: what Cache-Control grants
// less what caches on the way used up of it (RFC 9111 sections 4.2 and 5.2.2).
// What forbids caching is fresh for no time, which the caller's bounds raise;
// several ages or a bad one say nothing.
func cacheAge(h http.Header) *time.Duration {
	var age *time.Duration
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(h.Values("Cache-Control"), ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache":
			return new(time.Duration)
		case "max-age":
			seconds, err := parseSeconds(strings.Trim(value, `"`))
			if err != nil || age != nil {
				return nil
			}
			age = new(seconds)
		}
	}
	if age == nil {
		return nil
	}
	if used, err := parseSeconds(h.Get("Age")); err == nil {
		*age = max(0, *age-used)
	}
	return age
}

// madeAt is when the issuer wrote an answer, by its own clock: Date, which caches
// keep (RFC 9110 section 6.6.1). It is zero when that cannot be read.
func madeAt(h http.Header) time.Time {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at
}

func parseSeconds(digits string) (time.Duration, error) {
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case n > int64(longest/time.Second): // also when it overflows
		return longest, nil
	case err == nil && n < 0:
		err = errors.New("a negative age")
	}
	return time.Duration(n) * time.Second, err
}
