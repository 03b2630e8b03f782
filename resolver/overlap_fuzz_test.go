package resolver

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// FuzzOverlap compares the trie with brute force: see checkOverlap.
func FuzzOverlap(f *testing.F) {
	f.Add([]byte("\x01\x02\x03\x04\x05\x06\x07\x08"))
	f.Add([]byte("\x00\x80\x01\x81\x02\x82\x03\x83\x04\x84\x05\x85"))
	f.Add([]byte("\x03\x08\x09\x00\x03\x0a\x0b\x00\x06\x0c\x0d\x0e"))
	f.Fuzz(func(t *testing.T, seed []byte) { checkOverlap(t, seed) })
}

func TestOverlapsAtRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	loaded := 0
	for range 150 {
		seed := make([]byte, 4*(2+r.IntN(5)))
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		if checkOverlap(t, seed) {
			loaded++
		}
	}
	if loaded < 20 || loaded > 130 {
		t.Errorf("%d of 150 sets of lines load: the test tests little", loaded)
	}
}

// checkOverlap: lines load exactly if each request of all short paths has a
// narrowest line, and that line is the one matched; what they are refused for is
// a request that has none. It reports whether they load.
func checkOverlap(t *testing.T, seed []byte) bool {
	t.Helper()
	lines := linesFrom(seed)
	routes, ms := Compile([]rules.HostDecl{declare(withTargets(lines)...)}, bank())
	if len(ms) > 0 {
		checkRefused(t, lines, ms[0])
		return false
	}
	paths := pathsFor(lines)
	for _, method := range []string{"GET", "POST", "PUT"} {
		sets := matchedBy(lines, method, paths)
		for at, path := range paths {
			matches, narrow := narrowestOf(lines, sets, at)
			if !matches {
				continue
			}
			op := narrowest(routes, method, strings.Split(path[1:], "/"))
			if op == nil || !slices.ContainsFunc(narrow, func(i int) bool { return op.Method+" "+op.Template == lines[i] }) {
				t.Fatalf("%q: %s %s matches %v, want one of %v", lines, method, path, op, narrow)
			}
		}
	}
	return true
}

var bothMatch = regexp.MustCompile(`both match (?:([A-Z]+) )?(/[a-z/]*)`)

// checkRefused asks brute force about the request that a mistake names.
func checkRefused(t *testing.T, lines []string, m rules.Mistake) {
	t.Helper()
	named := bothMatch.FindStringSubmatch(m.Hint)
	if named == nil {
		t.Fatalf("%q are refused without a request: %v", lines, m)
	}
	method, paths := named[1], append(pathsFor(lines), named[2])
	if method == "ANY" {
		method = "PATCH"
	}
	if method != "" {
		if matches, narrow := narrowestOf(lines, matchedBy(lines, method, paths), len(paths)-1); !matches || len(narrow) > 0 {
			t.Fatalf("%q are refused: %v; yet that request has the narrowest line %v", lines, m, narrow)
		}
		return
	}
	for i := range lines {
		for j := range i {
			a, b := strings.SplitN(lines[i], " ", 2), strings.SplitN(lines[j], " ", 2)
			sets := matchedBy([]string{"ANY " + a[1], "ANY " + b[1]}, "GET", paths)
			if maps.Equal(sets[0], sets[1]) && sets[0][len(paths)-1] {
				return
			}
		}
	}
	t.Fatalf("%q are refused: %v; yet no two of them are the same", lines, m)
}

// shortPaths are the paths over two letters that templates use and one that they
// do not, with and without a slash at the end.
var shortPaths = func() (paths []string) {
	long := []string{""}
	for from := 0; len(long) < 121; from++ {
		for _, c := range "abc" {
			long = append(long, long[from]+string(c))
		}
	}
	one, two, three, four := long[1:4], long[1:13], long[1:40], long[1:121] // letters at most
	for _, shape := range [][][]string{{four}, {two, three}, {three, two}, {one, one, two}, {one, one, one, one}} {
		level := []string{""}
		for _, texts := range shape {
			var next []string
			for _, p := range level {
				for _, text := range texts {
					next = append(next, p+"/"+text)
				}
			}
			level = next
		}
		paths = append(paths, level...)
		if len(shape) < 4 {
			for _, p := range level {
				paths = append(paths, p+"/")
			}
		}
	}
	return append(paths, "/")
}()

var (
	captured = regexp.MustCompile(`\{\w+(=[^}]*)?\}`)
	stars    = regexp.MustCompile(`\*\*|\*`)
)

// formOf is a template with stars for its captures.
func formOf(line string) string {
	_, template, _ := strings.Cut(line, " ")
	return captured.ReplaceAllStringFunc(template, func(capture string) string {
		if _, form, has := strings.Cut(strings.Trim(capture, "{}"), "="); has {
			return form
		}
		return "*"
	})
}

// pathsFor adds to the short paths some that each of the lines matches.
func pathsFor(lines []string) []string {
	r := rand.New(rand.NewPCG(7, 8))
	paths := slices.Clone(shortPaths)
	for _, l := range lines {
		form := formOf(l)
		for range 60 {
			paths = append(paths, stars.ReplaceAllStringFunc(form, func(star string) string {
				fill := []string{"c", "a", "b", "ab", "ba", "ca", "cb", "cabc"}
				if star == "**" {
					fill = append(fill, "a/c", "b/a", "c/cb", "b/c/ca")
				}
				return fill[r.IntN(len(fill))]
			}))
		}
	}
	return paths
}

// linesFrom draws up to six lines over a tiny alphabet.
func linesFrom(seed []byte) []string {
	var out []string
	for len(seed) >= 4 && len(out) < 6 {
		path, many := "", false
		n := 1 + int(seed[0]/8)%3
		for i := range n {
			b := seed[1+i]
			form := []string{"/a", "/b", "/{c%d}", "/a", "/{c%d}", "/{r%d=**}", "/{r%d=**}b", "/{r%d=a/*}", "/{r%d=b/**}a", "/", "/a{c%d}", "/{c%d}b", "/{c%d}a", "/{c%d}a{d%d}", "/a{c%d}b", "/{c%d}b{d%d}"}[b%16]
			if form == "/" && i < n-1 || strings.Contains(form, "**") && many {
				form = "/b"
			}
			many = many || strings.Contains(form, "**")
			path += strings.ReplaceAll(form, "%d", fmt.Sprint(i))
		}
		seed, out = seed[4:], append(out, []string{"GET", "POST", "ANY", "GET", "GET|POST", "PUT|GET", "PUT", "ANY"}[seed[0]%8]+" "+path)
	}
	return out
}

// matchedBy says of each line which paths it matches: the sentences of the
// reference as regular expressions.
func matchedBy(lines []string, method string, paths []string) []map[int]bool {
	sets := make([]map[int]bool, len(lines))
	for i, l := range lines {
		methods, _, _ := strings.Cut(l, " ")
		sets[i] = map[int]bool{}
		if methods != "ANY" && !strings.Contains("|"+methods+"|", "|"+method+"|") {
			continue
		}
		re := regexp.MustCompile("^" + strings.NewReplacer("**", `[^/]+(?:/[^/]+)*`, "*", `[^/]+`).Replace(formOf(l)) + "$")
		for at, path := range paths {
			if re.MatchString(path) {
				sets[i][at] = true
			}
		}
	}
	return sets
}

// narrowestOf finds the lines of which all requests are among those of every other
// line that matches a path. Two of them differ in paths that are not asked for.
func narrowestOf(lines []string, sets []map[int]bool, at int) (matches bool, narrow []int) {
	var all []int
	for i := range sets {
		if sets[i][at] {
			all = append(all, i)
		}
	}
	for _, a := range all {
		if !slices.ContainsFunc(all, func(b int) bool { return !among(lines, sets, a, b) }) {
			narrow = append(narrow, a)
		}
	}
	return len(all) > 0, narrow
}

func among(lines []string, sets []map[int]bool, a, b int) bool {
	methodsA, _, _ := strings.Cut(lines[a], " ")
	methodsB, _, _ := strings.Cut(lines[b], " ")
	for m := range strings.SplitSeq(methodsA, "|") {
		if methodsB != "ANY" && !strings.Contains("|"+methodsB+"|", "|"+m+"|") {
			return false
		}
	}
	for p := range sets[a] {
		if !sets[b][p] {
			return false
		}
	}
	return true
}
