//go:build e2e

package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e"
)

// traveller is a new user's terminal: a folder of one's own, and tiergate and
// tiergate-lab on PATH.
type traveller struct {
	t   *testing.T
	dir string
	env []string
}

func newTraveller(t *testing.T) *traveller {
	t.Helper()
	server, bin := tiergate(t), t.TempDir()
	if err := os.Symlink(server, filepath.Join(bin, "tiergate")); err != nil {
		t.Fatal(err)
	}
	lab := fmt.Sprintf("#!/bin/sh\nTIERGATE_LAB_ARGS=\"$*\" exec '%s'\n", os.Args[0])
	if err := os.WriteFile(filepath.Join(bin, "tiergate-lab"), []byte(lab), 0o700); err != nil {
		t.Fatal(err)
	}
	return &traveller{t, t.TempDir(), append(os.Environ(), "LC_ALL=C", "TIERGATE_BIN="+server, "PATH="+bin+":"+os.Getenv("PATH"))}
}

func (v *traveller) command(line string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", line) // one that stays ends by Ctrl-C, after the test's context
	cmd.Dir, cmd.Env = v.dir, v.env
	return cmd
}

// runs returns what a command prints; whatever its answer is, it can be given.
func (v *traveller) runs(line string) string {
	v.t.Helper()
	var out, errs bytes.Buffer
	cmd := v.command(line)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 1 {
		v.t.Fatalf("%s: %v\n%s%s", line, err, out.String(), errs.String())
	}
	return out.String()
}

// stays starts a command that keeps running, and returns what it prints up to the
// line that ends so.
func (v *traveller) stays(line, end string) string {
	v.t.Helper()
	cmd := v.command("exec " + line)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		v.t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			v.t.Errorf("%s: ended by Ctrl-C: %v\n%s", line, err, errs.String())
		}
	})
	var out strings.Builder
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		out.WriteString(lines.Text() + "\n")
		if strings.HasSuffix(lines.Text(), end) {
			return out.String()
		}
	}
	rest, _ := io.ReadAll(stdout)
	v.t.Fatalf("%s: it does not stay:\n%s%s%s", line, out.String(), rest, errs.String())
	return ""
}

// Whoever does what init says, and nothing else, sees a foreign id denied behind a
// real Envoy: with a tiny example, and with specifications of three sorts.
func TestWhatInitSaysIsTheWay(t *testing.T) {
	for name, command := range map[string]string{
		"from nothing":    "tiergate init work",
		"tenants in path": "tiergate init --openapi clinic.yaml work",
		"batches":         "tiergate init --openapi shop.json work",
		"messy":           "tiergate init --openapi messy.yaml work",
		"words to quote":  "tiergate init --openapi 'o data.yaml' work",
	} {
		t.Run(name, func(t *testing.T) {
			v := newTraveller(t)
			if err := os.CopyFS(v.dir, os.DirFS("testdata/tour")); err != nil {
				t.Fatal(err)
			}
			said := v.runs(command)
			_, next, ok := strings.Cut(said, "next, in this order:\n")
			if !ok {
				t.Fatalf("%s says no next steps:\n%s", command, said)
			}
			saw := map[string]string{}
			for line := range strings.Lines(next) {
				line = strings.TrimSpace(line)
				if line == "" || strings.HasPrefix(line, "#") || strings.HasSuffix(line, ":") {
					continue
				}
				verb := strings.Join(strings.Fields(line)[:2], " ")
				if verb == "tiergate-lab try" {
					line += " --for 0s"
				}
				saw[verb] = v.runs(line)
			}
			for verb, want := range map[string]string{
				"tiergate check":    `^fine: 3 files`,
				"tiergate test":     `^ok: 4 tests, 0 failed`,
				"tiergate explain":  `(?m)^DENY  no_rule 403$`,
				"tiergate-lab try":  `(?s)# customers=ada, GET \S+: 200, reached the API: own-.*# customers=ada, GET \S+: 403, stopped: no_rule\n.*# svc-support, GET \S+: 200, reached the API: support-reads-`,
				"tiergate coverage": `operations covered`,
				"grep -rn":          `work/tiergate.yaml:\d+:.*# EDIT: `,
			} {
				if !regexp.MustCompile(want).MatchString(saw[verb]) {
					t.Errorf("%s printed, want %s:\n%s", verb, want, saw[verb])
				}
			}
			hidden, err := filepath.Glob(filepath.Join(v.dir, "work", ".tiergate-try-*"))
			if len(hidden) > 0 || err != nil {
				t.Errorf("try left %v behind (%v)", hidden, err)
			}
		})
	}
}

var update = flag.Bool("update", false, "rewrite docs/tour.md with what the commands print now")

// The page's commands, in their order, print what the page says, but for ports,
// ids and times. What varies in one output may stand in the commands after it.
func TestTourIsAsWritten(t *testing.T) {
	const page = "../../docs/tour.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	v := newTraveller(t)
	if _, err := exec.LookPath("curl"); err != nil {
		v.withoutCurl()
	}
	now := v.follow(string(text))
	if *update {
		if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, got := strings.Split(constant(string(text)), "\n"), strings.Split(constant(now), "\n")
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			t.Fatalf("%s:%d: it is not what is printed now (go test -tags e2e ./cmd/tiergate-lab -run Tour -update):\n%s", page, i+1, now)
		}
	}
}

// varying finds what differs from run to run in what commands print.
var varying = regexp.MustCompile(`(?m)` + strings.Join([]string{
	`127\.0\.0\.1:\d+`, `\.net:\d+`, // Envoy's listener, also as curl is told it
	`[^\s@]*/tiergate-try-\d+`, // the trial's folder
	`\b[a-z0-9]{26}\b`,         // a decision's id
	`^date: .*$`, `upstream-service-time: \d+`,
	`policy +[0-9a-f]{12}`, `review_by: \d{4}-\d\d-\d\d`, // half a year ahead, and so in the hash of the rules
	`Envoy \d+\.\d+\.\d+`, // whichever is there
}, "|"))

func constant(text string) string { return varying.ReplaceAllString(text, "*") }

// follow runs the commands of a page's console blocks, beside the file that it
// shows, and returns the page as it would be written now.
func (v *traveller) follow(page string) string {
	v.t.Helper()
	var out strings.Builder
	block, named := "", ""
	var was, is []string // what varied on the page, and what it is now
	lines := strings.SplitAfter(page, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "```"):
			block = strings.TrimSpace(strings.TrimPrefix(line, "```"))
		case block == "yml":
			v.write(named, line)
		case block == "console" && strings.HasPrefix(line, "$ "):
			command := strings.TrimSpace(line[2:])
			for n := range was {
				command = strings.ReplaceAll(command, was[n], is[n])
			}
			written := ""
			for i+1 < len(lines) && !strings.HasPrefix(lines[i+1], "$ ") && !strings.HasPrefix(lines[i+1], "```") {
				i++
				written += lines[i]
			}
			printed := v.prints(command)
			if a, b := varying.FindAllString(written, -1), varying.FindAllString(printed, -1); len(a) == len(b) {
				was, is = append(was, a...), append(is, b...)
			}
			line = "$ " + command + "\n" + printed
		default:
			if found := shown.FindStringSubmatch(line); found != nil {
				named = found[1]
			}
		}
		out.WriteString(line)
	}
	return out.String()
}

// shown is a file that the text before a block names.
var shown = regexp.MustCompile("\\(`([a-z]+\\.yaml)`\\)")

func (v *traveller) prints(command string) string {
	v.t.Helper()
	if strings.HasPrefix(command, "tiergate-lab try ") {
		return v.stays(command, "Ctrl-C ends it.")
	}
	said := strings.ReplaceAll(v.runs(command), "\r", "")
	if !strings.HasSuffix(said, "\n") {
		said += "\n" // a terminal's prompt begins there
	}
	return said
}

// write adds a line to a file.
func (v *traveller) write(name, line string) {
	v.t.Helper()
	f, err := os.OpenFile(filepath.Join(v.dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := f.WriteString(line); err != nil {
		v.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		v.t.Fatal(err)
	}
}

// withoutCurl puts a stand-in for curl on the path, as far as `try` prints its lines.
func (v *traveller) withoutCurl() {
	v.t.Helper()
	at, err := filepath.Abs("testdata/curl.py")
	if err != nil {
		v.t.Fatal(err)
	}
	bin := v.t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "curl"), []byte("#!/bin/sh\nexec python3 '"+at+"' \"$@\"\n"), 0o700); err != nil {
		v.t.Fatal(err)
	}
	path := len(v.env) - 1
	v.env[path] = "PATH=" + bin + ":" + strings.TrimPrefix(v.env[path], "PATH=")
}

// The files that are tried are one's own: what is changed in them counts at once.
func TestTryFollowsTheFiles(t *testing.T) {
	v := newTraveller(t)
	v.withoutCurl()
	v.runs("tiergate init work")
	said := v.stays("tiergate-lab try -c work/tiergate.yaml --as customers=ada GET https://notes.example.com/v1/notes/a1 GET https://notes.example.com/v1/notes/b1", "Ctrl-C ends it.")
	curls := regexp.MustCompile(`(?m)^curl .*$`).FindAllString(said, -1)
	if len(curls) != 2 {
		t.Fatalf("%d curl lines, want 2:\n%s", len(curls), said)
	}
	ends := func(i int, status string) bool { return strings.HasPrefix(v.runs(curls[i]), "HTTP/1.1 "+status) }
	if !ends(0, "200") || !ends(1, "403") {
		t.Errorf("ada's own is not 200, or bob's is not 403")
	}
	if err := os.WriteFile(filepath.Join(v.dir, "work/catalog/note.csv"), []byte("id,owner\na1,bob\nb1,ada\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(e2e.StartTimeout)
	for !ends(0, "403") || !ends(1, "200") {
		if time.Now().After(deadline) {
			t.Fatal("the owners have changed, and the answers have not")
		}
		time.Sleep(100 * time.Millisecond)
	}
}
