package rules

import (
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// nasty are rules files of about n bytes that somebody made to hurt.
func nasty(n int) map[string]string {
	const rules, deny = "rules:\n", "- { id: r%d, deny: acme, to: read, on: account, when: '"
	return map[string]string{
		"dense rules loads":               again(n, rules, "- {id: r%d,deny: acme,to: [read],on: file}\n", ""),
		"types loads":                     again(n, "objects:\n", "- { type: t%d, tier: internal }\n", ""),
		"slow: identities loads":          again(n, "identities:\n", "- { name: i%d, kind: service, match: { issuer: corp, subject: i%d } }\n", ""),
		"a chain of groups loads":         again(n, "groups:\n- { name: g0, members: [acme] }\n", "- { name: g%d, members: [g%p] }\n", ""),
		"slow: a chain of actions loads":  again(n, "action_groups:\n  a0: [read]\n", "  a%d: [a%p, read]\n", ""),
		"conditions loads":                again(n, rules, deny+"object.tenant.startsWith(\"%d\")' }\n", ""),
		"slow: long conditions loads":     again(n, rules, deny+strings.Repeat("object.tenant.startsWith(\"%d\") || ", 100)+"object.frozen' }\n", ""),
		"slow: long closures loads":       again(n, rules, deny+strings.Repeat("object.tenant == \"%d\" || ", 120)+"object.frozen' }\n", ""),
		"slow: lists in conditions loads": again(n, rules, deny+"object.tenant in ["+strings.Repeat("\"%d\",", 200)+"\"\"]' }\n", ""),
		"patterns of ids loads":           again(n, "objects:\n", "- { type: t%d, tier: internal, id: '[a-z]{1,9}x{5}[0-9]{1,20}' }\n", ""),
		"nulls":                           again(n, rules, "-\n", ""),
		"empty rules":                     again(n, rules, "- {}\n", ""),
		"slow: short items":               again(n, "rules: [", "x,", "]"),
		"short actions":                   again(n, "rules: [{ id: a, allow: customers, on: account, up_to: internal, to: [", "a,", "] }]"),
		"aliases":                         again(n, "a: &a 1\nb: [", "*a,", "]"),
		"one key again":                   again(n, "", "rules: 1\n", ""),
		"slow: unknown keys":              again(n, rules, "- { id: r%d, dney: acme }\n", ""),
		"slow: unknown callers":           again(n, rules, "- { deny: nobody, to: read, on: account }\n", ""),
		"mistaken conditions":             again(n, rules, deny+"object.a%d == ' }\n", ""),
		"hidden":                          again(n, "", "#\u202e\n", ""),
		"line breaks":                     again(n, "", "#\u2028\n", ""),
		"slow: lists, deep and often":     again(n, rules, "- "+strings.Repeat("[", 60)+strings.Repeat("]", 60)+"\n", ""),
		"mappings, deep":                  strings.Repeat("{a: ", n/5) + strings.Repeat("}", n/5),
		"any_of, wide":                    again(n, rules+"  - { id: x, to: read, on: account, deny: { any_of: [", "acme,", "] } }\n"),
		"any_of times any_of":             rules + "  - { id: x, to: read, on: account, deny: { all_of: [" + strings.Repeat("{ any_of: [acme, customers] }, ", n/40) + "] } }\n",
		"slow: all_of, wide":              again(n, rules+"  - { id: x, to: read, on: account, deny: { all_of: [\n", "{ kind: service },\n", "] } }\n"),
		"callers of one rule loads":       again(n, rules+"  - { id: x, to: read, on: account, deny: [", "acme,", "] }\n"),
	}
}

// multiplying are small files that come to very much.
func multiplying() map[string]string {
	const rules, deny = "rules:\n", "- { id: r%d, deny: acme, to: read, on: account, when: "
	const types, n = "- { type: t%d, tier: internal }\n", 1 << 17
	pattern := "- { type: t%d, tier: internal, id: '"
	return map[string]string{
		"patterns of ids":              again(n, "objects:\n", pattern+"(a{1,30}){1,30}%d' }\n", ""),
		"slow: classes in ids":         again(n, "objects:\n", pattern+`\pL{90}%d' }`+"\n", ""),
		"X2 one large pattern":         "objects: [{ type: t, tier: internal, id: '(a{1,500}){1,500}' }]",
		"slow: X2 patterns that ask":   again(2*n, rules, "- { id: r%d, allow: customers, to: read, on: account, up_to: internal, ask: { header: x-c, pattern: '(a{1,30}){1,30}%d', as: c } }\n", ""),
		"slow: patterns in conditions": again(n, rules, deny+`"`+strings.Repeat("object.tenant.matches('(a{1,30}){1,9}%d') || ", 20)+`object.frozen" }`+"\n", ""),
		"groups in groups":             "identities:\n" + numbered("- { name: i%d, kind: service, match: { issuer: corp, subject: i%d } }\n", 2_050) + "groups:\n- { name: g0, members: [acme] }\n" + numbered("- { name: g%d, members: [g%p, i%d] }\n", 2_050),
		"slow: actions in actions":     "weights:\n" + numbered("  w%d: 1\n", 2_100) + "action_groups:\n  a0: [read]\n" + numbered("  a%d: [a%p, w%d]\n", 2_100),
		"defines":                      "define:\n  long: 'object.tenant == \"" + strings.Repeat("x", 4_000) + "\"'\n" + again(n, rules, deny+"'long && object.id != \"%d\"' }\n", ""),
		"a condition for many types":   "objects:\n" + numbered(types, 500) + rules + numbered("- { id: r%d, deny: acme, to: read, on: ["+counted("t", 500)+"], when: 'object.id == \"%d"+strings.Repeat("x", 2_000)+"\"' }\n", 3),
		"actions times types":          "objects:\n" + numbered(types, 1_000) + "weights:\n" + numbered("  w%d: 1\n", 1_000) + rules + "- { id: r, deny: acme, to: [" + counted("w", 1_000) + "], on: [" + counted("t", 1_000) + "] }\n",
	}
}

// numbered is one thing n times with rising numbers in it.
func numbered(item string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.NewReplacer("%d", fmt.Sprint(i+1), "%p", fmt.Sprint(i)).Replace(item))
	}
	return b.String()
}

// counted are n words in a list.
func counted(word string, n int) string { return strings.TrimSuffix(numbered(word+"%d, ", n), ", ") }

// again is numbered between two texts, until the whole has n bytes.
func again(n int, head, item, tail string) string {
	return head + numbered(item, max(1, (n-len(head))/len(item))) + tail
}

// TestR2NastyFilesTakeLittle: what a file holds or what is wrong with it in very many places,
// loading takes less than 64 times the largest file that is read. The files here are small,
// and what they take is measured against their part of what one file may hold.
func TestR2NastyFilesTakeLittle(t *testing.T) {
	for name, text := range nasty(1 << 17) {
		if strings.HasPrefix(name, "slow: ") && os.Getenv("TIERGATE_FULL") != "1" {
			continue
		}
		of := func(n, most int) float64 { return float64(n) / float64(most) }
		part := max(of(len(text), maxFileSize), of(marks(text), maxMarks), of(strings.Count(text, "\n- "), maxItems), of(strings.Count(text, "acme,"), maxCallers))
		loaded := loadNasty(t, name, text, part)
		if want := strings.HasSuffix(name, " loads"); loaded != want {
			t.Errorf("%s: loaded %v", name, loaded)
		}
	}
	for name, text := range multiplying() {
		if strings.HasPrefix(name, "slow: ") && os.Getenv("TIERGATE_FULL") != "1" {
			continue
		}
		if loadNasty(t, name, text, 1) {
			t.Errorf("%s: it loads", name)
		}
	}
}

// loadNasty loads a file beside the base, wants no more mistakes and warnings than somebody
// may read, and no more memory than a part of 64 times the largest file.
func loadNasty(t *testing.T, name, text string, part float64) (loaded bool) {
	runtime.GC()
	stop := peak()
	start := time.Now()
	src, ms := Parse(fstest.MapFS{"base.yaml": {Data: readBase(t)}, "more.yaml": {Data: []byte(text)}})
	set, more := Compile(src, testEnv())
	took, top := time.Since(start), stop()
	n, odd := len(ms)+len(more), len(set.Warnings())
	if n > 2*(maxMistakes+1) || odd > maxMistakes+1 || n > 0 && len(set.Rules()) > 0 {
		t.Errorf("%s: %d mistakes, %d warnings, %d rules", name, n, odd, len(set.Rules()))
	}
	const overhead = 24 << 20 // of the base and of CEL
	if most := uint64(64*maxFileSize*part) + overhead; top > most {
		t.Errorf("%s: %d MiB for %d KiB, want at most %d MiB", name, top>>20, len(text)>>10, most>>20)
	}
	t.Logf("%-26s %4d KiB %4d MiB of %4d, %v, %d mistakes, %d warnings", name, len(text)>>10, top>>20, (uint64(64*maxFileSize*part)+overhead)>>20, took, n, odd)
	return n == 0
}

// peak watches how large the heap gets, what is not collected yet included.
func peak() (stop func() uint64) {
	done, most := make(chan struct{}), make(chan uint64)
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	low := sample[0].Value.Uint64()
	go func() {
		var top uint64
		for {
			metrics.Read(sample)
			top = max(top, sample[0].Value.Uint64())
			select {
			case <-done:
				most <- top - min(low, top)
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(done); return <-most }
}
