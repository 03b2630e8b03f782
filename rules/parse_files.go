package rules

import (
	"runtime"
	"slices"
	"sync"
)

// document is a file as YAML; without a node, what is wrong with it.
type document struct {
	node *Node
	ms   Mistakes

	panicked any
}

// files reads rules files in their order. Making nodes of their text is the half of it
// that no other file has a say in: as many are under way as there are processors, and
// no more, for nodes take many times the room of their text.
func (p *parser) files(files []File) {
	for some := range slices.Chunk(files, runtime.GOMAXPROCS(0)) {
		some = slices.DeleteFunc(slices.Clone(some), p.tooMuch)
		read := make([]document, len(some))
		var all sync.WaitGroup
		for i, f := range some {
			all.Go(func() { read[i].parse(f) })
		}
		all.Wait()
		for i, f := range some {
			if read[i].panicked != nil {
				panic(read[i].panicked)
			}
			p.file(f, &read[i])
			read[i] = document{}
		}
	}
}

// parse keeps a panic for whoever waits: it would end the process here, and a server
// that reloads goes on with the rules that it has.
func (d *document) parse(f File) {
	defer func() { d.panicked = recover() }()
	d.node, d.ms = parseYAML(f.Path, []byte(f.Text), maxItems)
}
