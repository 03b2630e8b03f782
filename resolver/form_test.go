package resolver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

const (
	asForm  = "\ncontent-type: application/x-www-form-urlencoded\n\n"
	asParts = "\ncontent-type: multipart/form-data; boundary=b\n\n"
)

// part is a multipart body of one part with that disposition.
func part(disposition string) string {
	return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\nDELETE\r\n--b--"
}

func TestP2BodiesChangeNoMethod(t *testing.T) {
	for row, c := range map[string]struct {
		request string
		want    rules.Reason
	}{
		"a form":                          {asForm + "a=1", ""},
		"no field":                        {asForm, ""},
		"_method":                         {asForm + "a=1&_method=DELETE", rules.MethodOverride},
		"encoded":                         {"\ncontent-type: Application/X-WWW-Form-URLencoded; charset=utf-8\n\n%5fmethod=DELETE", rules.MethodOverride},
		"as PHP reads it":                 {asForm + ".method=DELETE", rules.MethodOverride},
		"a space before it":               {asForm + "+_method=DELETE", rules.MethodOverride},
		"another field of that end":       {asForm + "payment_method=card", ""},
		"a NUL in the name":               {asForm + "_method%00=DELETE", rules.BodyMalformed},
		"a bad escape":                    {asForm + "a=1&_method=DELETE%", rules.BodyMalformed},
		"bytes that are not UTF-8":        {asForm + "a=%ff", rules.BodyMalformed},
		"a semicolon":                     {asForm + "a=1;_method=DELETE", rules.BodyMalformed},
		"an encoded semicolon":            {asForm + "a=1%3b2", ""},
		"compressed":                      {"\ncontent-encoding: gzip" + asForm + "x", rules.BodyEncoding},
		"not compressed":                  {"\ncontent-encoding: Identity" + asForm + "a=1", ""},
		"another charset":                 {"\ncontent-type: application/x-www-form-urlencoded; charset=ibm037\n\nx", rules.BodyType},
		"two charsets":                    {"\ncontent-type: application/x-www-form-urlencoded; charset=utf-8; charset=ibm037\n\nx", rules.BodyType},
		"utf-8 in quotes":                 {"\ncontent-type: application/x-www-form-urlencoded;charset=\"UTF-8\"\n\na=1", ""},
		"text in another charset":         {"\ncontent-type: text/plain; charset=ibm037\ncontent-encoding: gzip\n\nx", ""},
		"a part":                          {asParts + part(`name="_method"`), rules.MethodOverride},
		"another part":                    {asParts + part(`name="a"`), ""},
		"a part of that end":              {asParts + part(`name="payment_method"`), ""},
		"_method in a part's text":        {asParts + "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nthe _method of it\r\n--b--", ""},
		"a part in upper case":            {asParts + part(`Name="_METHOD"`), rules.MethodOverride},
		"a part in single quotes":         {asParts + part(`name='_method'`), rules.MethodOverride},
		"a part without quotes":           {asParts + part(`name=_method; x=y`), rules.MethodOverride},
		"a part with spaces":              {asParts + part(`name = _method x`), rules.MethodOverride},
		"a part as PHP reads it":          {asParts + part(`name=".method"`), rules.MethodOverride},
		"a part with escapes":             {asParts + part(`name="%5fmethod"`), rules.MethodOverride},
		"a part with backslashes":         {asParts + part(`name="\_method"`), rules.BodyMalformed},
		"a part in pieces":                {asParts + part(`name*0="_me"; name*1="thod"`), rules.BodyMalformed},
		"a part with another charset":     {asParts + part(`name*=utf-16''_%00m`), rules.BodyMalformed},
		"a part with an encoded word":     {asParts + part(`name="=?utf-8?B?X21ldGhvZA==?="`), rules.BodyMalformed},
		"a part whose line goes on":       {asParts + part("name=\r\n \"_method\""), rules.MethodOverride},
		"a part with bare line feeds":     {asParts + "--b\nContent-Disposition: form-data; name=\n\t_method\n\nDELETE\n--b--", rules.MethodOverride},
		"a part with a file":              {asParts + part(`name="a"; filename="b.png"; filename*=utf-8''b%C3%BC.png`), ""},
		"a part named by its id":          {asParts + "--b\r\nContent-ID: <_method>\r\n\r\nDELETE\r\n--b--", rules.MethodOverride},
		"a part named by its bare id":     {asParts + "--b\r\nContent-Id:_method\r\n\r\nDELETE\r\n--b--", rules.MethodOverride},
		"a part named by its type":        {asParts + "--b\r\nContent-Type: _method\r\n\r\nDELETE\r\n--b--", rules.MethodOverride},
		"a part named by its file":        {asParts + part(`filename="_method"`), rules.MethodOverride},
		"a part with another id":          {asParts + "--b\r\nContent-ID: <a@b>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDELETE\r\n--b--", ""},
		"a part without a name":           {asParts + "--b\r\nContent-Location: _method\r\n\r\nDELETE\r\n--b--", ""},
		"as many fields as may be":        {asForm + strings.Repeat("&", 255), ""},
		"one field more":                  {asForm + strings.Repeat("&", 256), rules.BodyMalformed},
		"_method behind padding":          {asForm + strings.Repeat("a&", 256) + "_method=DELETE", rules.BodyMalformed},
		"as many parts as may be":         {asParts + strings.Repeat(part(`name="a"`), 256), ""},
		"one part more":                   {asParts + strings.Repeat(part(`name="a"`), 257), rules.BodyMalformed},
		"one part with an id more":        {asParts + strings.Repeat("--b\nContent-ID: a\n\n", 257), rules.BodyMalformed},
		"no form with that many":          {"\ncontent-type: text/plain\n\n" + strings.Repeat("&", 300), ""},
		"a part of another multipart":     {"\ncontent-type: multipart/mixed; boundary=b\n\n" + part(`name="_method"`), rules.MethodOverride},
		"parts in another charset":        {"\ncontent-type: multipart/form-data; boundary=b; charset=utf-16\n\nx", rules.BodyType},
		"compressed parts":                {"\ncontent-encoding: br" + asParts + "x", rules.BodyEncoding},
		"in brackets":                     {asForm + "%5B_method%5D=DELETE", rules.MethodOverride},
		"before a stray bracket":          {asForm + "_method]=DELETE", rules.MethodOverride},
		"a part in brackets":              {asParts + part(`name="[_method]"`), rules.MethodOverride},
		"a member in brackets":            {asJSON + `{"[_method]":"DELETE"}`, rules.MethodOverride},
		"a dot before it":                 {asForm + "._method=DELETE", rules.MethodOverride},
		"a part of it":                    {asForm + "_method.x=DELETE", rules.MethodOverride},
		"a byte order mark before it":     {asForm + "%ef%bb%bf_method=DELETE", rules.MethodOverride},
		"no content type":                 {"\n\n_method=DELETE", rules.MethodOverride},
		"an empty content type":           {"\ncontent-type: \n\n_method=DELETE", rules.MethodOverride},
		"no content type, no field":       {"\n\n<a/>", ""},
		"no content type, a bad escape":   {"\n\n100%", rules.BodyMalformed},
		"no content type, compressed":     {"\ncontent-encoding: gzip\n\nx", rules.BodyEncoding},
		"no content type, no body":        {"\ncontent-encoding: gzip\n\n", ""},
		"no content type, JSON":           {"\n\n {\"_method\":\"DELETE\"}", rules.MethodOverride},
		"another content type":            {"\ncontent-type: application/octet-stream\n\n_method=100%", ""},
		"a member":                        {asJSON + `{"a":1,"_method":"DELETE"}`, rules.MethodOverride},
		"a member, escaped":               {asJSON + `{"\u005fmeth\u006Fd":"DELETE"}`, rules.MethodOverride},
		"a member in upper case":          {asJSON + `{"_METHOD":"DELETE"}`, rules.MethodOverride},
		"a member in wide letters":        {asJSON + `{"＿method":"DELETE"}`, rules.MethodOverride},
		"a member that is a part":         {asJSON + `{"._method.x":"DELETE"}`, rules.MethodOverride},
		"a member of other JSON":          {"\ncontent-type: application/vnd.api+JSON\n\n{\"_method\":\"DELETE\"}", rules.MethodOverride},
		"a member of JSON in a parameter": {"\ncontent-type: text/plain; x=/json\n\n{\"_method\":\"DELETE\"}", rules.MethodOverride},
		"a member further in":             {asJSON + `{"a":{"_method":1},"payment_method":"card"}`, ""},
		"a list":                          {asJSON + `[{"_method":1}]`, ""},
		"JSON without a body":             {asJSON, ""},
		"a form that is not inspected":    {"\ncontent-type: application/x-www-form-urlencoded", ""},
		"an encoded one, not inspected":   {"\ncontent-type: multipart/form-data; boundary=b\ncontent-encoding: gzip", ""},
		"a form larger than the limit":    {asForm + "_method=DELETE&pad=" + strings.Repeat("x", 61<<10), rules.BodyTooLarge},
		"parts larger than the limit":     {asParts + part(`name="_method"`) + strings.Repeat("x", 61<<10), rules.BodyTooLarge},
		"text larger than the limit":      {"\ncontent-type: text/plain\n\n" + strings.Repeat(" ", 61<<10), ""},
	} {
		if _, err := Canonical(raw("POST /v1/a"+c.request), testOptions); reason(err) != c.want {
			t.Errorf("%s: got %v, want %q", row, err, c.want)
		}
	}
}

// A name that some server decodes and another does not could be any, and that is
// what the denial says: the client did not ask for another method.
func TestP2PartsWhoseNamesAreSpelledOddly(t *testing.T) {
	at := func(line int, header, holds string) string {
		return fmt.Sprintf("body_malformed: line %d of a multipart form, %s, holds %s where the part's name is read", line, header, holds)
	}
	const disposition, id, kind, none = "a header content-disposition", "a header content-id", "a header content-type", "no header that names a part"
	for _, c := range []struct{ row, body, want string }{
		{"a plain name", part(`name="a"`), ""},
		{"a backslash", part(`name="a\b"`), at(2, disposition, "a backslash")},
		{"a backslash in a file's name", part(`name="a"; filename="C:\a.png"`), at(2, disposition, "a backslash")},
		{"a plain file's name", part(`name="a"; filename="C:/a.png"`), ""},
		{"a name in pieces", part(`name*0="a"; name*1="b"`), at(2, disposition, "name*")},
		{"a name with its charset", part(`name*=utf-8''a`), at(2, disposition, "name*")},
		{"a file's name with its charset", part(`name="a"; filename*=utf-8''a`), ""},
		{"both with their charset", part(`name*=utf-8''a; filename*=utf-8''a`), at(2, disposition, "name*")},
		{"an encoded word", part(`name="=?utf-8?Q?a?="`), at(2, disposition, "an encoded word")},
		{"a question mark", part(`name="a?"`), ""},
		{"in an id", "--b\r\nContent-ID: <a\\b>\r\n\r\nx\r\n--b--", at(2, id, "a backslash")},
		{"in a type", "--b\r\nContent-Type: a; x==?b?=\r\n\r\nx\r\n--b--", at(2, kind, "an encoded word")},
		{"in another header", "--b\r\nContent-Location: a\\b\r\n\r\nx\r\n--b--", ""},
		{"in a line that goes on", part("name=\"a\";\r\n x=\"\\\""), at(2, disposition, "a backslash")},
		{"in the second part", strings.TrimSuffix(part(`name="a"`), "--") + "\r\n" + part(`name="\a"`)[5:], at(6, disposition, "a backslash")},
		{"in a part's text", strings.Replace(part(`name="a"`), "DELETE", `C:\a`, 1), ""},
		{"in text that could be a header to some", strings.Replace(part(`name="a"`), "DELETE", `name: \a`, 1), at(4, none, "a backslash")},
		{"beside _method", part(`name="_method"; x="\"`), at(2, disposition, "a backslash")},
		{"not a form", "", ""},
	} {
		_, err := Canonical(raw("POST /v1/a"+asParts+c.body), testOptions)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.row, got, c.want)
		}
	}
}

// What is there is searched, though no proxy said that it buffered it.
func TestP2BodiesWithoutAMarker(t *testing.T) {
	for body, want := range map[string]rules.Reason{"_method=DELETE": rules.MethodOverride, "a=1": "", `{"_method":"DELETE"}`: rules.MethodOverride} {
		r := raw("POST /v1/a")
		r.Body, r.Size = []byte(body), int64(len(body))
		if _, err := Canonical(r, testOptions); reason(err) != want {
			t.Errorf("%s: got %v, want %q", body, err, want)
		}
	}
}

func TestFormsThatTheProxyCut(t *testing.T) {
	for contentType, want := range map[string]rules.Reason{
		"application/x-www-form-urlencoded": rules.BodyTooLarge, "multipart/form-data; boundary=b": rules.BodyTooLarge, "": rules.BodyTooLarge,
		"application/json": "", "text/plain": "",
	} {
		r := raw("POST /v1/a\n" + partialMarker + ": true\ncontent-type: " + contentType)
		r.Body, r.Size = []byte("a=1"), 3
		if req, err := Canonical(r, testOptions); reason(err) != want || err == nil && !req.BodyCut {
			t.Errorf("%s: got %v, want %q", contentType, err, want)
		}
	}
}

// JSON that nobody needs could still hold _method for a server behind us. A line
// that reads it refuses it later, when the caller is known.
func TestP2JSONThatCannotBeSearched(t *testing.T) {
	d := declare("POST /v1/accounts/{id}/close -> close account/{id}", "POST /v1/open -> open", "POST /v1/accounts:lookup -> read account/{body.id}")
	d.CORS, d.Map[1].Because, d.Map[1].Owner = given1(true), given1("probe"), given1("platform")
	routes, ms := Compile([]rules.HostDecl{d}, bank())
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	for row, c := range map[string]struct {
		body string
		want rules.Reason
	}{
		"plain":             {asJSON + `{"id":"AC123456"}`, ""},
		"_method":           {asJSON + `{"id":"AC123456","_method":"DELETE"}`, rules.MethodOverride},
		"another charset":   {"\ncontent-type: application/json; charset=ibm037\n\nx", rules.BodyType},
		"compressed":        {"\ncontent-encoding: gzip" + asJSON + "x", rules.BodyEncoding},
		"broken":            {asJSON + `{"_method":"DELETE",}`, rules.BodyMalformed},
		"two members":       {asJSON + `{"a":1,"a":2}`, rules.BodyMalformed},
		"over the limit":    {asJSON + `{"_method":"DELETE"}` + strings.Repeat(" ", 61<<10), rules.BodyTooLarge},
		"without its type":  {"\n\n" + `{"id":"AC123456","id":1}`, rules.BodyMalformed},
		"of another suffix": {"\ncontent-type: application/merge-patch+json\n\n{", rules.BodyMalformed},
		"text":              {"\ncontent-type: text/plain\n\n{", ""},
	} {
		for _, to := range []string{"POST /v1/accounts/AC123456/close", "POST /v1/open", "OPTIONS /\norigin: a\naccess-control-request-method: GET"} {
			req, err := Canonical(raw(to+c.body), testOptions)
			if err == nil {
				_, err = routes.Match(req)
			}
			if reason(err) != c.want {
				t.Errorf("%s, %s: got %v, want %q", row, to, err, c.want)
			}
		}
		if c.want == rules.MethodOverride || c.want == "" {
			continue
		}
		if req, err := Canonical(raw("POST /v1/accounts:lookup"+c.body), testOptions); err != nil {
			t.Errorf("%s, before it is matched: %v", row, err)
		} else if m, err := routes.Match(req); err != nil {
			t.Errorf("%s, where a line reads it: %v", row, err)
		} else if _, err := m.Targets(req, nil); err == nil || reason(err).Status() < 400 {
			t.Errorf("%s is read: %v", row, err)
		}
	}
}

// Every part has the words name and filename, which are no field's name there.
func TestCapturesThatAreCalledAsKeysAre(t *testing.T) {
	routes := compile(t, "POST /v1/files/{name} -> read file/{name}", "POST /v1/up/{filename} -> read file/{filename}")
	for _, c := range []struct{ row, request, want string }{
		{"a part", "POST /v1/files/a" + asParts + part(`name="x"`), "read file/a"},
		{"a file", "POST /v1/up/a" + asParts + part(`name="x"; filename="y.png"`), "read file/a"},
		{"with spaces", "POST /v1/up/a" + asParts + part(`name = "x" ;	filename = y`), "read file/a"},
		{"a file, the other way round", "POST /v1/up/a" + asParts + part(`filename="y.png"; name="x"`), "read file/a"},
		{"a file with its charset", "POST /v1/up/a" + asParts + part(`name="x"; filename="y"; filename*=utf-8''y`), "read file/a"},
		{"P3 a part of that name", "POST /v1/files/a" + asParts + part(`name="name"`), "ambiguous_parameter"},
		{"P3 without quotes", "POST /v1/files/a" + asParts + part(`name=name`), "ambiguous_parameter"},
		{"P3 in brackets", "POST /v1/files/a" + asParts + part(`name="name[]"`), "ambiguous_parameter"},
		{"P3 named twice", "POST /v1/files/a" + asParts + part(`name=name=x`), "ambiguous_parameter"},
		{"P3 a file of that name", "POST /v1/up/a" + asParts + part(`name="x"; filename="filename"`), "ambiguous_parameter"},
		{"P3 the key as a field", "POST /v1/up/a" + asParts + part(`name="filename"; filename="y"`), "ambiguous_parameter"},
		{"P3 by its id", "POST /v1/files/a" + asParts + "--b\r\nContent-ID: <name>\r\n\r\nx\r\n--b--", "ambiguous_parameter"},
	} {
		if got := result(routes, c.request); got != c.want {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
	}
}

// What a server may take from a form instead of from the path or the query.
func TestFormsHoldNoCapturedName(t *testing.T) {
	routes := compile(t,
		"POST /v1/accounts/{id}/close -> close account/{id}",
		"POST /v1/files/{id}          -> read file/{id}, receive customer/{query.owner?}")
	const mine = "POST /v1/accounts/AC123456/close"
	for _, c := range []struct{ row, request, want string }{
		{"another field", mine + asForm + "idea=1", "close account/AC123456"},
		{"another part", mine + asParts + part(`name="idea"; filename="video.png"`), "close account/AC123456"},
		{"P3 a field", mine + asForm + "id=AC999999", "ambiguous_parameter"},
		{"P3 a field with a NUL", mine + asForm + "id%00=AC999999", "body_malformed"},
		{"P3 a field with a bad escape", mine + asForm + "id=AC999999%", "body_malformed"},
		{"P3 a field in a form that is cut", mine + asForm + "id=AC999999&pad=" + strings.Repeat("x", 61<<10), "body_too_large"},
		{"P3 a part that is a list", mine + asParts + part(`name="id[]"`), "ambiguous_parameter"},
		{"P3 a field in brackets", mine + asForm + "[id]=AC999999", "ambiguous_parameter"},
		{"P3 a part before a stray bracket", mine + asParts + part(`name="id]"`), "ambiguous_parameter"},
		{"P3 a part in upper case", mine + asParts + part(`name="ID"`), "ambiguous_parameter"},
		{"P3 a field with a dotless i", mine + asForm + "%c4%b1d=AC999999", "ambiguous_parameter"},
		{"P3 a field behind a byte order mark", mine + asForm + "%ef%bb%bfid=AC999999", "ambiguous_parameter"},
		{"P3 a field that is a part", mine + asForm + "id.x=AC999999", "ambiguous_parameter"},
		{"P3 a part with a dotless i", mine + asParts + part(`name="ıd"`), "ambiguous_parameter"},
		{"P3 a part in wide letters", mine + asParts + part(`name=ＩＤ`), "ambiguous_parameter"},
		{"P3 a part behind a byte order mark", mine + asParts + part("name=\"\ufeffid\""), "ambiguous_parameter"},
		{"another part with letters of its own", mine + asParts + part(`name="ïdée"; filename="Ärger.png"`), "close account/AC123456"},
		{"P3 a part named by its id", mine + asParts + "--b\r\nContent-ID: <id>\r\n\r\nAC999999\r\n--b--", "ambiguous_parameter"},
		{"another part with an id", mine + asParts + "--b\r\nContent-ID: <idea>\r\n\r\nAC999999\r\n--b--", "close account/AC123456"},
		{"P3 neither query nor form", "POST /v1/files/a", "read file/a"},
		{"P3 another name in the form", "POST /v1/files/a" + asForm + "note=x", "read file/a"},
		{"P3 only the form has the query's name", "POST /v1/files/a" + asForm + "owner=mallory", "ambiguous_parameter"},
		{"P3 only a part has the query's name", "POST /v1/files/a" + asParts + part(`name="owner"`), "ambiguous_parameter"},
		{"P3 query and part have it", "POST /v1/files/a?owner=ada" + asParts + part(`name=owner`), "ambiguous_parameter"},
		{"P3 only the query has it", "POST /v1/files/a?owner=ada" + asParts + part(`name=note`), "read file/a, receive customer/ada"},
	} {
		got, err := resolve(routes, raw(c.request), nil)
		s := showTargets(got)
		if err != nil {
			s = string(reason(err))
		}
		if s != c.want {
			t.Errorf("%s: got %s (%v), want %s", c.row, s, err, c.want)
		}
	}
}
