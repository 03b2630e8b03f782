package bank_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/e2e/bank"
)

func open(t *testing.T) *bank.Bank {
	t.Helper()
	b, err := bank.Start(os.DirFS("../../examples/bank/catalog"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// ask sends the target byte for byte: http.Client would clean it.
func ask(t *testing.T, b *bank.Bank, method, target, body string, headers ...string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	head := strings.Join(append(headers, "Host: bank.example.com", "Connection: close"), "\r\n")
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\n%s\r\nContent-Length: %d\r\n\r\n%s", method, target, head, len(body), body)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// Every row is a flaw: the bank does as it is told, whoever asks.
func TestBankTrustsEveryCaller(t *testing.T) {
	for _, row := range []struct{ name, method, target, body, header, want string }{
		{"by path id", "GET", "/v1/accounts/NO200001", "", "", `"owner":"bob"`},
		{"by query id", "GET", "/v1/account?id=NO200001", "", "", `"owner":"bob"`},
		{"by body id", "POST", "/v1/accounts:lookup", `{"id":"NO200001"}`, "", `"owner":"bob"`},
		{"batch", "POST", "/v1/accounts:batchGet", `{"ids":["NO100001","NO200001"]}`, "", `"owner":"bob"`},
		{"empty batch is everything", "POST", "/v1/accounts:batchGet", `{"ids":[]}`, "", `"owner":"cleo"`},
		{"another tenant", "GET", "/v1/accounts?tenant=acme", "", "", `"owner":"dan"`},
		{"unbounded", "GET", "/v1/accounts/all", "", "", `"owner":"cleo"`},
		{"header names the customer", "GET", "/v1/my/accounts?owner=ada", "", "X-Bank-Customer: bob", `"owner":"bob"`},
		{"mass assignment", "PATCH", "/v1/accounts/NO100001", `{"credit_limit":1000000}`, "", `"credit_limit":1000000`},
		{"move an account", "PATCH", "/v1/accounts/NO100001", `{"owner":"bob"}`, "", `"owner":"bob"`},
		{"move an account by PUT", "PUT", "/v1/accounts/NO100001", `{"owner":"bob"}`, "", `"owner":"bob"`},
		{"a transfer in another's books", "POST", "/v1/transfers", `{"from":"NO100001","to":"NO200001","owner":"bob"}`, "", `"owner":"bob"`},
		{"create", "POST", "/v1/customers/bob/accounts", `{"nickname":"mine"}`, "", `"parent":"bob"`},
		{"admin", "GET", "/v1/admin/users", "", "", `"page":"users"`},
		{"debug", "GET", "/debug/dump", "", "", `"statements"`},
		{"dot segments", "GET", "/v1/accounts/NO100001/../NO200001", "", "", `"owner":"bob"`},
		{"encoded slash", "GET", "/v1/accounts/NO100001%2f..%2fNO200001", "", "", `"owner":"bob"`},
		{"path parameter", "GET", "/v1/accounts/NO100001/..;/NO200001", "", "", `"owner":"bob"`},
		{"double slash", "GET", "//v1//accounts/NO200001", "", "", `"owner":"bob"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := open(t)
			var headers []string
			if row.header != "" {
				headers = append(headers, row.header)
			}
			status, body := ask(t, b, row.method, row.target, row.body, headers...)
			if status != 200 || !strings.Contains(body, row.want) {
				t.Errorf("got %d %s, want 200 with %s", status, body, row.want)
			}
			seen := b.Seen()
			if len(seen) != 1 || seen[0].Target != row.target || string(seen[0].Body) != row.body {
				t.Errorf("seen %+v, want the request byte for byte", seen)
			}
		})
	}
}

func TestResetUndoesEverything(t *testing.T) {
	b := open(t)
	before := len(b.Rows("accounts"))
	ask(t, b, "DELETE", "/v1/accounts/NO100001", "")
	ask(t, b, "POST", "/v1/accounts:batchDelete", `{"ids":["NO200001"]}`)
	if got := len(b.Rows("accounts")); got != before-2 {
		t.Fatalf("%d accounts are left, want %d", got, before-2)
	}
	b.Reset()
	if got := len(b.Rows("accounts")); got != before || len(b.Seen()) != 0 {
		t.Errorf("after Reset: %d accounts and %d requests seen, want %d and 0", got, len(b.Seen()), before)
	}
}

func TestClean(t *testing.T) {
	for _, row := range []struct{ raw, want string }{
		{"/a/b", "/a/b"},
		{"//a", "/a"},
		{"/a/../b", "/b"},
		{"/a/%2e%2e/b", "/b"},
		{"/a%2fb", "/a/b"},
		{"/a%5cb", "/a/b"},
		{"/a;x=1/b", "/a/b"},
		{"/a/..;/b", "/b"},
		{"/a/%zz", "/a/%zz"},
	} {
		if got := bank.Clean(row.raw); got != row.want {
			t.Errorf("Clean(%q) = %q, want %q", row.raw, got, row.want)
		}
	}
}

func TestStartNeedsItsTables(t *testing.T) {
	if _, err := bank.Start(fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), "customers.csv") {
		t.Errorf("error is %v, want it to name customers.csv", err)
	}
}
