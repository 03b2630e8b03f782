package rules

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// document is a file as YAML; without a node, what is wrong with it.
type document struct {
	node *Node
	ms   Mistakes
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
			p.file(f, &read[i])
			read[i] = document{}
		}
	}
}

// parse makes a panic a mistake in the file: it would end the process here, and a
// server that reloads goes on with the rules that it has.
func (d *document) parse(f File) {
	defer func() {
		if fault := recover(); fault != nil {
			d.node = nil
			d.ms.addCode(CodeSyntax, Pos{f.Path, 1, 1}, "", fmt.Sprintf("reading the file failed: %v", fault))
		}
	}()
	d.node, d.ms = parseYAML(f.Path, []byte(f.Text), maxItems)
}
