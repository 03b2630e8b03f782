package oracle

import (
	"math/rand/v2"
	"slices"
)

// direct is no proxy at all: the server's own steps in one process, whose caller is
// stated and not proven. What a proxy may show of a connection is shown.
const direct front = "direct"

// GenerateDirect returns the world of a seed as it is judged in process, where no
// time passes: of what is revoked in its course it has what is so from the start.
func GenerateDirect(seed uint64) *World {
	w := Generate(seed)
	w.Revocations = slices.DeleteFunc(w.Revocations, func(v *Revocation) bool { return !v.in(0) })
	for _, v := range w.Revocations {
		v.File = true
	}
	(&generator{w: w}).fails()
	(&generator{w: w}).budgets()
	return w
}

// Pairs returns n requests of a world for judging in process: none of them is
// refused by a proxy or for a token, for there is neither. They are drawn with
// little choice, so that many worlds cost little.
func Pairs(w *World, n int) []*Request {
	t := &traffic{
		generator: generator{r: rand.New(rand.NewPCG(w.Seed, 0x7061697273)), w: w}, front: direct, stated: true,
		book: new(Book), seen: map[string]int{}, luck: rand.New(rand.NewPCG(w.Seed, 0x616e7377657273)),
	}
	out := make([]*Request, n)
	for i := range out {
		out[i] = t.next()
		t.book.Judge(w, out[i])
		if t.luck.IntN(4) == 0 {
			t.after = min(t.after+tick, lastTick)
		}
	}
	return out
}

// Judge says what must become of a request in process, after those that were judged
// with the same book.
func (b *Book) Judge(w *World, r *Request) Answer {
	return (&evaluation{w: w, front: direct, req: r, book: b}).answer()
}

// PeerOf is who the connection of a request proves, "" for nobody.
func PeerOf(w *World, r *Request) string {
	return (&evaluation{w: w, front: direct, req: r}).peer()
}

// sound says whether nothing is wrong with a token that its holder presents.
func (t *Token) sound(w *World) bool {
	i := w.issuer(t.Issuer)
	return t.Fault == "" && i.JWKS != "dead" && t.bindable(i) && (t.Holder == 0 || i.ProofAlgs == nil || holders[t.Holder-1] == i.ProofAlgs[0])
}

// DirectPath is the target of a request as the server is shown it.
func DirectPath(r *Request) string { return direct.path(r.Target) }

// Sources are the files of rows by their names.
func (w *World) Sources() map[string]*Source {
	sources := map[string]*Source{}
	for _, t := range w.Types {
		if t.Source != nil {
			sources[t.Source.Name] = t.Source
		}
	}
	for _, i := range w.Issuers {
		if i.Directory != nil {
			sources[i.Directory.Source.Name] = i.Directory.Source
		}
	}
	return sources
}
