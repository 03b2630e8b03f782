package policy

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/tiergate/tiergate/rules"
)

const guard = "  - { id: nobody, deny: customers, to: [read], on: order }\n"

// watched is a Live on a directory. before and after run around each load.
type watched struct {
	*Live
	dir           string
	taken         []*Policy
	log           bytes.Buffer
	before, after func()
}

func watch(t *testing.T, text string) *watched {
	t.Helper()
	w := &watched{dir: t.TempDir() + "/rules", before: func() {}, after: func() {}}
	write(t, w.dir+"/shop.yaml", text)
	o := options(t, stated{v: ada()}, order("1", "ada"))
	var err error
	w.Live, err = NewLive(LiveOptions{
		Load: func() (*Policy, *rules.Source, error) {
			w.before()
			defer w.after()
			d, err := OpenDirs([]string{w.dir})
			if err != nil {
				return nil, nil, err
			}
			defer d.Close()
			return Load(d, o)
		},
		Taken: func(p *Policy) { w.taken = append(w.taken, p) },
		Log:   slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watched) follows(t *testing.T) snapshot {
	t.Helper()
	return w.follow(t.Context(), []string{w.dir}, look([]string{w.dir}))
}

// denied checks that each version that ever took effect had the denial.
func (w *watched) denied(t *testing.T) {
	t.Helper()
	for _, p := range w.taken {
		if len(denials(p)) == 0 {
			t.Errorf("version %.8s took effect without the denial at the end of the file", p.Hash)
		}
	}
}

// A file that is written in place, a part at a time, is valid rules at the
// boundary in front of its denial. No such version ever takes effect.
func TestWatchWaitsForASlowWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, shop+guard)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for part := range 5 {
				write(t, w.dir+"/shop.yaml", shop+strings.Repeat("# on the way\n", part+1))
				time.Sleep(settle * 2 / 3)
			}
			write(t, w.dir+"/shop.yaml", shop+"# new\n"+guard)
		}()
		synctest.Wait()
		w.follows(t)
		<-done
		w.denied(t)
		if len(w.taken) != 2 || !strings.Contains(w.taken[1].source.Files[0].Text, "# new") {
			t.Errorf("%d versions took effect, want the first and the finished one", len(w.taken))
		}
	})
}

// The load itself meets a writer: what it read is not what two looks saw, so it
// is thrown away, and the next one counts. The same where it does not load at all.
func TestWatchThrowsAwayALoadThatMetAWriter(t *testing.T) {
	for name, half := range map[string]string{"valid": shop, "not valid": "rules: ["} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watch(t, shop+guard)
				whole, loads := shop+"# new\n"+guard, 0
				w.before = func() {
					if loads++; loads == 1 {
						write(t, w.dir+"/shop.yaml", half)
					}
				}
				w.after = func() { write(t, w.dir+"/shop.yaml", whole) }
				write(t, w.dir+"/shop.yaml", whole)
				saw := w.follows(t)
				w.denied(t)
				if loads != 2 || len(w.taken) != 2 || w.Stats().Failures != 0 {
					t.Errorf("%d loads, %d versions, %+v; want one load thrown away without a word", loads, len(w.taken), w.Stats())
				}
				if saw != look([]string{w.dir}) {
					t.Error("what was followed is not what is there")
				}
			})
		})
	}
}

func TestR4WatchSaysThatRulesNeverRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, shop)
		stop := make(chan struct{})
		go func() {
			defer close(stop)
			for i := range 2 * restless {
				write(t, w.dir+"/shop.yaml", shop+strings.Repeat("#\n", i))
				time.Sleep(settle * 2 / 3)
			}
		}()
		w.follows(t)
		<-stop
		if n := strings.Count(w.log.String(), "rules keep changing"); n != 1 {
			t.Errorf("said %d times that rules keep changing, want once:\n%s", n, w.log.String())
		}
	})
}

// A change is reported with its fault once, and a panic is no reason to try for ever.
func TestWatchReportsWhatDoesNotLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, shop)
		write(t, w.dir+"/shop.yaml", "rules: [")
		w.follows(t)
		w.before = func() { panic("a bug in a parser") }
		w.follows(t)
		if got := w.log.String(); strings.Count(got, "rules not loaded") != 2 || !strings.Contains(got, "rules/shop.yaml:") || !strings.Contains(got, "a bug in a parser") {
			t.Errorf("logged\n%s", got)
		}
		if len(w.taken) != 1 || w.Stats().Failures != 2 {
			t.Errorf("%d versions, %+v", len(w.taken), w.Stats())
		}
	})
}

// What check warns of in the rules, the log says too: once for each version.
func TestEachVersionSaysWhatIsHardlyMeant(t *testing.T) {
	odd := strings.Replace(shop, "identities:\n", "identities:\n  - { name: most, kind: service, status: suspended, match: { issuer: corp, subject: most }, network: [0.0.0.0/1, 128.0.0.0/2] }\n", 1)
	text, o := odd, options(t, stated{v: ada()})
	var log bytes.Buffer
	live, err := NewLive(LiveOptions{
		Load: func() (*Policy, *rules.Source, error) {
			return Load(fstest.MapFS{"shop.yaml": {Data: []byte(text)}}, o)
		},
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name, text string
		want       int
	}{
		{"the first version", odd, 1}, {"nothing changed", odd, 0}, {"another version", odd + "# new\n", 1}, {"mended", shop, 0},
	} {
		if text = step.text; step.name != "the first version" {
			log.Reset()
			if err := live.Reload(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
		}
		got := log.String()
		if n := strings.Count(got, `msg="rules hardly meant"`); n != step.want || n > 0 &&
			(!strings.Contains(got, "at=shop.yaml:") || !strings.Contains(got, "more than half") || !strings.Contains(got, "policy="+live.Current().Hash)) {
			t.Errorf("%s: logged %q, want %d warnings", step.name, got, step.want)
		}
	}
	log.Reset()
	text = odd
	kept, _, err := live.o.Load()
	if err != nil {
		t.Fatal(err)
	}
	if live.Adopt(kept); strings.Count(log.String(), `msg="rules hardly meant"`) != 1 {
		t.Errorf("the last good version: logged %q", log.String())
	}
}

// What a new version no longer has is named, where it may let more through.
func TestReloadNamesWhatWentAway(t *testing.T) {
	text, o := fstest.MapFS{}, options(t, stated{v: ada()})
	put := func(name, content string) { text[name] = &fstest.MapFile{Data: []byte(content)} }
	put("shop.yaml", shop)
	put("deny.yaml", "rules:\n"+guard)
	put("more.yaml", "weights: { read: 1 }\n")
	var log bytes.Buffer
	live, err := NewLive(LiveOptions{
		Load: func() (*Policy, *rules.Source, error) { return Load(text, o) },
		Log:  slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name   string
		change func()
		want   string
	}{
		{"nothing", func() {}, ""},
		{"a rule more", func() { put("deny.yaml", "rules:\n"+guard+strings.Replace(guard, "nobody", "again", 1)) }, ""},
		{"a file more", func() { put("other.yaml", "weights: { list: 2 }\n") }, ""},
		{"another content", func() { put("shop.yaml", shop+"# new\n") }, ""},
		{"a deny rule in shadow", func() {
			put("deny.yaml", "rules:\n"+guard+strings.Replace(guard, "id: nobody", "id: again, mode: shadow", 1))
		}, "files=[] deny_rules=[again]"},
		{"a deny rule less", func() { put("deny.yaml", "weights: { create: 2 }\n") }, "files=[] deny_rules=[nobody]"},
		{"a file less", func() { delete(text, "more.yaml") }, "files=[more.yaml] deny_rules=[]"},
	} {
		log.Reset()
		step.change()
		if err := live.Reload(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		got := log.String()
		told := strings.Contains(got, "rules went away") && strings.Contains(got, step.want)
		if told != (step.want != "") {
			t.Errorf("%s: logged %q, want %q", step.name, got, step.want)
		}
	}
}
