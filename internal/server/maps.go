package server

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

var (
	errStyle = errors.New("server: no such style")
	errBusy  = errors.New("server: too many maps are being drawn")
)

// maps is what drawing pictures takes: caches, limits, and what is known of each dataset.
type maps struct {
	registry imagery.Registry
	drawer   imagery.Drawer
	tiles    *imagery.Cache // decoded picture tiles
	ground   *style.Cache   // decoded heights, and pictures drawn of them
	boxes    *wms.Boxes
	known    *memo
	services services
	large    chan struct{} // maps that are being drawn
	small    chan struct{} // tiles and the like that are being drawn
	bodies   chan struct{} // large bodies that are being answered
}

// How many maps are drawn at a time for each core, and how long one may take, waiting included.
const (
	mapsPerCore = 2
	mapTime     = 20 * time.Second
)

func newMaps(o Options) *maps {
	m := &maps{registry: o.Registry, known: newMemo(4096), large: make(chan struct{}, mapsPerCore*runtime.GOMAXPROCS(0)), small: make(chan struct{}, mapsPerCore*runtime.GOMAXPROCS(0))}
	if m.registry == nil {
		m.registry = imagery.Builtin()
	}
	m.bodies = make(chan struct{}, largeBodies)
	m.tiles, m.ground = imagery.NewCache(o.PictureBytes/2), style.NewCache(o.PictureBytes/2)
	m.boxes = wms.NewBoxes(m.registry)
	m.drawer.Limits.Pixels = mostMapPixels
	return m
}

// smallMap is how many pixels a picture may have and still be drawn beside large ones: a crowd of those must not keep tiles waiting.
const smallMap = 1024 * 1024

// draw does work on so many pixels that takes a core for a while, within the limits on number and time.
func (m *maps) draw(ctx context.Context, pixels int, work func(context.Context) error) error {
	slots := m.small
	if pixels > smallMap {
		slots = m.large
	}
	ctx, cancel := context.WithTimeout(ctx, mapTime)
	defer cancel()
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
		return work(ctx)
	case <-ctx.Done():
		return errors.Join(errBusy, ctx.Err())
	}
}

// facts is what is known of an opened dataset version, as far as pictures are concerned.
type facts struct {
	tiles  *imagery.Tiles // of imagery; to be used on the reader of a request
	ground bool           // terrain with heights
	lifted string         // geoids that its sources' heights counted from
	size   int            // pixels a side of a tile
	deep   uint8          // deepest level of pictures, in the dataset's own grid
	bands  []string       // of imagery: names of the values that tiles without loss hold; none if what they hold are colours
}

// pictured tells whether pictures can be drawn of the dataset.
func (f *facts) pictured() bool { return f.tiles != nil || f.ground }

// identity tells a dataset version from all others for whom facts are known: by its content, or by its opening if it is by others, of which nothing
// else is sure.
func identity(i tilestore.Info, opening any) any {
	if i.Manifest == "" {
		return opening
	}
	return content{i.Name, i.Version, i.SizeBytes, i.Manifest}
}

type content struct {
	name     string
	version  int
	bytes    int64
	manifest string
}

// facts finds out what there is to know of a dataset, once.
func (m *maps) facts(ctx context.Context, d *lease) (*facts, error) {
	key := identity(d.info, d.Opening())
	if f := m.known.get(key); f != nil {
		return f, nil
	}
	f := &facts{size: 256, deep: d.info.Levels[1]}
	if d.info.Kind == tilestore.Imagery {
		tiles, err := imagery.NewTiles(ctx, reader{d.Dataset}, d.Opening(), m.tiles)
		if err != nil {
			return nil, err
		}
		f.tiles, f.size, f.bands = tiles.On(nil, nil), tiles.TileSize(), bandsOf(d.info.Provenance)
	} else if g, err := style.NewGround(reader{d.Dataset}, m.ground, d.Opening()); err == nil {
		_, err := reader{d.Dataset}.Heights(ctx, tilegrid.Coord{})
		if err != nil && !errors.Is(err, tilestore.ErrNotFound) {
			return nil, err
		}
		first, _ := style.Named("")
		f.ground, f.lifted = err == nil, elevation.LiftedBy(d.info.Provenance)
		_, f.deep = g.Source(first).Levels()
	}
	m.known.put(key, f)
	return f, nil
}

// factsOf is facts of a dataset in the catalogue, which is opened only if nothing is known of it yet.
func (s *Server) factsOf(ctx context.Context, i tilestore.Info) (*facts, error) {
	if i.Manifest != "" {
		if f := s.maps.known.get(identity(i, nil)); f != nil {
			return f, nil
		}
	}
	ref := i.Name
	if !i.Time.IsZero() { // it need not be the newest version
		ref = fmt.Sprintf("%s@%d", i.Name, i.Version)
	}
	d, err := s.openAny(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer d.Release()
	return s.maps.facts(ctx, &d)
}

// source returns what a dataset is drawn from, good as long as d is held. Errors: errStyle, and those of the store.
func (m *maps) source(ctx context.Context, d *lease, name string) (imagery.Source, error) {
	f, err := m.facts(ctx, d)
	switch {
	case err != nil:
		return nil, err
	case f.tiles != nil && (name == "" || name == defaultStyle):
		return f.tiles.On(reader{d.Dataset}, d.Opening()), nil
	case !f.ground:
		return nil, errStyle
	}
	if name == defaultStyle {
		name = ""
	}
	st, ok := style.Named(name)
	if !ok {
		return nil, errStyle
	}
	g, err := style.NewGround(reader{d.Dataset}, m.ground, d.Opening())
	if err != nil {
		return nil, err
	}
	return g.Source(st), nil
}

// defaultStyle is the only style of imagery, and another name of the first style of terrain.
const defaultStyle = "default"

// reader is a lent dataset version as packages below know it.
type reader struct{ Dataset }

// Close does nothing: whoever lent the dataset takes it back.
func (r reader) Close() error { return nil }

// Heights returns a stored grid of heights, ErrNotFound of a dataset that keeps none.
func (r reader) Heights(ctx context.Context, c tilegrid.Coord) ([]byte, error) {
	h, ok := r.Dataset.(tilestore.Heights)
	if !ok {
		return nil, fmt.Errorf("%w: %s keeps no heights", tilestore.ErrNotFound, r.Info().Name)
	}
	return h.Heights(ctx, c)
}

// memo remembers facts of the dataset versions used last, by their [identity].
type memo struct {
	mu     sync.Mutex // guards all below
	most   int
	recent *list.List // of *remembered, the latest used in front
	of     map[any]*list.Element
}

type remembered struct {
	key   any
	facts *facts
}

func newMemo(most int) *memo {
	return &memo{most: most, recent: list.New(), of: map[any]*list.Element{}}
}

// get returns the facts kept under a key, or nil.
func (m *memo) get(key any) *facts {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.of[key]
	if !ok {
		return nil
	}
	m.recent.MoveToFront(e)
	return e.Value.(*remembered).facts
}

func (m *memo) put(key any, f *facts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.of[key]; ok {
		return
	}
	m.of[key] = m.recent.PushFront(&remembered{key, f})
	if m.recent.Len() > m.most {
		last := m.recent.Remove(m.recent.Back()).(*remembered)
		delete(m.of, last.key)
	}
}
