package extauthz

import (
	"crypto/rand"
	"encoding/base32"
	"sync"
)

// idEncoding spells 128 bits as 26 characters that survive headers, URLs and
// being read out.
var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

const idBytes = 16

// ids makes decision ids: unique, and no one who saw some can guess another.
// Randomness is drawn for many at a time.
type ids struct{ pool sync.Pool }

type idBatch struct {
	random [64 * idBytes]byte
	left   int
}

func (p *ids) next() string {
	b, _ := p.pool.Get().(*idBatch)
	if b == nil {
		b = &idBatch{}
	}
	if b.left == 0 {
		rand.Read(b.random[:]) // never fails
		b.left = len(b.random)
	}
	b.left -= idBytes
	var text [26]byte
	idEncoding.Encode(text[:], b.random[b.left:b.left+idBytes])
	p.pool.Put(b)
	return string(text[:])
}
