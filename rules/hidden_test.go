package rules

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// TestM4CharactersThatDoNotShow: neither a comment nor a text may hold one, nor a
// text that an escape of YAML makes. What shows is fine in any script.
func TestM4CharactersThatDoNotShow(t *testing.T) {
	const rule = "- { id: a, allow: customers, to: [read], on: account, up_to: internal, "
	mistakes := func(text string) string {
		return report(fstest.MapFS{"base.yaml": {Data: readBase(t)}, "a.yaml": {Data: []byte("rules:\n" + text)}}, testEnv())
	}
	for _, span := range [][2]rune{
		{0x00A0, 0x00A0}, {0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x061C, 0x061C}, {0x115F, 0x1160}, {0x1680, 0x1680}, {0x17B4, 0x17B5},
		{0x180B, 0x180F}, {0x2000, 0x200F}, {0x202A, 0x202F}, {0x205F, 0x206F}, {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},
		{0xFE00, 0xFE0F}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFF8}, {0x13441, 0x13442}, {0x16FE4, 0x16FE4}, {0x1D159, 0x1D159},
		{0x1D173, 0x1D17A}, {0xE0001, 0xE0001}, {0xE0020, 0xE007F}, {0xE0100, 0xE01EF},
	} {
		for r := span[0]; r <= span[1]; r++ {
			for place, text := range map[string]string{
				"a.yaml:2:4: the character":              "# x%s\n" + rule + "because: b }\n",
				"a.yaml:2:82: the character":             rule + "because: b%s }\n",
				"a.yaml:2:97: the character":             rule + "when: 'object.owner == \"b%s\"' }\n",
				"a.yaml:2:81: because has the character": rule + "because: \"b\\U%s\" }\n",
				"a.yaml:2:78: when has the character":    rule + "when: \"object.owner == 'b\\U%s'\" }\n",
			} {
				what := string(r)
				if strings.Contains(text, `\U`) {
					what = fmt.Sprintf("%08X", r)
				}
				if got, want := mistakes(fmt.Sprintf(text, what)), fmt.Sprintf("%s %U", place, r); !strings.Contains(got, want) {
					t.Fatalf("got %q, want %q", got, want)
				}
			}
		}
	}
	for _, text := range []string{
		rule + "because: Ümlauts 日本語 ไทย हिन्दी é … and “quotes” 😀 }\r\n",
		rule + `when: 'object.owner == "\u3164"' }` + "\n", // a reader sees it
	} {
		if got := mistakes(text); got != "" {
			t.Errorf("%s: %s", text, got)
		}
	}
}
