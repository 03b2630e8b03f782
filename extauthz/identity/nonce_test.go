package identity

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// wanting is an issuer whose proofs need a nonce, good for a minute or two.
func wanting() []IssuerConfig {
	return []IssuerConfig{config(func(c *IssuerConfig) { c.DPoP = &DPoPConfig{Nonce: "required"} })}
}

// asking sends a proof with a nonce at a time, and returns what came of it and
// the nonce that came back.
func asking(t *testing.T, v *Verifier, nonce any, at time.Time) (rules.Reason, string) {
	t.Helper()
	claims := with(boundTo(object{"jkt": holder().jkt()}), object{"exp": now.Add(24 * time.Hour).Unix()})
	token := ecKey().mint(nil, claims)
	req := proving(token, holder().prove(token, nil, object{"nonce": nonce, "iat": at.Unix()}))
	req.Now = at
	e, err := v.Verify(t.Context(), req)
	return reasonOf(t, err, token), e.Nonce
}

// RFC 9449 section 9: the first try brings the nonce with which the next succeeds.
func TestNonces(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{Issuers: wanting()})
	start := now.Truncate(time.Minute)
	reason, first := asking(t, v, nil, start)
	if reason != rules.BindingNonce || first == "" {
		t.Fatalf("without a nonce: %q, %q", reason, first)
	}
	_, next := asking(t, v, nil, start.Add(time.Minute))
	_, last := asking(t, v, nil, start.Add(2*time.Minute))
	for _, row := range []struct {
		name  string
		nonce any
		at    time.Duration
		want  rules.Reason
		fresh string
	}{
		{"twin: the one that was given", first, 0, "", ""},
		{"twin: until its period ends", first, 59 * time.Second, "", ""},
		{"twin: in the next period, and the client gets the new one", first, time.Minute, "", next},
		{"twin: the new one", next, time.Minute, "", ""},
		{"two periods old", first, 2 * time.Minute, rules.BindingNonce, last},
		{"of the future", next, 0, rules.BindingNonce, first},
		{"none", nil, 0, rules.BindingNonce, first},
		{"empty", "", 0, rules.BindingNonce, first},
		{"a number", 7, 0, rules.BindingNonce, first},
		{"made up, one bit away", otherTail(first), 0, rules.BindingNonce, first},
		{"with more behind it", first + "A", 0, rules.BindingNonce, first},
	} {
		t.Run("A24 nonce "+row.name, func(t *testing.T) {
			if reason, fresh := asking(t, v, first, start); reason != "" || fresh != "" {
				t.Fatalf("the twin: %q, %q", reason, fresh)
			}
			if reason, fresh := asking(t, v, row.nonce, start.Add(row.at)); reason != row.want || fresh != row.fresh {
				t.Errorf("%q and nonce %q, want %q and %q", reason, fresh, row.want, row.fresh)
			}
		})
	}
	if first == next || next == last || first == last {
		t.Error("nonces of different periods are the same")
	}
	other := loaded(t, serving(ecKey()), Options{Issuers: wanting()})
	if reason, _ := asking(t, other, first, start); reason != rules.BindingNonce {
		t.Errorf("a process with another key says %q to our nonce", reason)
	}
}

// Where none is wanted, none is given, and one that a client sends says nothing.
func TestNoncesOff(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	for _, nonce := range []any{nil, "whatever"} {
		if reason, fresh := asking(t, v, nonce, now); reason != "" || fresh != "" {
			t.Errorf("nonce %v: %q, and got %q", nonce, reason, fresh)
		}
	}
}

// A restart takes the nonces from before, and so does a replica with the same
// key; only a server writes.
func TestNonceKeyIsKept(t *testing.T) {
	dir := t.TempDir()
	options := Options{Issuers: wanting(), StateDir: dir}
	path := filepath.Join(dir, "dpop-nonce.key")
	command := loaded(t, serving(ecKey()), options)
	if _, err := os.Stat(path); err == nil {
		t.Fatal("a command wrote the key")
	}
	command.nonceKey.keep() // as Run does
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || info.Size() != nonceKeySize {
		t.Fatalf("the key: %v, %v", info, err)
	}
	_, nonce := asking(t, command, nil, now)
	again := loaded(t, serving(ecKey()), options)
	again.nonceKey.keep()
	if reason, _ := asking(t, again, nonce, now); reason != "" {
		t.Errorf("after a restart the nonce is %q", reason)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".dpop*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Two first starts at one directory agree: the second takes what the first wrote.
func TestNonceKeyOfTwoFirstStarts(t *testing.T) {
	options := Options{Issuers: wanting(), StateDir: t.TempDir()}
	a, b := loaded(t, serving(ecKey()), options), loaded(t, serving(ecKey()), options)
	a.nonceKey.keep()
	b.nonceKey.keep()
	_, nonce := asking(t, a, nil, now)
	if reason, _ := asking(t, b, nonce, now); reason != "" {
		t.Errorf("the other process says %q", reason)
	}
}

// A key that cannot be used is not replaced: somebody meant it for several processes.
func TestNonceKeyThatIsNone(t *testing.T) {
	for name, prepare := range map[string]func(path string) error{
		"short":     func(p string) error { return os.WriteFile(p, []byte("short"), 0o600) },
		"long":      func(p string) error { return os.WriteFile(p, make([]byte, 64), 0o600) },
		"readable":  func(p string) error { return os.WriteFile(p, make([]byte, nonceKeySize), 0o644) },
		"a folder":  func(p string) error { return os.Mkdir(p, 0o700) },
		"writeable": func(p string) error { return os.WriteFile(p, make([]byte, nonceKeySize), 0o620) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "dpop-nonce.key")
			if err := prepare(path); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, map[string]os.FileMode{"readable": 0o644, "writeable": 0o620}[name]|0o600); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(path)
			v := loaded(t, serving(ecKey()), Options{Issuers: wanting(), StateDir: dir})
			v.nonceKey.keep()
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Errorf("the file was changed to %q", after)
			}
			if *v.nonceKey.current.Load() == ([nonceKeySize]byte{}) {
				t.Error("the key is the file's, or none at all")
			}
			_, nonce := asking(t, v, nil, now)
			if reason, _ := asking(t, v, nonce, now); reason != "" {
				t.Errorf("its own nonce is %q", reason)
			}
		})
	}
}

func TestNonceKeyOfAGroup(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "dpop-nonce.key")
	secret := []byte("0123456789abcdef0123456789abcdef")
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o440); err != nil { // as Kubernetes mounts a secret for a group
		t.Fatal(err)
	}
	v := loaded(t, serving(ecKey()), Options{Issuers: wanting(), StateDir: dir})
	if string(v.nonceKey.current.Load()[:]) != string(secret) {
		t.Error("a key that the group may read is not used")
	}
}
