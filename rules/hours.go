package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones load where the machine has none, as in an empty container
)

// hours are times of the week in a zone, such as Mon-Fri 08:00-18:00 Europe/Oslo.
type hours struct {
	zone *time.Location
	days [7]bool // by time.Weekday: on which the hours begin
	from int     // minute of the day, the first that is in
	to   int     // the first that is out; not after from where the hours go on past midnight
}

const minutesOfDay = 24 * 60

var (
	weekdays = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
	everyDay = [7]bool{true, true, true, true, true, true, true}
)

// parseHours reads [days] [HH:MM-HH:MM] zone, of which days or times may be left out.
func parseHours(text string) (h *hours, problem, hint string) {
	const form = "such as Mon-Fri 08:00-18:00 Europe/Oslo"
	words := strings.Fields(text)
	if len(words) < 2 || len(words) > 3 {
		return nil, fmt.Sprintf("%q are no hours: want days, times or both, and a zone", text), form
	}
	h = &hours{days: everyDay, to: minutesOfDay}
	name := words[len(words)-1]
	zone, err := time.LoadLocation(name)
	switch {
	case strings.Contains(name, ":") || slices.Contains(weekdays, name):
		return nil, fmt.Sprintf("%q are no hours: a zone stands last", text), form
	case err != nil || name == "Local":
		return nil, fmt.Sprintf("no time zone %q", name), "a name such as UTC or Europe/Oslo"
	}
	h.zone = zone
	words = words[:len(words)-1]
	if !strings.Contains(words[0], ":") {
		if problem, hint = h.readDays(words[0]); problem != "" {
			return nil, problem, hint
		}
		words = words[1:]
	}
	switch {
	case len(words) > 1:
		return nil, fmt.Sprintf("%q are no hours: the days stand before the times", text), form
	case len(words) == 1 && !h.readTimes(words[0]):
		return nil, fmt.Sprintf("%q are no times of a day", words[0]), "from the first minute up to one that is out, such as 08:00-18:00, 22:00-06:00 or 18:00-24:00"
	case h.days == everyDay && h.from == 0 && h.to == minutesOfDay:
		return nil, fmt.Sprintf("%q are all hours there are", text), "leave the condition out, then any will do"
	}
	return h, "", ""
}

// readDays reads Mon-Fri,Sun. A range may go past the end of the week.
func (h *hours) readDays(list string) (problem, hint string) {
	h.days = [7]bool{}
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		for _, day := range []string{first, last} {
			if !slices.Contains(weekdays, day) {
				hint := DidYouMean(day, weekdays)
				if hint == "" {
					hint = "Mon, Tue, Wed, Thu, Fri, Sat or Sun"
				}
				return fmt.Sprintf("%q is no day of the week", day), hint
			}
		}
		end := slices.Index(weekdays, last)
		for day := slices.Index(weekdays, first); ; day = (day + 1) % 7 {
			h.days[day] = true
			if day == end {
				break
			}
		}
	}
	return "", ""
}

func (h *hours) readTimes(text string) bool {
	first, last, _ := strings.Cut(text, "-")
	var ok, ok2 bool
	h.from, ok = minute(first)
	h.to, ok2 = minute(last)
	return ok && ok2 && h.from != h.to && h.from < minutesOfDay && h.to > 0
}

// minute reads HH:MM, up to 24:00.
func minute(text string) (int, bool) {
	if len(text) != 5 || text[2] != ':' {
		return 0, false
	}
	hour, err := strconv.ParseUint(text[:2], 10, 8)
	past, err2 := strconv.ParseUint(text[3:], 10, 8)
	if err != nil || err2 != nil || past > 59 || hour*60+past > minutesOfDay {
		return 0, false
	}
	return int(hour*60 + past), true
}

// hold reports whether a moment is in the hours, by the clock on a wall of the zone.
// Hours past midnight belong to the day on which they begin.
func (h *hours) hold(at time.Time) bool {
	at = at.In(h.zone)
	now, today := at.Hour()*60+at.Minute(), at.Weekday()
	if h.from < h.to {
		return h.days[today] && h.from <= now && now < h.to
	}
	return h.days[today] && h.from <= now || h.days[(today+6)%7] && now < h.to
}
