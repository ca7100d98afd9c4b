package raster

import (
	"context"
	"sync"

	"github.com/paulmach/orb"
)

// Stack is any number of DEM files, read as one. It is safe for concurrent use.
type Stack struct {
	dems    []*dem
	layers  []*layer
	pool    *pool
	scratch sync.Pool // of *scratch
}

// Layer describes one pixel grid of a stack.
type Layer struct {
	Files      []int // indices into Stack.Files
	CRS        string
	Vertical   Vertical
	Geoid      *Geoid // what was added to the files' heights; nil: nothing
	Resolution Resolution
	Bound      orb.Bound
}

// OpenStack opens files, checks that each is a DEM that can be placed on Earth, and arranges them in layers. The first file
// that is not refuses the whole stack, with a remedy.Error that wraps a sentinel; all of them match [ErrInput]. The caller
// closes the stack.
func OpenStack(ctx context.Context, paths []string, opt Options) (*Stack, error) {
	setup(opt.CacheBytes)
	if len(paths) == 0 {
		return nil, refuse("", ErrOpen, "name at least one DEM", "no files")
	}
	var given *crs
	if opt.SrcCRS != "" {
		c, err := parseCRS(opt.SrcCRS)
		if err != nil {
			return nil, err
		}
		given = &c
	}
	a := newAtlas(given)
	defer a.close()
	if err := a.hearVertical(opt.Vertical); err != nil {
		return nil, err
	}
	dems, err := openEach(ctx, paths, func(name string) (*dem, error) { return openDEM(ctx, name, opt, a) })
	if err != nil {
		return nil, err
	}
	if err := a.heardVertical(dems); err != nil {
		return nil, err
	}
	layers, err := stackLayers(dems, opt.Priority)
	if err != nil {
		return nil, err
	}
	return &Stack{dems: dems, layers: layers, pool: newPool(opt)}, nil
}

// Files returns the facts of every file, in the order given.
func (s *Stack) Files() []File {
	files := make([]File, len(s.dems))
	for i, d := range s.dems {
		files[i] = d.File
	}
	return files
}

// Layers returns the layers, the top one first.
func (s *Stack) Layers() []Layer {
	index := map[*dem]int{}
	for i, d := range s.dems {
		index[d] = i
	}
	out := make([]Layer, len(s.layers))
	for i, l := range s.layers {
		out[i] = Layer{CRS: l.crs.name, Vertical: l.files[0].Vertical, Geoid: l.files[0].geoid, Resolution: l.resolution, Bound: l.bound}
		for _, f := range l.files {
			out[i].Files = append(out[i].Files, index[f.dem])
		}
	}
	return out
}

// Bounds returns the ground of each file, in the order given; see [File].
func (s *Stack) Bounds() []orb.Bound {
	out := make([]orb.Bound, len(s.dems))
	for i, d := range s.dems {
		out[i] = d.Bound
	}
	return out
}

// Close closes every file. No method may be running or called after.
func (s *Stack) Close() error {
	s.pool.close()
	for _, l := range s.layers {
		l.lender.close()
	}
	return nil
}
