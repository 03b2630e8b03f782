package resolver

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/tiergate/tiergate/rules"
)

// typed reads one value in its only spelling: servers disagree on +1, 01 and TRUE.
func typed(kind rules.Kind, text string) (any, bool) {
	v, ok := kind.ParseScalar(text)
	if n, isInt := v.(int64); isInt && strconv.FormatInt(n, 10) != text {
		return nil, false
	}
	return v, ok
}

// maxID is the longest id, in bytes.
const maxID = 1 << 10

// unfit says what makes text unfit to name an object, or returns "".
func unfit(text string) string {
	switch {
	case len(text) > maxID:
		return "more than " + strconv.Itoa(maxID) + " bytes"
	case text != strings.TrimSpace(text): // many servers trim, others do not
		return "a space at an end"
	}
	return oddText(text)
}

// checkID holds an id against its type before anything is looked up.
func checkID(t *rules.Type, id string) error {
	if what := unfit(id); what != "" {
		return rules.Faultf(rules.MalformedID, "an id of %s has %s", t.Name, what)
	}
	if !isASCII(id) && !norm.NFC.IsNormalString(id) { // to some servers it is another text
		return rules.Faultf(rules.MalformedID, "an id of %s is not in Unicode's form NFC", t.Name)
	}
	if t.ID != nil && !t.ID.MatchString(id) {
		return rules.Faultf(rules.MalformedID, "an id of %s is not %s", t.Name, idPattern(t.ID))
	}
	return nil
}

// idPattern is the type's pattern as it was written, without the anchors that
// package rules puts around it.
func idPattern(id *regexp.Regexp) string {
	return strings.TrimSuffix(strings.TrimPrefix(id.String(), `^(?:`), `)$`)
}
