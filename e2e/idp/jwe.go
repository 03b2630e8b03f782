package idp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
)

// Encrypt returns payload as a compact JWE (RFC 7516) that the holder of k, an
// RSA key, can decrypt: RSA-OAEP-256 and A256GCM. Whoever knows the public key
// can make one, so it proves nothing about its maker.
func (k *Key) Encrypt(header Header, payload []byte) (string, error) {
	public, ok := k.private.Public().(*rsa.PublicKey)
	if !ok {
		return "", errors.New("idp: encrypt to a key that is not RSA")
	}
	all := Header{"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": k.ID, "typ": "at+jwt"}
	for name, value := range header {
		all[name] = value
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("idp: encode header: %w", err)
	}
	key, nonce := make([]byte, 32), make([]byte, 12)
	for _, b := range [][]byte{key, nonce} {
		if _, err := rand.Read(b); err != nil {
			return "", err
		}
	}
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public, key, nil)
	if err != nil {
		return "", fmt.Errorf("idp: wrap the content key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	sealed := gcm.Seal(nil, nonce, payload, []byte(b64(text)))
	tag := len(sealed) - gcm.Overhead()
	return b64(text) + "." + b64(wrapped) + "." + b64(nonce) + "." + b64(sealed[:tag]) + "." + b64(sealed[tag:]), nil
}
