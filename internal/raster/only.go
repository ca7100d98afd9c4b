package raster

// Only returns the stack with just the layers that keep wants. It shares the files with s and lives no longer than s; closing s is enough, it must not
// be closed itself.
func (s *Stack) Only(keep func(Layer) bool) *Stack {
	some := &Stack{dems: s.dems, pool: s.pool}
	for i, l := range s.Layers() {
		if keep(l) {
			some.layers = append(some.layers, s.layers[i])
		}
	}
	return some
}

// Parts returns each layer as a stack of its own, the top one first. They share the files with s as those of Only do.
func (s *Stack) Parts() []*Stack {
	parts := make([]*Stack, len(s.layers))
	for i := range s.layers {
		parts[i] = &Stack{dems: s.dems, layers: s.layers[i : i+1 : i+1], pool: s.pool}
	}
	return parts
}
