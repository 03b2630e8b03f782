package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"time"
)

// nonces are given out and recognised without being remembered (RFC 9449 section
// 8): each is a time, cut into periods, under a key. So every process that has
// the key takes those of the others, and a restart forgets none.
type nonces struct {
	key   *nonceKey
	every time.Duration // a period: a nonce is good for one to two of them
}

// nonceSize is how much of the hash a nonce is, in bytes.
const nonceSize = 24

// judge reports whether a nonce is the current or the previous one. fresh is the
// current one, "" when the client has it.
func (n *nonces) judge(given string, now time.Time) (fresh string, ok bool) {
	period := now.UnixNano() / int64(n.every)
	current := n.of(period)
	if subtle.ConstantTimeCompare([]byte(given), []byte(current)) == 1 {
		return "", true
	}
	return current, subtle.ConstantTimeCompare([]byte(given), []byte(n.of(period-1))) == 1
}

func (n *nonces) of(period int64) string {
	mac := hmac.New(sha256.New, n.key.current.Load()[:])
	text := binary.BigEndian.AppendUint64([]byte("tiergate DPoP nonce\x00"), uint64(n.every)) //nolint:gosec // never negative
	mac.Write(binary.BigEndian.AppendUint64(text, uint64(period)))                            //nolint:gosec // any 64 bits do
	return base64url.EncodeToString(mac.Sum(nil)[:nonceSize])
}
