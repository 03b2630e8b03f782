package identity

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules/dial"
)

// What an issuer's explicit `"keys": []` does.
const (
	keepKeys     = "keep"     // nothing but an alarm: far more often it is a fault than meant
	withdrawKeys = "withdraw" // the issuer has no keys from then on
)

// JWKSConfig says where an issuer's keys are: exactly one of URL, Discovery,
// File and Bundle.
type JWKSConfig struct {
	URL       string
	Discovery bool // at the issuer's /.well-known/openid-configuration
	File      string
	Bundle    bool // in the bundle of the issuer's trust domain, as PeerOptions has it
	AllowHTTP bool // http from loopback

	workloadAPI string // where Bundle is, unless it is in File

	CA          string // PEM file: trusted in place of the system's authorities
	Proxy       string // http://host:port, for https alone; the environment's is not used
	EmptyKeySet string // what an explicit `"keys": []` does: keep (the default) or withdraw

	Refresh  time.Duration // longest time between fetches: 10 min, and 2 s for a file
	MaxStale time.Duration // how long keys serve that the issuer no longer confirms: 24 h
}

func (j *JWKSConfig) check(issuer string) error {
	given := 0
	for _, is := range []bool{j.URL != "", j.Discovery, j.File != "", j.workloadAPI != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		return fmt.Errorf("%d of url, discovery, file and bundle are given, want exactly one", given)
	}
	fill(&j.MaxStale, defaultMaxStale)
	fill(&j.EmptyKeySet, keepKeys)
	if j.EmptyKeySet != keepKeys && j.EmptyKeySet != withdrawKeys {
		return fmt.Errorf("empty_key_set is %q, want %s or %s", j.EmptyKeySet, keepKeys, withdrawKeys)
	}
	if err := j.checkWay(issuer); err != nil {
		return err
	}
	if j.MaxStale < 0 || j.Refresh < 0 || j.Refresh > 0 && j.Refresh < time.Second {
		return fmt.Errorf("refresh is %v and max_stale %v, want at least 1s", j.Refresh, j.MaxStale)
	}
	switch {
	case j.URL != "":
		return dial.CheckURL(j.URL, j.AllowHTTP)
	case j.Discovery:
		return dial.CheckURL(issuer, j.AllowHTTP)
	}
	return nil
}

// checkWay checks how the keys are reached: what cannot apply is refused, so that
// nobody believes in it.
func (j *JWKSConfig) checkWay(issuer string) error {
	start := j.URL
	if j.Discovery {
		start = issuer
	}
	switch plain := strings.HasPrefix(start, "http:"); {
	case j.CA == "" && j.Proxy == "":
		return nil
	case j.File != "":
		return errors.New("ca and proxy are for keys from a server, these are in a file")
	case j.workloadAPI != "":
		return errors.New("ca and proxy are for keys from a server, these are the agent's on this machine")
	case plain:
		return errors.New("ca and proxy are for https, these keys come over http")
	case j.Proxy != "":
		_, err := dial.Proxy(j.Proxy)
		return err
	}
	return nil
}

// from names where the keys come from.
func (j *JWKSConfig) from() string {
	switch {
	case j.URL != "":
		return j.URL
	case j.Discovery:
		return "discovery"
	case j.workloadAPI != "":
		return j.workloadAPI
	}
	return j.File
}
