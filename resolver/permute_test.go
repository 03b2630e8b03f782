package resolver

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// members draws members of a JSON object, some of which the shop declares.
func drawMembers(t *rapid.T, depth int) []string {
	names := []string{"phone", "ssn", "SSN", "address", "items", "metadata", "owner", "zip", "city", "price", "name", "x", "address.zip", ""}
	drawn := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 5, rapid.ID[string]).Draw(t, "names")
	out := make([]string, len(drawn))
	for i, name := range drawn {
		key, _ := json.Marshal(name)
		out[i] = string(key) + ":" + drawValue(t, depth)
	}
	return out
}

func drawValue(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	switch {
	case kind == 0 || depth == 0:
		return rapid.SampledFrom([]string{`"a"`, "7", "null", "true", "1e9"}).Draw(t, "value")
	case kind == 1:
		n := rapid.IntRange(0, 2).Draw(t, "elements")
		items := make([]string, n)
		for i := range items {
			items[i] = drawValue(t, depth-1)
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	return "{" + strings.Join(drawMembers(t, depth-1), ",") + "}"
}

// sorted is an outcome in which the order of what is named does not count.
func sorted(routes *Routes, body string) string {
	got, err := resolve(routes, raw("PATCH /orders/7"+asJSON+body), nil)
	if err != nil {
		return string(reason(err))
	}
	for i := range got {
		// Of several that nobody declares, the first one stands for all.
		kept := slices.DeleteFunc(slices.Clone(got[i].Properties), func(p string) bool { return !inShop(p) })
		if len(kept) < len(got[i].Properties) {
			kept = append(kept, "undeclared")
		}
		slices.Sort(kept)
		got[i].Properties = kept
	}
	return showTargets(got)
}

// inShop reports whether the shop declares a path of an order.
func inShop(p string) bool {
	return slices.Contains([]string{"phone", "ssn", "address", "address.zip", "address.city", "items", "items[]", "items[].name", "items[].price", "metadata"}, p)
}

// A permutation of JSON members changes nothing.
func TestPermutedMembersAreTheSame(t *testing.T) {
	routes := mustLine(t, "PATCH /orders/{o} -> update order/{o}, receive customer/{body.owner?}")
	rapid.Check(t, func(t *rapid.T) {
		members := drawMembers(t, 3)
		body := "{" + strings.Join(members, ",") + "}"
		again := "{" + strings.Join(rapid.Permutation(members).Draw(t, "order"), ",") + "}"
		if before, after := sorted(routes, body), sorted(routes, again); before != after {
			t.Fatalf("%s gives %s, and %s gives %s", body, before, again, after)
		}
	})
}

// inEscapes writes some bytes of a text as escapes: %XX in forms and queries, \uXXXX in JSON.
func inEscapes(t *rapid.T, text, format string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; rapid.IntRange(0, 3).Draw(t, "escaped") == 0 && c < 0x80 {
			fmt.Fprintf(&b, format, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// However names and values are encoded, the answer is the same, or a denial.
func TestEncodingsNeverAllowMore(t *testing.T) {
	names := []string{"customer", "Customer", "items[0][id]", "items[1][id]", "ids[]", "id", "note", "a.b", "_method", "phone", "ssn"}
	values := []string{"ada", "7", "", "AC123456", "a b", "x/y"}
	form := mustLine(t, "POST /f -> update order/{form.customer}, read file/{form.note?}, close account/{form.items[].id?}")
	query := mustLine(t, "GET /f -> read order/{query.customer}, read file/{query.note?}, read order/{query.ids[]?}")
	object := mustLine(t, "POST /f -> update order/{body.customer}, read file/{body.note?}")
	rapid.Check(t, func(t *rapid.T) {
		var plainForm, oddForm, plainJSON, oddJSON []string
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 0, 4).Draw(t, "names") {
			value := rapid.SampledFrom(values).Draw(t, "value")
			plainForm = append(plainForm, name+"="+strings.ReplaceAll(value, " ", "%20"))
			oddForm = append(oddForm, inEscapes(t, name, "%%%02x")+"="+strings.ReplaceAll(inEscapes(t, strings.ReplaceAll(value, " ", "\x01"), "%%%02X"), "\x01", "%20"))
			plainJSON = append(plainJSON, `"`+name+`":"`+value+`"`)
			oddJSON = append(oddJSON, `"`+inEscapes(t, name, `\u%04x`)+`":"`+inEscapes(t, value, `\u%04X`)+`"`)
		}
		for _, c := range []struct {
			routes     *Routes
			plain, odd string
		}{
			{form, "POST /f" + asForm + strings.Join(plainForm, "&"), "POST /f" + asForm + strings.Join(oddForm, "&")},
			{query, "GET /f?" + strings.Join(plainForm, "&"), "GET /f?" + strings.Join(oddForm, "&")},
			{object, "POST /f" + asJSON + "{" + strings.Join(plainJSON, ",") + "}", "POST /f" + asJSON + "{" + strings.Join(oddJSON, ",") + "}"},
		} {
			if strings.Contains(c.odd, "%01") {
				continue
			}
			before, after := result(c.routes, c.plain), result(c.routes, c.odd)
			if after != before && strings.Contains(after, " ") {
				t.Fatalf("%q gives %s, and %q gives %s", c.plain, before, c.odd, after)
			}
		}
	})
}

// FuzzPatch: a JSON patch has one answer: what it names is what an obvious reader
// of RFC 6902 finds, or it is denied.
func FuzzPatch(f *testing.F) {
	for _, s := range []string{
		`[{"op":"add","path":"/phone","value":1}]`, `[{"op":"move","from":"/ssn","path":"/address/zip"}]`, `[{"op":"test","path":"/items/0/price","value":[]}]`,
		`[{"op":"remove","path":""}]`, `[{"op":"copy","from":"/a~1b","path":"/metadata/~0"}]`, `[{"op":"replace","path":"/address","value":null}]`, `[]`, `{}`,
	} {
		f.Add([]byte(s))
	}
	routes := mustLine(f, "PATCH /orders/{o} -> update order/{o}", withBody("json-patch"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := raw("PATCH /orders/7\ncontent-type: application/json-patch+json\n\n" + string(body))
		got, err := resolve(routes, r, nil)
		if err != nil {
			if strings.HasPrefix(string(reason(err)), "not a fault") {
				t.Fatal(err)
			}
			return
		}
		var ops []struct {
			Op, Path, From string
		}
		if err := json.Unmarshal(body, &ops); err != nil {
			t.Fatalf("%q is accepted, but encoding/json says %v", body, err)
		}
		for _, op := range ops {
			if op.Path == "" && !slices.Contains(slices.Concat(got[0].Properties, got[0].Reads), "*") {
				t.Fatalf("%q: everything is in neither %q nor %q", body, got[0].Properties, got[0].Reads)
			}
			for _, pointer := range []string{op.Path, op.From} {
				top, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
				top = strings.NewReplacer("~1", "/", "~0", "~").Replace(top)
				declared := inShop(top) && !strings.ContainsAny(top, ".[")
				covers := func(p string) bool { return p == top || strings.HasPrefix(p, top+".") || strings.HasPrefix(p, top+"[") }
				if declared && !slices.ContainsFunc(got[0].Properties, covers) && !slices.ContainsFunc(got[0].Reads, covers) {
					t.Fatalf("%q: %q is in neither %q nor %q", body, pointer, got[0].Properties, got[0].Reads)
				}
			}
		}
	})
}
