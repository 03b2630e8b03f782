package form

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strconv"
	"testing"

	"github.com/tiergate/tiergate/resolver/tree"
)

// leaves are the values of a form by the names that fields have on the wire, in
// order. Of those that a list is made of, the brackets are gone.
func leaves(v *tree.Value, name string, into map[string][]string) {
	switch v.Kind {
	case tree.Object:
		for i, member := range v.Names {
			leaves(&v.Items[i], name+"/"+member, into)
		}
	case tree.Array:
		for i := range v.Items {
			leaves(&v.Items[i], name, into)
		}
	default:
		into[name] = append(into[name], v.Text)
	}
}

// wire is the name of a field as leaves has it.
func wire(t *testing.T, name string) string {
	steps, ok := divide(name)
	if !ok {
		t.Fatalf("the name %q was accepted", name)
	}
	out := ""
	for i, s := range steps {
		if i > 0 && (s == "" || isIndex(s)) {
			continue
		}
		out += "/" + s
	}
	return out
}

func isIndex(s string) bool {
	i, err := strconv.Atoi(s)
	return err == nil && i >= 0 && strconv.Itoa(i) == s
}

func same(t *testing.T, v *tree.Value, fields [][2]string) {
	t.Helper()
	got, want := map[string][]string{}, map[string][]string{}
	leaves(v, "", got)
	for _, f := range fields {
		name := wire(t, f[0])
		want[name] = append(want[name], f[1])
	}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for name, values := range want {
		if len(values) != len(got[name]) {
			t.Fatalf("%q: got %q, want %q", name, got[name], values)
		}
		for i := range values {
			if values[i] != got[name][i] {
				t.Fatalf("%q: got %q, want %q", name, got[name], values)
			}
		}
	}
}

// FuzzURLEncoded: what is accepted, net/url reads as the same names and values.
func FuzzURLEncoded(f *testing.F) {
	for _, s := range []string{"a=1&b=x+y%26", "a[b]=1&a[c]=2", "i[0][p]=1&i[1][p]=2", "a[]=1&a[]=2", "a=1&a=2", "a;b", "%zz", "a]=1", "&&", "_charset_=x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := ReadURLEncoded(body)
		if err != nil {
			return
		}
		values, err := url.ParseQuery(string(body))
		if err != nil {
			t.Fatalf("%q is accepted, but net/url says %v", body, err)
		}
		got := map[string][]string{}
		leaves(v, "", got)
		fields := 0
		for name, list := range values {
			fields += len(list)
			for _, value := range list {
				if !remove(got, wire(t, name), value) {
					t.Fatalf("%q: %q = %q is not in %s", body, name, value, show(v))
				}
			}
		}
		for name, left := range got {
			if len(left) > 0 {
				t.Fatalf("%q: %q is in no field of %d", body, name, fields)
			}
		}
	})
}

func has(params map[string]string, key string) bool {
	_, ok := params[key]
	return ok
}

// remove takes one value of a name away, for net/url keeps no order among names.
func remove(from map[string][]string, name, value string) bool {
	for i, v := range from[name] {
		if v == value {
			from[name] = append(from[name][:i:i], from[name][i+1:]...)
			return true
		}
	}
	return false
}

// FuzzMultipart: what is accepted, mime/multipart reads as the same names and values.
func FuzzMultipart(f *testing.F) {
	for _, s := range []string{
		part(`Content-Disposition: form-data; name="a"||1`) + "--b--", part(`Content-Disposition: form-data; name=a[0]; filename="x"|Content-Type: text/plain||1`) + "--b--\r\n",
		part(`Content-Disposition: form-data; name="a"; filename=""||1`) + "--b--", part(`Content-Disposition: form-data; name="a"; filename=""||`) + "--b--",
		part(`content-type: text/plain; charset=utf-8|content-disposition: form-data; name="a[b]"||x--y`) + part(`Content-Disposition: form-data; name="a[c]"||`) + "--b--", "--b--", "--b\r\n\r\n\r\n--b--",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := ReadMultipart(body, "b")
		if err != nil || len(v.Names) == 0 { // of no part at all Go says that it is the end
			return
		}
		var fields [][2]string
		for r := multipart.NewReader(bytes.NewReader(body), "b"); ; {
			p, err := r.NextRawPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%q is accepted, but mime/multipart says %v", body, err)
			}
			content, err := io.ReadAll(p)
			if err != nil {
				t.Fatalf("%q is accepted, but mime/multipart says %v", body, err)
			}
			if _, params, _ := mime.ParseMediaType(p.Header.Get("Content-Disposition")); has(params, "filename") {
				if p.FileName() == "" && len(content) > 0 { // which net/http takes for a value
					t.Fatalf("%q is accepted, with a value that has an empty filename", body)
				}
				content = nil
			}
			fields = append(fields, [2]string{p.FormName(), string(content)})
		}
		same(t, v, fields)
	})
}
