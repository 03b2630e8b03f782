package form

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/resolver/tree"
)

// show is a value in the shape of JSON; a file is FILE.
func show(v *tree.Value) string {
	var parts []string
	switch v.Kind {
	case tree.Object:
		for i, name := range v.Names {
			parts = append(parts, name+":"+show(&v.Items[i]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case tree.Array:
		for i := range v.Items {
			parts = append(parts, show(&v.Items[i]))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case tree.Null:
		return "FILE" + v.Text
	case tree.Bool, tree.Number, tree.String:
	}
	if v.File {
		return "FILE? " + v.Text
	}
	return v.Text
}

func TestURLEncoded(t *testing.T) {
	many := strings.Repeat("a[]=1&", MaxFields)
	for _, c := range []struct{ row, body, want string }{
		{"fields", "a=1&b=x+y%26z", "{a:1,b:x y&z}"},
		{"nothing", "", "{}"},
		{"empty ones", "&a=1&&b=&", "{a:1,b:}"},
		{"no value", "a", "{a:}"},
		{"a value with =", "a=b=c", "{a:b=c}"},
		{"a member", "customer[email]=x&customer[name]=y&metadata[k]=v", "{customer:{email:x,name:y},metadata:{k:v}}"},
		{"escaped brackets", "customer%5Bemail%5D=x", "{customer:{email:x}}"},
		{"elements", "items[0][price]=p&items[0][n]=1&items[1][price]=q", "{items:[{price:p,n:1},{price:q}]}"},
		{"numbered", "ids[0]=a&ids[1]=b", "{ids:[a,b]}"},
		{"appended", "ids[]=a&ids[]=b", "{ids:[a,b]}"},
		{"appended within", "a[b][]=1&a[b][]=2", "{a:{b:[1,2]}}"},
		{"repeated", "ids=a&ids=b&ids=c", "{ids:[a,b,c]}"},
		{"repeated within", "a[b]=1&a[b]=2", "{a:{b:[1,2]}}"},
		{"a number that is none", "a[01]=x", "{a:{01:x}}"},
		{"a dot is a letter", "a.b=1", "{a.b:1}"},
		{"five brackets", "a[b][c][d][e][f]=1", "{a:{b:{c:{d:{e:{f:1}}}}}}"},
		{"six brackets", "a[b][c][d][e][f][g]=1", ""},
		{"256 fields", strings.TrimSuffix(many, "&"), "{a:[" + strings.TrimSuffix(strings.Repeat("1,", MaxFields), ",") + "]}"},
		{"257 fields", many + "a[]=1", ""},
		{"both ways", "ids[]=a&ids=b", ""},
		{"both ways, the other first", "ids=a&ids[]=b", ""},
		{"both ways, numbered", "ids[]=a&ids[1]=b", ""},
		{"a member of a text", "a=1&a[b]=2", ""},
		{"a text of a member", "a[b]=2&a=1", ""},
		{"a member of a list", "a[]=1&a[b]=2", ""},
		{"out of order", "ids[1]=a&ids[0]=b", ""},
		{"a gap", "ids[0]=a&ids[2]=b", ""},
		{"the same element twice", "ids[0]=a&ids[0]=b", ""},
		{"back to an element", "i[0][a]=1&i[1][a]=2&i[0][b]=3", ""},
		{"members of what is appended", "items[][price]=p", ""},
		{"no name", "=x", ""},
		{"no base", "[a]=x", ""},
		{"not closed", "a[b=x", ""},
		{"closed twice", "a[b]]=x", ""},
		{"only closed", "a]=x", ""},
		{"opened twice", "a[[b]]=x", ""},
		{"text behind", "a[b]c=x", ""},
		{"what objects inherit", "customer[__proto__][email]=x", ""},
		{"at the top", "__proto__[customer][email]=x", ""},
		{"at the end", "customer[__proto__]=x", ""},
		{"with dots, as some servers read them", "customer.__proto__.email=x", ""},
		{"by the constructor", "constructor[prototype][x]=1", ""},
		{"by the constructor of a member", "customer[constructor][prototype][x]=1", ""},
		{"a constructor like any other", "constructor[name]=1", "{constructor:{name:1}}"},
		{"a prototype like any other", "phone[prototype]=1", "{phone:{prototype:1}}"},
		{"a semicolon", "a=1;b=2", ""},
		{"a bad escape", "a=%zz", ""},
		{"half an escape", "a%4=1", ""},
		{"a NUL", "a=%00", ""},
		{"a control byte in a name", "a%0ab=1", ""},
		{"not UTF-8", "a=%ff", ""},
		{"another charset", "_charset_=utf-16&a=1", ""},
		{"another charset, folded", "_CHARSET_=utf-16", ""},
	} {
		got, err := ReadURLEncoded([]byte(c.body))
		check(t, c.row, c.want, got, err)
	}
}

func check(t *testing.T, row, want string, got *tree.Value, err error) {
	t.Helper()
	switch {
	case want == "" && !errors.Is(err, ErrForm):
		t.Errorf("%s: got %v, want a refusal", row, err)
	case want != "" && err != nil:
		t.Errorf("%s: %v", row, err)
	case want != "" && show(got) != want:
		t.Errorf("%s: got %s, want %s", row, show(got), want)
	}
}

func TestBoundary(t *testing.T) {
	for v, want := range map[string]string{
		"multipart/form-data; boundary=b": "b", "multipart/form-data;boundary=----WebKitFormBoundary7": "----WebKitFormBoundary7", `multipart/form-data; boundary="b-1.x"`: "b-1.x",
		"multipart/form-data": "", "multipart/mixed; boundary=b": "", "Multipart/form-data; boundary=b": "", "multipart/form-data; boundary=": "", `multipart/form-data; boundary=""`: "",
		"multipart/form-data; boundary=b; charset=utf-8": "", "multipart/form-data; charset=utf-8; boundary=b": "", "multipart/form-data; boundary=a b": "", `multipart/form-data; boundary="a`: "",
		`multipart/form-data; boundary="a\"b"`: "", "multipart/form-data; boundary=a,b": "", "multipart/form-data; BOUNDARY=b": "", "multipart/form-data; boundary=" + strings.Repeat("b", 71): "",
		"multipart/form-data; boundary*=utf-8''b": "", "application/x-www-form-urlencoded": "",
	} {
		if got, ok := Boundary(v); ok != (want != "") || ok && got != want {
			t.Errorf("%s: got %q, %v", v, got, ok)
		}
	}
}

// part is one part, its lines divided by |.
func part(lines string) string { return "--b\r\n" + strings.ReplaceAll(lines, "|", "\r\n") + "\r\n" }

func TestMultipart(t *testing.T) {
	const end = "--b--\r\n"
	field := func(name, value string) string {
		return part(fmt.Sprintf(`Content-Disposition: form-data; name="%s"||%s`, name, value))
	}
	for _, c := range []struct{ row, body, want string }{
		{"fields", field("a", "1") + field("b", "x\r\ny") + end, "{a:1,b:x\r\ny}"},
		{"no newline at the end", field("a", "1") + "--b--", "{a:1}"},
		{"nothing", end, "{}"},
		{"what objects inherit", field("customer[__proto__][email]", "x") + end, ""},
		{"an empty value", field("a", "") + end, "{a:}"},
		{"brackets", field("items[0][price]", "p") + field("items[1][price]", "q") + end, "{items:[{price:p},{price:q}]}"},
		{"repeated", field("a", "1") + field("a", "2") + end, "{a:[1,2]}"},
		{"+ and escapes are themselves", field("a", "x+y%20") + end, "{a:x+y%20}"},
		{"a plain word", part("content-disposition: form-data; name=a||1") + end, "{a:1}"},
		{"a type, a length, an encoding that is none", part(`Content-Type: text/plain; charset=UTF-8|Content-Disposition: form-data; name="a"|Content-Length: 1|Content-Transfer-Encoding: binary||1`) + end, "{a:1}"},
		{"a file", part(`Content-Disposition: form-data; name="f"; filename="x.bin"|Content-Type: application/octet-stream||`+"\xff\x00") + field("a", "1") + end, "{f:FILE,a:1}"},
		{"a file named twice", part(`Content-Disposition: form-data; name=f; filename=x.txt; filename*=utf-8''%C3%A4.txt||1`) + end, "{f:FILE}"},
		{"a file of JSON", part(`Content-Disposition: form-data; name="f"; filename="blob"|Content-Type: application/json||{}`) + end, "{f:FILE}"},
		{"a file that nobody chose", part(`Content-Disposition: form-data; name="f"; filename=""|Content-Type: application/octet-stream||`) + field("a", "1") + end, "{f:FILE,a:1}"},
		{"an empty filename of a value", part(`Content-Disposition: form-data; name="f"; filename=""||1`) + end, ""},
		{"an empty filename of octets", part(`Content-Disposition: form-data; name="f"; filename=""|Content-Type: application/octet-stream||1`) + end, ""},
		{"a filename of spaces", part(`Content-Disposition: form-data; name="f"; filename=" "||1`) + end, ""},
		{"an empty filename and another", part(`Content-Disposition: form-data; name="f"; filename=""; filename*=utf-8''x.txt||`) + end, ""},
		{"octets without a filename", part(`Content-Disposition: form-data; name="a"|Content-Type: Application/Octet-Stream||1`) + end, "{a:FILE? 1}"},
		{"JSON without a filename", part(`Content-Disposition: form-data; name="a[]"|Content-Type: application/json||{}`) + end, "{a:[FILE? {}]}"},
		{"another text", part(`Content-Disposition: form-data; name="a"|Content-Type: text/html||1`) + end, "{a:1}"},
		{"a file twice", strings.Repeat(part(`Content-Disposition: form-data; name="f"; filename="x"||1`), 2) + end, "{f:[FILE,FILE]}"},
		{"a member of a file", part(`Content-Disposition: form-data; name="f"; filename="x"||`) + field("f[a]", "1") + end, ""},
		{"a dash before the boundary", field("a", "1-") + end, "{a:1-}"},
		{"text before", "x\r\n" + field("a", "1") + end, ""},
		{"a newline before", "\r\n" + field("a", "1") + end, ""},
		{"text behind", field("a", "1") + end + "x", ""},
		{"no end", field("a", "1"), ""},
		{"cut", field("a", "1") + "--b-", ""},
		{"empty", "", ""},
		{"the boundary within", field("a", "1--b2") + end, ""},
		{"the boundary behind a bare newline", field("a", "1\n--b\nContent-Disposition: form-data; name=\"c\"\n\n2") + end, ""},
		{"a longer boundary", field("a", "1") + "--bb\r\n" + end, ""},
		{"space behind the boundary", "--b \r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n" + end, ""},
		{"bare newlines", strings.ReplaceAll(field("a", "1")+end, "\r\n", "\n"), ""},
		{"a bare newline in the headers", part("X: y\nContent-Disposition: form-data; name=\"a\"||1") + end, ""},
		{"a folded header", part("Content-Disposition: form-data;| name=\"a\"||1") + end, ""},
		{"no name", part("Content-Disposition: form-data||1") + end, ""},
		{"an empty name", field("", "1") + end, ""},
		{"no headers", part("|1") + end, ""},
		{"no empty line", part(`Content-Disposition: form-data; name="a"`) + end, ""},
		{"two dispositions", part(`Content-Disposition: form-data; name="a"|Content-Disposition: form-data; name="b"||1`) + end, ""},
		{"two names", part(`Content-Disposition: form-data; name="a"; name="b"||1`) + end, ""},
		{"a name in another charset", part(`Content-Disposition: form-data; name*=utf-8''a||1`) + end, ""},
		{"a name behind the file's", part(`Content-Disposition: form-data; filename="x"; name="a"||1`) + end, ""},
		{"a backslash", part(`Content-Disposition: form-data; name="a\"; filename="b"||1`) + end, ""},
		{"an escape", field("a%22", "1") + end, ""},
		{"an attachment", part(`Content-Disposition: attachment; name="a"||1`) + end, ""},
		{"a content-id", part(`Content-Disposition: form-data; name="a"|Content-ID: <b>||1`) + end, ""},
		{"encoded", part(`Content-Disposition: form-data; name="a"|Content-Transfer-Encoding: quoted-printable||=41`) + end, ""},
		{"of another charset", part(`Content-Disposition: form-data; name="a"|Content-Type: text/plain; charset=utf-7||1`) + end, ""},
		{"nested", part(`Content-Disposition: form-data; name="a"|Content-Type: multipart/mixed; boundary=c||1`) + end, ""},
		{"another length", part(`Content-Disposition: form-data; name="a"|Content-Length: 2||1`) + end, ""},
		{"not UTF-8", field("a", "\xff") + end, ""},
		{"a NUL", field("a", "\x00") + end, ""},
		{"a charset for all", field("_charset_", "utf-7") + end, ""},
		{"a space before the colon", part(`Content-Disposition : form-data; name="a"||1`) + end, ""},
		{"257 parts", strings.Repeat(field("a", ""), 257) + end, ""},
	} {
		got, err := ReadMultipart([]byte(c.body), "b")
		check(t, c.row, c.want, got, err)
	}
	if v, err := ReadMultipart([]byte(strings.Repeat(field("a", ""), 256)+end), "b"); err != nil || len(v.Items[0].Items) != 256 {
		t.Errorf("256 parts: %v", err)
	}
}

// Errors go to the log, which holds nothing of a body.
func TestErrorsQuoteNothing(t *testing.T) {
	for _, body := range []string{"c4n4ry=1;", "c4n4ry]=1", "a=c4n4ry%zz", "c4n4ry=1&c4n4ry[]=2"} {
		if _, err := ReadURLEncoded([]byte(body)); err == nil || strings.Contains(err.Error(), "c4n4ry") {
			t.Errorf("%q: %v", body, err)
		}
	}
	if _, err := ReadMultipart([]byte(part("c4n4ry: x||c4n4ry")), "b"); err == nil || strings.Contains(err.Error(), "c4n4ry") {
		t.Error(err)
	}
}
