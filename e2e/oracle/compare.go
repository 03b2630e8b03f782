package oracle

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
)

// record is what is compared of a decision record.
type record struct {
	ID      string         `json:"id"`
	Effect  string         `json:"effect"`
	Status  int            `json:"status"`
	Reason  string         `json:"reason"`
	Detail  string         `json:"detail"`
	Targets []recordTarget `json:"targets"`
	Shadow  *Second        `json:"shadow"`
}

type recordTarget struct {
	Action     string   `json:"action"`
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	Tier       string   `json:"tier"`
	From       string   `json:"tier_from"`
	Effect     string   `json:"effect"`
	Reason     string   `json:"reason"`
	Rule       string   `json:"rule"`
	Categories []string `json:"categories"`
	As         string   `json:"as"`
}

// readRecords reads a whole decision log, by id.
func readRecords(path string) (map[string]*record, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	out := map[string]*record{}
	r := bufio.NewReader(file)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: the last record is cut: %w", path, err)
		}
		var rec record
		if err := json.Unmarshal(line, &rec); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", path, err, line)
		}
		if rec.ID == "" {
			continue // a gap: the records it stands for are missed below
		}
		if out[rec.ID] != nil {
			return nil, fmt.Errorf("%s: two records have the id %s", path, rec.ID)
		}
		out[rec.ID] = &rec
	}
}

// busy are the reasons for which a request is sent again.
var busy = []string{"deadline_exceeded", "overloaded", "keys_refreshing"}

// comparison holds what was observed, by decision id.
type comparison struct {
	w       *World
	front   front
	records map[string]*record
	hits    map[string]hit
	late    int // answers that the proxy did not wait for
	result  *Result
}

func compare(w *World, f front, requests []*Request, answers []sent, records map[string]*record, hits []hit) *Result {
	c := &comparison{w: w, front: f, records: records, hits: map[string]hit{}, result: NewResult(w.Seed)}
	for _, h := range hits {
		if len(h.Decisions) != 1 {
			c.differ(h.Number, requests, Answer{}, "the upstream saw %d decision headers: %q", len(h.Decisions), h.Decisions)
			continue
		}
		if _, twice := c.hits[h.Decisions[0]]; twice {
			c.differ(h.Number, requests, Answer{}, "the upstream was reached twice under decision %s", h.Decisions[0])
		}
		c.hits[h.Decisions[0]] = h
	}
	for n, a := range answers {
		if a.done {
			c.one(n, requests, a)
		}
	}
	c.hitsAreAllows(requests)
	return c.result
}

func (c *comparison) differ(n int, requests []*Request, want Answer, format string, args ...any) {
	d := Difference{Number: n, What: fmt.Sprintf(format, args...), Want: want}
	if n >= 0 && n < len(requests) {
		d.Request = requests[n]
		if t := requests[n].Token; t >= 0 {
			d.Token = c.w.Tokens[t]
		}
	}
	c.result.Differences = append(c.result.Differences, d)
}

// one compares the answer to one request.
func (c *comparison) one(n int, requests []*Request, a sent) {
	want := Evaluate(c.w, c.front, requests[n])
	c.result.Count(want)
	differ := func(format string, args ...any) { c.differ(n, requests, want, format, args...) }
	for _, id := range a.again {
		c.result.Again++
		if id == "" {
			c.late++ // perhaps the server decided, and the proxy had given up
		}
		if rec := c.records[id]; rec != nil && !slices.Contains(busy, rec.Reason) {
			differ("an earlier answer was %s (%s), which being busy does not explain", rec.Reason, rec.Detail)
		}
	}
	if a.first != nil {
		fresh := *requests[n]
		fresh.Proof = goodProof
		if status := Evaluate(c.w, c.front, &fresh).Status; a.first.Status != status {
			differ("got status %d for the proof's first use, want %d%s", a.first.Status, status, c.why(a.first.Decision))
		}
	}
	if a.Status != want.Status {
		differ("got status %d, want %d%s", a.Status, want.Status, c.why(a.Decision))
		return
	}
	if !want.Asked {
		if a.Decision != "" {
			differ("got decision %s, want the proxy to refuse by itself", a.Decision)
		}
		return
	}
	rec := c.records[a.Decision]
	if rec == nil {
		differ("decision %q has no record", a.Decision)
		return
	}
	if rec.Effect != want.Effect || rec.Reason != want.Reason {
		differ("got %s %s (%s), want %s %s", rec.Effect, rec.Reason, rec.Detail, want.Effect, want.Reason)
		return
	}
	if rec.Effect == "deny" && rec.Status != want.Status {
		differ("the record says status %d, the client got %d", rec.Status, a.Status)
	}
	if what := targetsDiffer(rec, want); what != "" {
		differ("%s", what)
	}
	if want.Shadow == nil && rec.Shadow != nil || want.Shadow != nil && (rec.Shadow == nil || *rec.Shadow != *want.Shadow) {
		differ("the second verdict is %+v, want %+v", rec.Shadow, want.Shadow)
	}
	h, reached := c.hits[a.Decision]
	if reached != (want.Effect == "allow") {
		differ("the upstream was reached: %v, want %v", reached, want.Effect == "allow")
		return
	}
	if reached {
		c.header(h, requests[n], want, differ)
	}
}

func (c *comparison) why(id string) string {
	if rec := c.records[id]; rec != nil {
		return fmt.Sprintf("; the record says %s %s (%s)", rec.Effect, rec.Reason, rec.Detail)
	}
	return "; there is no record"
}

// targetsDiffer compares the verdicts: all of an allow, of a denial the one that decided.
func targetsDiffer(rec *record, want Answer) string {
	if len(want.Targets) == 0 || want.Reason == "shadow_deny" {
		return ""
	}
	if rec.Effect == "allow" && len(rec.Targets) != len(want.Targets) {
		return fmt.Sprintf("the record has %d targets, want %d", len(rec.Targets), len(want.Targets))
	}
	for i, w := range want.Targets {
		if rec.Effect == "deny" && w.Effect == "allow" {
			continue
		}
		if i >= len(rec.Targets) {
			return fmt.Sprintf("the record has no target %d, want %+v", i, w)
		}
		got := rec.Targets[i]
		if got.Action != w.Action || got.Type != w.Type || got.ID != w.ID || got.Tier != w.Tier || got.From != w.From || got.Effect != w.Effect || got.As != w.As || !slices.Equal(got.Categories, w.Categories) ||
			w.Reason != "allowed" && got.Reason != w.Reason || w.Rule != "" && got.Rule != w.Rule {
			return fmt.Sprintf("target %d is %+v, want %+v", i, got, w)
		}
	}
	return ""
}

// header compares what the upstream saw: its target, and the managed headers exactly.
func (c *comparison) header(h hit, req *Request, want Answer, differ func(string, ...any)) {
	if target := c.front.path(req.Target); !sameTarget(h.Target, target, want.Set) {
		differ("the upstream saw %q, want %q with %v", h.Target, target, want.Set)
	}
	if credential := h.Header.Get("Authorization") + h.Header.Get("DPoP"); (want.Strip || req.Token < 0 && req.Auth == "") != (credential == "") {
		differ("the upstream saw a credential: %v", credential != "")
	}
	for _, r := range c.w.Rules {
		if r.Ask != nil && !r.Shadow && h.Header.Get(r.Ask.Header) != "" {
			differ("the upstream saw %s, in which a rule asks", r.Ask.Header)
		}
	}
	got := map[string][]string{}
	for name, values := range h.Header {
		lower := strings.ToLower(name)
		plain := strings.NewReplacer("_", "-", ".", "-").Replace(lower)
		if slices.Contains(c.w.Managed, plain) || strings.HasPrefix(plain, "x-tiergate-") {
			got[lower] = values
		}
	}
	delete(got, strings.ToLower(decisionHeader)) // compared by its value already
	for name, value := range want.Set {
		if name[0] == '?' {
			continue
		}
		if value == "" { // never sent: upstreams disagree on what an empty header is
			continue
		}
		if len(got[name]) != 1 || got[name][0] != value {
			differ("the upstream saw %s: %q, want %q", name, got[name], value)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		differ("the upstream saw headers that nobody set: %v", got)
	}
}

// sameTarget says whether the upstream saw the target that was sent, but for the
// parameters that rules set. Where there are any, the proxy sorts all of them.
func sameTarget(got, sent string, set map[string]string) bool {
	mutated := map[string]string{}
	for name, value := range set {
		if name[0] == '?' {
			mutated[name[1:]] = value
		}
	}
	if len(mutated) == 0 {
		return got == sent
	}
	gotPath, gotQuery, _ := strings.Cut(got, "?")
	sentPath, sentQuery, _ := strings.Cut(sent, "?")
	gotParams, err1 := url.ParseQuery(gotQuery)
	want, err2 := url.ParseQuery(sentQuery)
	for name, value := range mutated {
		want.Set(name, value)
	}
	return err1 == nil && err2 == nil && gotPath == sentPath && reflect.DeepEqual(gotParams, want)
}

// hitsAreAllows checks that the upstream was reached for exactly the allow
// records, but for those whose answer came too late for the proxy.
func (c *comparison) hitsAreAllows(requests []*Request) {
	for _, id := range slices.Sorted(maps.Keys(c.hits)) {
		if rec := c.records[id]; rec == nil || rec.Effect != "allow" {
			c.differ(c.hits[id].Number, requests, Answer{}, "the upstream was reached under decision %s, whose record is %+v", id, rec)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.records)) {
		if _, reached := c.hits[id]; reached || c.records[id].Effect != "allow" {
			continue
		}
		if c.late--; c.late < 0 {
			c.differ(-1, requests, Answer{}, "the record %s allows, and the upstream was not reached", id)
		}
	}
}
