package resolver

// Meet calls f with every two lines of one host that some server may take for each
// other: there is a request of both, or two that differ only in case or in a slash at
// the end.
func (r *Routes) Meet(f func(a, b *Operation)) {
	hosts := make(map[string]*node)
	meant := make(map[*Operation]*Operation) // by the line as such a server reads it
	for _, op := range r.InProxyOrder() {
		root := hosts[op.Host]
		if root == nil {
			root = new(node)
			hosts[op.Host] = root
		}
		loose := &Operation{Method: op.Method, segments: withoutSlash(foldAll(op.segments))}
		meant[loose] = op
		root.near(loose.segments, func(other *Operation) {
			if other.met == loose {
				return
			}
			other.met = loose
			if _, overlap := relate(loose, other); overlap {
				f(op, meant[other])
			}
		})
		root.insert(loose.segments, loose)
	}
}

// withoutSlash drops the empty segment at the end of a path that has others.
func withoutSlash(segs []segment) []segment {
	if last := len(segs) - 1; last > 0 && segs[last].kind == literal && segs[last].text == "" {
		return segs[:last]
	}
	return segs
}
