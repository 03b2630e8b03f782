package rules

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// Each pattern with an id that has one division and its twin that has two.
func TestIDsDivideOnce(t *testing.T) {
	for _, c := range []struct{ pattern, once, twice string }{
		{`(?P<a>acme|acme-eu)-(?P<b>[a-z0-9-]+)`, "acme-7", "acme-eu-7"},
		{`(?P<a>acme-eu|acme)-(?P<b>[a-z0-9-]+)`, "acme-7", "acme-eu-7"},
		{`(?P<a>[a-z-]+)-(?P<b>[a-z0-9-]+)`, "acme-7", "acme-eu-7"},
		{`(?P<a>[a-z]*)(?P<b>[a-z0-9]*)`, "7", "a7"},
		{`(?:(?P<a>[a-z]+)-)?(?P<b>[0-9a-z-]+)`, "7", "a-7"},
		{`(?P<a>x)?(?:y|xy)`, "y", "xy"},
		{`(?P<a>a?)(?:a|b)?`, "b", "a"},
		{`(?P<a>[a-z]+)(?:-|-eu-)(?P<b>[0-9eu-]+)`, "acme-7", "acme-eu-7"},
		{`(?P<a>é|éa)(?P<b>a?b)`, "éb", "éab"},
		{`(?P<a>a{1,2}){1}(?P<b>a*b)`, "ab", "aab"},
	} {
		re := regexp.MustCompile("^(?:" + c.pattern + ")$")
		d, looped, err := newDivision(re.String(), namedGroups(re))
		if err != nil || looped != "" {
			t.Fatalf("%s: %v, looped %q", c.pattern, err, looped)
		}
		if !re.MatchString(c.once) || !re.MatchString(c.twice) {
			t.Errorf("%s does not match %q and %q", c.pattern, c.once, c.twice)
		}
		if !d.once(c.once) {
			t.Errorf("%s divides %q once, and it was refused", c.pattern, c.once)
		}
		if d.once(c.twice) {
			t.Errorf("%s divides %q twice, and it was taken", c.pattern, c.twice)
		}
	}
}

// A long id costs what its length and the pattern's say, or is refused.
func TestIDsDivideInBoundedTime(t *testing.T) {
	re := regexp.MustCompile(`^(?:(?P<a>(?:a|a?)*(?:a*)*)-(?P<b>[a-z0-9-]{1,500}))$`)
	d, _, err := newDivision(re.String(), namedGroups(re))
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if d.once(strings.Repeat("a", 200)+"-"+strings.Repeat("b", 50)) != true || d.once(strings.Repeat("a", 500)+"-"+strings.Repeat("b", 500)) {
		t.Error("one division was refused, or a pattern beyond the bound was taken")
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestGroupsInRepetitions(t *testing.T) {
	for _, pattern := range []string{`(?:(?P<a>[a-z])-)+`, `(?P<a>[a-z])*`, `(?P<a>[a-z]){2}`, `(?:x(?P<a>[a-z])?){0,3}`} {
		re := regexp.MustCompile(pattern)
		if _, looped, err := newDivision(pattern, namedGroups(re)); looped != "a" || err != nil {
			t.Errorf("%s: looped is %q, %v", pattern, looped, err)
		}
		if _, looped, err := newDivision(pattern, nil); looped != "" || err != nil {
			t.Errorf("%s, of which no group counts: looped is %q, %v", pattern, looped, err)
		}
	}
}

// FuzzDivisions compares with all ways that a small text can be cut in three.
func FuzzDivisions(f *testing.F) {
	for _, seed := range [][4]string{{"a|ab", "b?", "c*", "abc"}, {"[a-b]+", "-", "[a-b-]+", "a-b-a"}, {"a*", "a*", "b", "aab"}} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, a, between, b, text string) {
		if len(text) > 12 || len(a)+len(b)+len(between) > 40 || strings.ContainsAny(a+between+b, `\^$(`) {
			t.Skip()
		}
		parts := [3]*regexp.Regexp{}
		for i, p := range []string{a, between, b} {
			re, err := regexp.Compile(`^(?:` + p + `)$`)
			if err != nil {
				t.Skip()
			}
			parts[i] = re
		}
		d, _, err := newDivision(`^(?:(?P<a>`+a+`)(?:`+between+`)(?P<b>`+b+`))$`, []int{1, 2})
		if err != nil {
			t.Skip()
		}
		ways := map[[2]int]bool{}
		for i := range len(text) + 1 {
			for j := i; j <= len(text); j++ {
				if parts[0].MatchString(text[:i]) && parts[1].MatchString(text[i:j]) && parts[2].MatchString(text[j:]) {
					ways[[2]int{i, j}] = true
				}
			}
		}
		if got, want := d.once(text), len(ways) == 1; got != want {
			t.Errorf("%q %q %q of %q: once is %v, the ways are %v", a, between, b, text, got, ways)
		}
	})
}

func namedGroups(re *regexp.Regexp) (groups []int) {
	for i, name := range re.SubexpNames() {
		if name != "" {
			groups = append(groups, i)
		}
	}
	return slices.Clip(groups)
}

func TestAnIDThatDividesTwiceGivesNothing(t *testing.T) {
	src, ms := Parse(fstest.MapFS{"a.yaml": {Data: []byte(`
tiers: [ { name: internal } ]
objects: [ { type: job, tier: internal, attributes: { tenant: string }, id: "(?P<tenant>acme|acme-eu)-(?:[a-z0-9-]+)" } ]`)}})
	set, more := Compile(src, Env{})
	if err := append(ms, more...).Err(); err != nil {
		t.Fatal(err)
	}
	job := set.Schema().Types["job"]
	for id, want := range map[string]string{"acme-7": "", "acme-eu-7": "the id can be divided in two ways", "eve-7": "the id is not what its pattern says"} {
		to := make([]any, 1)
		if wrong := job.Named(id, to); wrong != want || (to[0] == "acme") != (want == "") {
			t.Errorf("%s: got %v and %q, want %q", id, to, wrong, want)
		}
	}
	src, _ = Parse(fstest.MapFS{"a.yaml": {Data: []byte(`
tiers: [ { name: internal } ]
objects: [ { type: job, tier: internal, attributes: { tenant: string }, id: "(?P<tenant>[a-z])+" } ]`)}})
	_, ms = Compile(src, Env{})
	if err := ms.Err(); err == nil || !strings.Contains(err.Error(), `the group "tenant" of id may come several times`) {
		t.Errorf("a group in a repetition: %v", err)
	}
}
