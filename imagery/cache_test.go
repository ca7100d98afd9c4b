package imagery

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

func square(side int) picture.Picture {
	return picture.Picture{NRGBA: image.NewNRGBA(image.Rect(0, 0, side, side))}
}

func coord(x int) cacheKey { return cacheKey{"a", tilegrid.Coord{Z: 20, X: uint32(x)}} }

func TestTheCacheHoldsNoMoreBytesThanItMay(t *testing.T) {
	const limit = 10*(4*32*32+entryOverhead) + 1
	c := NewCache(limit)
	for i := range 100 {
		if _, err := c.get(t.Context(), coord(i), func(context.Context) (picture.Picture, error) { return square(32), nil }); err != nil {
			t.Fatal(err)
		}
		if s := c.Stats(); s.Bytes > limit || s.Tiles > 10 {
			t.Fatalf("%d bytes in %d tiles", s.Bytes, s.Tiles)
		}
	}
	if _, err := c.get(t.Context(), coord(200), func(context.Context) (picture.Picture, error) { return square(500), nil }); err != nil {
		t.Fatal(err)
	}
	if s := c.Stats(); s.Tiles != 10 || s.Misses != 101 {
		t.Errorf("a picture larger than the cache: %+v", s)
	}
}

func TestTheTileUsedLastStays(t *testing.T) {
	c := NewCache(2 * (4*32*32 + entryOverhead))
	loads := 0
	get := func(i int) {
		_, _ = c.get(t.Context(), coord(i), func(context.Context) (picture.Picture, error) { loads++; return square(32), nil })
	}
	for _, i := range []int{1, 2, 1, 3, 1} {
		get(i)
	}
	if loads != 3 {
		t.Errorf("%d loads, want 3", loads)
	}
}

func TestATileIsDecodedOnceForAllWhoAskAtOnce(t *testing.T) {
	for _, limit := range []int64{0, 1 << 20} {
		c := NewCache(limit)
		var loads atomic.Int64
		begun, gate := make(chan struct{}), make(chan struct{})
		load := func(context.Context) (picture.Picture, error) {
			loads.Add(1)
			close(begun)
			<-gate
			return square(8), nil
		}
		var all sync.WaitGroup
		ask := func() {
			if p, err := c.get(t.Context(), coord(1), load); err != nil || p.NRGBA == nil {
				t.Errorf("%v, %v", p, err)
			}
		}
		all.Go(ask)
		<-begun
		for range 20 {
			all.Go(ask)
		}
		for c.Stats().Hits < 20 {
		}
		close(gate)
		all.Wait()
		if loads.Load() != 1 {
			t.Errorf("limit %d: %d loads", limit, loads.Load())
		}
	}
}

func TestWhoWaitsIsNotCancelledByWhoLoads(t *testing.T) {
	c := NewCache(1 << 20)
	gone, cancel := context.WithCancel(t.Context())
	begun := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_, err := c.get(gone, coord(1), func(ctx context.Context) (picture.Picture, error) {
			close(begun)
			<-ctx.Done()
			return picture.Picture{}, ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("loader: %v", err)
		}
	})
	<-begun
	all.Go(func() {
		p, err := c.get(t.Context(), coord(1), func(context.Context) (picture.Picture, error) { return square(8), nil })
		if err != nil || p.NRGBA == nil {
			t.Errorf("who waited: %v", err)
		}
	})
	for c.Stats().Hits < 1 {
	}
	cancel()
	all.Wait()
}

func TestErrorsAndPanicsAreNotKept(t *testing.T) {
	c := NewCache(1 << 20)
	boom := errors.New("boom")
	if _, err := c.get(t.Context(), coord(1), func(context.Context) (picture.Picture, error) { return picture.Picture{}, boom }); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = c.get(t.Context(), coord(1), func(context.Context) (picture.Picture, error) { panic("boom") })
	}()
	if p, err := c.get(t.Context(), coord(1), func(context.Context) (picture.Picture, error) { return square(8), nil }); err != nil || p.NRGBA == nil {
		t.Errorf("after an error: %v", err)
	}
}

// memory is a store of a few tiles.
type memory struct {
	info  tilestore.Info
	tiles map[tilegrid.Coord][]byte
	reads atomic.Int64
}

func (m *memory) Info() tilestore.Info { return m.info }
func (m *memory) Close() error         { return nil }
func (m *memory) Tile(_ context.Context, c tilegrid.Coord) (tilestore.Tile, error) {
	m.reads.Add(1)
	if b, ok := m.tiles[c]; ok {
		return tilestore.Tile{Data: b}, nil
	}
	return tilestore.Tile{}, tilestore.ErrNotFound
}

func encoded(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// store holds tiles 3/2/1 to 3/4/1, the first a picture of 512 pixels.
func store(t *testing.T, others ...[]byte) *memory {
	t.Helper()
	m := &memory{tiles: map[tilegrid.Coord][]byte{{Z: 3, X: 2, Y: 1}: encoded(t, 512, 512)}}
	for i, b := range others {
		m.tiles[tilegrid.Coord{Z: 3, X: uint32(3 + i), Y: 1}] = b
	}
	m.info = tilestore.Info{
		Name: "small", Grid: tilegrid.Mercator, Levels: [2]uint8{3, 3},
		Available: [][]tilegrid.Range{nil, nil, nil, {{Z: 3, MinX: 2, MinY: 1, MaxX: uint32(2 + len(others)), MaxY: 1}}},
	}
	return m
}

func TestTilesHaveTheSizeOfTheFirst(t *testing.T) {
	m := store(t, encoded(t, 512, 512), encoded(t, 256, 256), []byte("no picture"), encoded(t, 512, 511))
	s, err := NewTiles(t.Context(), m, "small@1", NewCache(1<<24))
	if err != nil || s.TileSize() != 512 {
		t.Fatalf("%v, size %d", err, s.TileSize())
	}
	for x, want := range []error{nil, nil, nil, nil, tilestore.ErrCorrupt, tilestore.ErrCorrupt, tilestore.ErrCorrupt, nil} {
		p, err := s.Image(t.Context(), tilegrid.Coord{Z: 3, X: uint32(x), Y: 1})
		if !errors.Is(err, want) || (p.NRGBA != nil) != (x == 2 || x == 3) {
			t.Errorf("column %d: %v, a picture %v", x, err, p.NRGBA != nil)
		}
	}
	v := View{Projection: crs(t, "CRS:84"), Bound: box(-180, -85, 180, 85), Width: 300, Height: 200}
	if _, err := Draw(t.Context(), []Source{s}, v); !errors.Is(err, tilestore.ErrCorrupt) {
		t.Errorf("a view with damaged tiles: %v", err)
	}
}

func TestTilesThatAreMissingAreAskedOnce(t *testing.T) {
	m := store(t, encoded(t, 512, 512))
	m.info.Available[3][0].MaxX = 6
	s, err := NewTiles(t.Context(), m, "small@1", NewCache(1<<24))
	if err != nil {
		t.Fatal(err)
	}
	before := m.reads.Load()
	for range 5 {
		for _, c := range []tilegrid.Coord{{Z: 3, X: 5, Y: 1}, {Z: 3}, {Z: 2, X: 1}} { // the last two are beyond all that there is
			if p, err := s.Image(t.Context(), c); err != nil || p.NRGBA != nil {
				t.Fatal(p, err)
			}
		}
	}
	if got := m.reads.Load() - before; got != 1 {
		t.Errorf("%d reads", got)
	}
}

func TestAStoreWithoutTilesIsDrawnTransparent(t *testing.T) {
	s, err := NewTiles(t.Context(), &memory{}, "none@1", NewCache(0))
	if err != nil || s.TileSize() != 256 {
		t.Fatal(err)
	}
	v := View{Projection: crs(t, "CRS:84"), Bound: box(0, 0, 1, 1), Width: 30, Height: 20}
	if m := draw(t, v, s); m.Opaque || m.NRGBAAt(9, 9).A != 0 {
		t.Error("something was drawn")
	}
}

func TestAViewOfAllTheWorldAsksOnlyForTilesThatMayBeThere(t *testing.T) {
	m := store(t, encoded(t, 512, 512))
	s, err := NewTiles(t.Context(), m, "small@1", NewCache(1<<24))
	if err != nil {
		t.Fatal(err)
	}
	for _, west := range []float64{-180, 180, -900} {
		p := draw(t, View{Projection: crs(t, "CRS:84"), Bound: box(west, -80, west+360, 80), Width: 360, Height: 160}, s)
		for c := range 360 {
			want := c >= 90 && c < 180
			if got := p.NRGBAAt(c, 150).A != 0; got != want {
				t.Fatalf("from %g: column %d drawn %v", west, c, got)
			}
		}
	}
	if got := m.reads.Load(); got != 3 {
		t.Errorf("%d reads, want 3", got)
	}
	if r, any := s.Extent(2); any {
		t.Errorf("level 2 may hold %v", r)
	}
}
