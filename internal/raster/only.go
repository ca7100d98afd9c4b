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
