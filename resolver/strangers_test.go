package resolver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// costly are bodies of 55 to 60 KB whose names are folded to as much as can be.
func costly() map[string]string {
	const widest = "\ufdfa" // 3 bytes, 33 when folded
	var parts, members strings.Builder
	for range 256 {
		parts.WriteString("--X\r\ncontent-disposition: form-data; name=\"" + strings.Repeat(widest, 55) + "\"\r\n\r\n\r\n")
	}
	for i := 0; members.Len() < 60_000; i++ {
		fmt.Fprintf(&members, `,"_method%s%x":1`, strings.Repeat(widest, 3), i)
	}
	const form = "POST /v1/transfers\ncontent-type: multipart/form-data; boundary=X\n\n"
	return map[string]string{
		"parts":   form + parts.String() + "--X--\r\n",
		"header":  form + "--X\r\ncontent-disposition: form-data; " + strings.Repeat("name="+widest, 7000) + "\r\n\r\n\r\n--X--\r\n",
		"members": "POST /v1/transfers\ncontent-type: application/json\n\n{" + members.String()[1:] + "}",
	}
}

// A host that is not served is known before the body, which is then not looked at.
func TestBodyForNobodyIsNotRead(t *testing.T) {
	const override = "POST /v1/transfers\ncontent-type: application/json\n\n{\"_method\":\"DELETE\"}"
	r := raw(override)
	if _, err := Canonical(r, testOptions); reason(err) != rules.MethodOverride {
		t.Errorf("a host that is served: %v", err)
	}
	r.Host = "other.example.com"
	if req, err := Canonical(r, testOptions); reason(err) != rules.HostNotServed || req == nil {
		t.Errorf("another: %v", err)
	}
}

// BenchmarkStrangersBody is what a request without credentials costs at most.
func BenchmarkStrangersBody(b *testing.B) {
	for name, text := range costly() {
		for _, host := range []string{testHost, "other.example.com"} {
			r := raw(text)
			r.Host = host
			b.Run(name+"/"+host, func(b *testing.B) {
				for b.Loop() {
					_, err := Canonical(r, testOptions)
					if err != nil && reason(err) != rules.HostNotServed {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
