package main

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

const envPrefix = "TIERGATE_"

// ownEnv are the variables that our Makefile, tests and lab read: no keys, and no mistakes.
var ownEnv = []string{
	"TIERGATE_AUDIT_LOG", "TIERGATE_BIN", "TIERGATE_ENVOY", "TIERGATE_ENVOY_VERSION", "TIERGATE_FULL", "TIERGATE_LAB_ARGS",
	"TIERGATE_POSTGRES", "TIERGATE_SEED", "TIERGATE_SPECS", "TIERGATE_STACKS",
}

// serviceEnv are those that Kubernetes gives every container of a namespace which
// has a service called tiergate, or tiergate-something.
var serviceEnv = regexp.MustCompile(`^TIERGATE_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// checkEnv reports variables that look like ours and replace nothing: of a value
// that is misspelt, the default would be in force, and nobody would know.
func checkEnv(environ []string, ms *rules.Mistakes) {
	single, whole := envNames(reflect.TypeFor[config](), "TIERGATE")
	slices.Sort(environ)
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(single, name) || slices.Contains(ownEnv, name) || serviceEnv.MatchString(name) {
			continue
		}
		at := rules.Pos{File: "$" + name}
		if slices.Contains(whole, name) {
			ms.AddHint(at, "write it into the file", "a list or a mapping has no variable")
			continue
		}
		hint := rules.DidYouMean(name, single)
		if hint == "" {
			hint = "TIERGATE_ and the path of a key with one value, such as TIERGATE_LISTEN_ADMIN"
		}
		ms.AddHint(at, hint, "no key of the configuration has this variable")
	}
}

// envNames lists the variables of all keys that have one value, and what those of
// the others would be called.
func envNames(t reflect.Type, prefix string) (single, whole []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		name := envName(prefix, key)
		switch {
		case isSection(f.Type):
			more, others := envNames(f.Type, name)
			single, whole = append(single, more...), append(append(whole, name), others...)
		case isSingle(f.Type):
			single = append(single, name)
		default:
			whole = append(whole, name)
		}
	}
	return single, whole
}

func envName(prefix, key string) string { return prefix + "_" + strings.ToUpper(key) }
