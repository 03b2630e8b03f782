package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/suite"
)

// written is every rules file, configuration and file of tests in the repository,
// those inside of test cases too.
func written(t *testing.T) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "mistakes" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return fs.SkipDir
		}
		switch ext := filepath.Ext(path); ext {
		case ".yaml":
			text, err := os.ReadFile(path)
			out[path] = string(text)
			return err
		case ".txtar":
			archive, err := txtar.ParseFile(path)
			if err != nil {
				return err
			}
			for _, f := range archive.Files {
				if filepath.Ext(f.Name) == ".yaml" {
					out[path+"/"+f.Name] = string(f.Data)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// formOf is the sort of a file, and the decoder's opinion of it; nil where it is
// none of ours.
func formOf(name string, n *rules.Node) (*form, rules.Mistakes) {
	f := formIn(name, n)
	d := rules.Decoder{}
	switch {
	case f == nil:
		return nil, nil
	case f.name == "tests":
		return f, suite.Read(n)
	case f.name == "config":
		d.Into(n, &config{})
		return f, d.Mistakes
	}
	return f, rules.Read(n)
}

// Whatever the loader reads without a mistake is valid, and a key that it does not
// know is not, in any place.
func TestSchemasAgreeWithTheLoader(t *testing.T) {
	seen, refused := make(map[string]int), 0
	for name, text := range written(t) {
		n, ms := rules.ParseYAML(name, []byte(text))
		if len(ms) > 0 {
			continue
		}
		f, ms := formOf(name, n)
		if f == nil || len(ms) > 0 {
			continue
		}
		seen[f.name]++
		v := newValidator(t, f)
		if err := v.check(v.root, plain(n)); err != nil {
			t.Errorf("%s loads, and is not valid: %v", name, err)
		}
		eachMapping(n, func(m *rules.Node) {
			m.Items = append(m.Items, &rules.Node{Value: "zzz", Tag: "!!str"}, &rules.Node{Value: "x", Tag: "!!str"})
			_, ms := formOf(name, n)
			unknown := slices.ContainsFunc(ms, func(m rules.Mistake) bool { return m.Code == rules.CodeKey })
			if valid := v.check(v.root, plain(n)) == nil; unknown && valid {
				t.Errorf("%s: a key that nothing reads is valid in the mapping at %v", name, m.Pos)
			} else if unknown {
				refused++
			}
			m.Items = m.Items[:len(m.Items)-2]
		})
	}
	t.Logf("%v files, %d unknown keys refused", seen, refused)
	if seen["rules"] < 200 || seen["config"] < 20 || seen["tests"] < 8 || refused < 2000 {
		t.Errorf("only %v files and %d keys: they moved, or are not seen", seen, refused)
	}
}

func eachMapping(n *rules.Node, do func(*rules.Node)) {
	for _, item := range n.Items {
		eachMapping(item, do)
	}
	if n.Kind == rules.Mapping {
		do(n)
	}
}

// plain is a node as JSON has it.
func plain(n *rules.Node) any {
	var v any
	d := rules.Decoder{}
	d.Into(n, &v)
	text, _ := json.Marshal(v)
	_ = json.Unmarshal(text, &v)
	return v
}

// validator checks values against a schema with the few keywords that ours have.
type validator struct {
	t    *testing.T
	root map[string]any
}

func newValidator(t *testing.T, f *form) *validator {
	v := validator{t: t}
	if err := json.Unmarshal(f.schema(), &v.root); err != nil {
		t.Fatal(err)
	}
	return &v
}

func (v *validator) check(schema map[string]any, value any) error {
	for keyword, arg := range schema {
		if err := v.keyword(schema, keyword, arg, value); err != nil {
			return err
		}
	}
	return nil
}

func (v *validator) keyword(schema map[string]any, keyword string, arg, value any) error {
	list, _ := value.([]any)
	members, isObject := value.(map[string]any)
	text, isText := value.(string)
	wrong := false
	switch keyword {
	case "$schema", "$id", "$defs", "title", "description":
	case "$ref":
		name := strings.TrimPrefix(arg.(string), "#/$defs/")
		return v.check(v.root["$defs"].(map[string]any)[name].(map[string]any), value)
	case "anyOf":
		var errs []error
		for _, one := range arg.([]any) {
			err := v.check(one.(map[string]any), value)
			if err == nil {
				return nil
			}
			errs = append(errs, err)
		}
		return fmt.Errorf("none of %v", errs)
	case "type":
		types, several := arg.([]any)
		if !several {
			types = []any{arg}
		}
		wrong = !slices.ContainsFunc(types, func(name any) bool { return isA(name.(string), value) })
	case "enum":
		wrong = !slices.Contains(arg.([]any), value)
	case "pattern":
		wrong = isText && !regexp.MustCompile(arg.(string)).MatchString(text)
	case "minItems":
		wrong = list != nil && float64(len(list)) < arg.(float64)
	case "minProperties":
		wrong = isObject && float64(len(members)) < arg.(float64)
	case "items":
		for _, item := range list {
			if err := v.check(arg.(map[string]any), item); err != nil {
				return err
			}
		}
	case "properties":
		for name, member := range members {
			if s, known := arg.(map[string]any)[name]; known {
				if err := v.check(s.(map[string]any), member); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	case "additionalProperties":
		known, _ := schema["properties"].(map[string]any)
		for name, member := range members {
			if _, is := known[name]; is {
				continue
			}
			s, free := arg.(map[string]any)
			if !free {
				return fmt.Errorf("no key %s", name)
			}
			if err := v.check(s, member); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	default:
		v.t.Fatalf("the keyword %s is not looked at", keyword)
	}
	if wrong {
		return fmt.Errorf("%v against %s %v", value, keyword, arg)
	}
	return nil
}

func isA(name string, value any) bool {
	number, isNumber := value.(float64)
	switch name {
	case "null":
		return value == nil
	case "integer":
		return isNumber && number == float64(int64(number))
	case "number":
		return isNumber
	}
	return value != nil && map[string]reflect.Kind{"string": reflect.String, "boolean": reflect.Bool, "array": reflect.Slice, "object": reflect.Map}[name] == reflect.TypeOf(value).Kind()
}

// A form that reads itself says what it reads, and the top of tiergate.yaml is described.
func TestConfigShape(t *testing.T) {
	for _, k := range configShape().Mapping.Keys {
		if k.About == "" {
			t.Errorf("%s is described nowhere: add it to configWords", k.Name)
		}
		if k.Shape.Any {
			t.Errorf("%s takes anything: its type reads itself and has no method Shape", k.Name)
		}
	}
}
