package load

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"go.uber.org/goleak"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a Target that answers after a while.
type fake struct {
	sent  atomic.Int64
	busy  atomic.Int64
	most  atomic.Int64
	delay func(n int64) time.Duration
	err   error
}

func (f *fake) Send(_ context.Context, i int) (bool, error) {
	n := f.sent.Add(1)
	busy := f.busy.Add(1)
	defer f.busy.Add(-1)
	for most := f.most.Load(); busy > most && !f.most.CompareAndSwap(most, busy); most = f.most.Load() {
	}
	if f.delay != nil {
		time.Sleep(f.delay(n))
	}
	return i%2 == 0, f.err
}

func (f *fake) Close() {}

func alternating(n int) []Request {
	requests := make([]Request, n)
	for i := range requests {
		requests[i].Allowed = i%2 == 0
	}
	return requests
}

func TestOpenKeepsItsRateAndChecksAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		r, err := Open(t.Context(), f, alternating(10), Rate{PerSecond: 100, Duration: 10 * time.Second, Count: 1e6, Senders: 4})
		if err != nil {
			t.Fatal(err)
		}
		if r.Sent < 800 || r.Sent > 1200 || r.Wrong+r.Failed > 0 || r.Allowed+r.Denied != r.Sent {
			t.Errorf("%+v", r)
		}
	})
}

// A server that stalls for a second is seen to stall by all who came in that
// second, not just by the one request that it held.
func TestOpenCountsTheWaitOfThoseBehindAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{delay: func(n int64) time.Duration {
			if n == 100 {
				return time.Second
			}
			return time.Millisecond / 10
		}}
		r, err := Open(t.Context(), f, alternating(10), Rate{PerSecond: 100, Duration: 10 * time.Second, Count: 1e6, Senders: 1})
		if err != nil {
			t.Fatal(err)
		}
		if p95 := r.Latency.ValueAtQuantile(95); p95 < 300_000 || r.Late < 50 {
			t.Errorf("p95 is %d µs and %d were late, as if nobody had waited", p95, r.Late)
		}
	})
}

func TestOpenIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{delay: func(int64) time.Duration { return 100 * time.Millisecond }}
		r, err := Open(t.Context(), f, alternating(3), Rate{PerSecond: 1000, Duration: time.Hour, Count: 50, Senders: 5})
		if err != nil || r.Sent != 50 || f.most.Load() > 5 {
			t.Errorf("%d sent, %d at once, %v", r.Sent, f.most.Load(), err)
		}
	})
	if _, err := Open(t.Context(), &fake{}, alternating(1), Rate{PerSecond: 1}); err == nil {
		t.Error("a run without bounds began")
	}
}

func TestClosedKeepsItsSendersBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{delay: func(int64) time.Duration { return 10 * time.Millisecond }}
		r := Closed(t.Context(), f, alternating(7), 4, time.Second, 0)
		if r.Sent != 400 || f.most.Load() != 4 || r.Wrong > 0 {
			t.Errorf("%d sent, %d at once, %d wrong", r.Sent, f.most.Load(), r.Wrong)
		}
		if r = Once(t.Context(), f, alternating(7)); r.Sent != 7 {
			t.Errorf("Once sent %d of 7", r.Sent)
		}
	})
}

func TestWrongAndFailedAnswersAreCounted(t *testing.T) {
	all := make([]Request, 10) // all to be denied
	if r := Once(t.Context(), &fake{}, all); r.Wrong != 5 {
		t.Errorf("%d wrong answers, want 5", r.Wrong)
	}
	if r := Once(t.Context(), &fake{err: errors.New("down")}, all); r.Failed != 10 || r.Wrong != 0 || r.FirstError == nil {
		t.Errorf("%+v", r)
	}
}

// The verdict is read from the bytes as Envoy reads the message.
func TestAllowsReadsTheStatusAlone(t *testing.T) {
	for name, c := range map[string]struct {
		r    *authv3.CheckResponse
		want bool
	}{
		"empty":        {&authv3.CheckResponse{}, true},
		"code 0":       {yes, true},
		"code 7":       {&authv3.CheckResponse{Status: &rpcstatus.Status{Message: "no", Code: 7}}, false},
		"code -1":      {&authv3.CheckResponse{Status: &rpcstatus.Status{Code: -1}, HttpResponse: &authv3.CheckResponse_OkResponse{}}, false},
		"a message":    {&authv3.CheckResponse{Status: &rpcstatus.Status{Message: "fine"}}, true},
		"other fields": {&authv3.CheckResponse{HttpResponse: &authv3.CheckResponse_DeniedResponse{DeniedResponse: &authv3.DeniedHttpResponse{Body: "x"}}, Status: &rpcstatus.Status{Code: 16}}, false},
	} {
		message, err := proto.Marshal(c.r)
		if err != nil {
			t.Fatal(err)
		}
		if got := allows(message); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if allows([]byte{0x0a, 0x02, 0xff, 0xff}) {
		t.Error("a broken status allows")
	}
}

func TestTheAlwaysYesServerSaysYesToRealTraffic(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- ServeAlwaysYes(ctx, l) }()
	requests := []Request{{Method: "GET", Host: "a", Path: "/x?y", Token: "t", Allowed: true}}
	target, err := GRPC(l.Addr().String(), 2, requests)
	if err != nil {
		t.Fatal(err)
	}
	r := Once(t.Context(), target, requests)
	target.Close()
	stop()
	if err := <-done; err != nil || r.Allowed != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	message, err := requests[0].encode(7)
	if err != nil {
		t.Fatal(err)
	}
	var in authv3.CheckRequest
	if err := proto.Unmarshal(message, &in); err != nil {
		t.Fatal(err)
	}
	http := in.GetAttributes().GetRequest().GetHttp()
	if headers := http.GetHeaderMap().GetHeaders(); http.GetPath() != "/x?y" || string(headers[len(headers)-1].GetRawValue()) != "Bearer t" {
		t.Errorf("%v", http)
	}
}

func TestCPUOfAProcess(t *testing.T) {
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Skip(err)
	}
	for n := 0; ; n++ {
		if after, err := CPU(os.Getpid()); err != nil || after > before {
			if err != nil {
				t.Error(err)
			}
			return
		}
		if n > 1e6 {
			t.Fatal("no time was spent")
		}
	}
}

func TestAccountsAreAddedToTheCatalog(t *testing.T) {
	example := fstest.MapFS{
		"tiergate.yaml":        {Data: []byte("x")},
		"catalog/accounts.csv": {Data: []byte("id,parent,tenant,owner,frozen,tier\n")},
	}
	crowded, err := withAccounts(example, Size{Objects: 3, Tokens: 2})
	if err != nil {
		t.Fatal(err)
	}
	text := string(crowded.(fstest.MapFS)["catalog/accounts.csv"].Data)
	want := "id,parent,tenant,owner,frozen,tier\nNO400000,customer00000,nord,customer00000,false,\n" +
		"NO400001,customer00001,nord,customer00001,false,\nNO400002,customer00000,nord,customer00000,false,\n"
	if text != want {
		t.Errorf("got\n%s", text)
	}
	if _, err := withAccounts(fstest.MapFS{}, Size{}); err == nil {
		t.Error("an example without accounts was taken")
	}
}

// Every worthless token is another one, and differs from a good one only in what
// makes it worthless.
func TestWorthlessTokensAreAllDifferent(t *testing.T) {
	good := Request{Method: "GET", Path: "/x", Token: "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.e30.c2ln", Allowed: true}
	requests, err := worthless(good, 30, 20)
	if err != nil || len(requests) != 50 {
		t.Fatalf("%d requests, %v", len(requests), err)
	}
	tokens, kept := map[string]bool{}, 0
	for _, r := range requests {
		parts := strings.Split(r.Token, ".")
		if len(parts) != 3 || parts[1] != "e30" || len(parts[2]) != 342 || r.Allowed || r.Path != "/x" || tokens[r.Token] {
			t.Errorf("%+v", r)
		}
		tokens[r.Token] = true
		if parts[0] == "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ" {
			kept++
		}
	}
	if kept != 20 {
		t.Errorf("%d have the good header, want the 20 that are forged", kept)
	}
	if _, err := worthless(Request{Token: "opaque"}, 1, 1); err == nil {
		t.Error("a token without dots was taken")
	}
}

func TestAFloodIsBounded(t *testing.T) {
	fine := Flood{PerSecond: 1, Unknown: 2, Slices: 2, Slice: time.Second, Connections: 1, Senders: 1}
	if err := fine.check(); err != nil {
		t.Errorf("twin: %v", err)
	}
	for name, change := range map[string]func(*Flood){
		"no rate": func(f *Flood) { f.PerSecond = 0 }, "no tokens": func(f *Flood) { f.Unknown = 0 }, "fewer than slices": func(f *Flood) { f.Slices = 3 },
		"no time": func(f *Flood) { f.Slice = 0 }, "nobody sends": func(f *Flood) { f.Senders = 0 },
	} {
		f := fine
		change(&f)
		if err := f.check(); err == nil {
			t.Errorf("%s: it began", name)
		}
	}
}
