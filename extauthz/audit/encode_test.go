package audit

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// line is the whole line of a record, as the writer puts it together.
func line(r *Record) []byte { return r.append(appendHead(nil, r.Seq)) }

// full has every member set.
func full() Record {
	at := time.Date(2027, 1, 2, 3, 4, 5, 678901000, time.UTC)
	return Record{
		V: 1, Seq: 7, ID: "01hx", EnvoyID: "99", Trace: strings.Repeat("ab", 16), Time: at,
		Caller: Caller{
			Kind: "service", Identity: "svc-billing", Issuer: "corp", Subject: "s", Client: "c", Token: "jti", Key: "k1",
			Bound: true, BoundBy: "workload", Purpose: "invoicing",
		},
		Actor: &Caller{Kind: "agent"}, Peer: "spiffe://example.com/a", Op: "GET /v1/accounts/{id} -> read account/{id}",
		OpPos: Pos{File: "accounts.yaml", Line: 18, Col: 9}, Stream: 300,
		Targets: []Target{
			{
				Action: "read", Type: "account", ID: "AC1", Tier: "confidential", TierFrom: "type", Categories: []string{"pii", "health"},
				Effect: "allow", Reason: "allowed", Rule: "own", Pos: Pos{File: "a:b.yaml", Line: 1, Col: 2},
			},
			{Action: "list", Type: "card", Effect: "deny", Reason: "no_rule", Missing: "up_to", Pos: Pos{File: "b.yaml"}, As: "actor"},
		},
		Effect: "deny", Status: 403, Reason: "no_rule", Detail: "because",
		Shadow:   &Shadow{Effect: "allow", Reason: "allowed", Detail: "d", Rule: "r", By: "rules", Until: at},
		Stripped: true,
		Versions: Versions{Policy: "p", Config: "c", Catalog: 3, Keys: 4},
		Inputs: []Input{
			{Target: 1, Name: "object.tenant", Value: "eu"}, {Name: "n", Value: int64(-5)}, {Name: "b", Value: true},
			{Name: "l", Value: []string{"a", "b"}}, {Name: "i", Value: []int64{1, math.MinInt64}}, {Name: "absent"}, {Name: "s", Hash: "00ff"},
		},
		Cache: Cache{Token: true, Hits: 1, Misses: 2, Stale: 1},
		Us:    Us{Decode: 1, Match: 2, Identify: 3, Resolve: 4, Decide: 5, Total: 15},
	}
}

// standard is what encoding/json writes.
func standard(t interface{ Fatal(...any) }, r Record) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEncodingIsThatOfEncodingJSON(t *testing.T) {
	for name, r := range map[string]Record{
		"full":     full(),
		"empty":    {V: 1},
		"gap":      {V: 1, Seq: 3, Gap: 4, Why: "buffer_full", Time: time.Unix(5, 0).UTC()},
		"versions": {V: 1, Versions: Versions{Keys: 1}, Cache: Cache{Misses: 1}},
	} {
		if diff := cmp.Diff(string(standard(t, r)), string(line(&r))); diff != "" {
			t.Errorf("%s (-encoding/json +ours):\n%s", name, diff)
		}
	}
}

func TestEveryRecordReadsBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw
		r := full()
		r.ID, r.EnvoyID, r.Detail, r.Op = s(t, "id"), s(t, "envoy"), plain(s(t, "detail")), s(t, "op")
		r.Caller.Subject, r.Targets[0].ID, r.Targets[1].Missing = s(t, "sub"), s(t, "object"), s(t, "missing")
		r.Inputs[0].Value = s(t, "value")
		r.Inputs[1].Value = rapid.Int64().Draw(t, "n")
		r.Status, r.Seq = rapid.Int().Draw(t, "status"), rapid.Uint64().Draw(t, "seq")
		text := line(&r)
		var got Record
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Fatalf("(-written +read):\n%s", diff)
		}
		for _, c := range strings.TrimSuffix(string(text), "\n") {
			if !unicode.IsPrint(c) {
				t.Fatalf("%q is in the line %q", c, text)
			}
		}
	})
}

// H3: whatever a request chooses, a line stays one line of printable text.
func TestH3TextsCannotForgeOrHideALine(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"newline":       {"a\n{\"v\":1}", `"a\n{\"v\":1}"`},
		"escape":        {"\x1b[2Jx", `"\u001b[2Jx"`},
		"backwards":     {"a\u202eb", `"a\u202eb"`},
		"zero width":    {"a\u200bb", `"a\u200bb"`},
		"nul, delete":   {"\x00\x7f", `"\u0000\u007f"`},
		"C1":            {"\u009b31m", `"\u009b31m"`},
		"not UTF-8":     {"a\xffb", `"a\ufffdb"`},
		"line sep":      {"\u2028", `"\u2028"`},
		"beyond BMP":    {"\U000e0001", `"\udb40\udc01"`},
		"plain":         {"gr\u00fc\u00df <&> \u65e5\u672c", "\"gr\u00fc\u00df <&> \u65e5\u672c\""},
		"long":          {strings.Repeat("x", 1<<20), `"` + strings.Repeat("x", maxText) + `…"`},
		"cut in a rune": {strings.Repeat("x", maxText-1) + "é", `"` + strings.Repeat("x", maxText-1) + `\ufffd…"`},
	} {
		if got := string(appendText(nil, c.in)); got != c.want {
			t.Errorf("%s: got %.200s, want %.200s", name, got, c.want)
		}
	}
}

// A detail can quote what a client wrote: taken out of the record, by jq -r say,
// it is still printable and short.
func TestH3DetailsHoldNoControlCharacters(t *testing.T) {
	for in, want := range map[string]string{
		"header \"x\" reads like one of ours": "header \"x\" reads like one of ours",
		"a\x1b[2J\r\nb":                       "a\ufffd[2J\ufffd\ufffdb",
		"a\u202eb\xff":                        "a\ufffdb\ufffd",
		"grüß":                                "grüß",
		strings.Repeat("x", 1<<20):            strings.Repeat("x", maxDetail) + "…",
		strings.Repeat("é", maxDetail):        strings.Repeat("é", maxDetail/2) + "…",
		"x" + strings.Repeat("é", 300):        "x" + strings.Repeat("é", maxDetail/2-1) + "…",
	} {
		r := Record{ID: "a", Detail: in, Shadow: &Shadow{Detail: in}}
		var got Record
		for rec, err := range Read(bytes.NewReader(line(&r))) {
			if got = rec; err != nil {
				t.Fatal(err)
			}
		}
		if got.Detail != want || got.Shadow.Detail != want {
			t.Errorf("%.40q: read %.600q and %.600q, want %.600q", in, got.Detail, got.Shadow.Detail, want)
		}
	}
}

func TestEncodingARecordAllocatesNothing(t *testing.T) {
	r := full()
	buf := make([]byte, 0, 8<<10)
	if n := testing.AllocsPerRun(100, func() { buf = r.append(buf[:0]) }); n > 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	r := full()
	buf := make([]byte, 0, 8<<10)
	for b.Loop() {
		buf = r.append(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}
