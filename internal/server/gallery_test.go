package server

import (
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/internal/ingest"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/tiff"
	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// Heights returns a stored grid of heights, as cmd/terrane's catalogue does.
func (l lent) Heights(ctx context.Context, c tilegrid.Coord) ([]byte, error) {
	h, ok := l.Reader.(tilestore.Heights)
	if !ok {
		return nil, tilestore.ErrNotFound
	}
	return h.Heights(ctx, c)
}

// projections are PROJ's reference systems, joined to the server as cmd/terrane does.
type projections struct{ *raster.Registry }

func (p projections) CRS(code string) (imagery.CRS, error) {
	if c, err := imagery.Builtin().CRS(code); err == nil {
		return c, nil
	}
	c, err := p.Registry.CRS(code)
	if err != nil {
		return imagery.CRS{}, imagery.ErrCRS
	}
	return imagery.CRS{Code: c.Code, Title: c.Title, NorthFirst: c.NorthFirst, MetresPerUnit: c.MetresPerUnit, Area: c.Area, Projection: c}, nil
}

// tint is a picture whose colours tell the place: red grows from 20 in the west to 220 in the east, green from the south to the north, blue is a mark.
type tint struct {
	bound orb.Bound
	mark  uint8
}

// germany lies in both grids, and in the areas of EPSG:3035 and EPSG:31467.
var germany = tint{box(4, 44, 16, 54), 100}

var world = tint{box(-180, -90, 180, 90), 200}

func box(w, s, e, n float64) orb.Bound {
	return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}}
}

func (k tint) colour(p orb.Point) color.NRGBA {
	share := func(axis int) uint8 {
		return uint8(math.Round(20 + 200*(p[axis]-k.bound.Min[axis])/(k.bound.Max[axis]-k.bound.Min[axis])))
	}
	return color.NRGBA{share(0), share(1), k.mark, 255}
}

// near tells whether a colour is that of a place, to a rounding at ingest, one in resampling, and a little of the gradient's bending.
func (k tint) near(got color.NRGBA, p orb.Point) bool {
	want := k.colour(p)
	d := func(a, b uint8) bool { return math.Abs(float64(a)-float64(b)) <= 3 }
	return d(got.R, want.R) && d(got.G, want.G) && d(got.B, want.B) && got.A == 255
}

// write makes a GeoTIFF of the tint in degrees, opaque but for a square hole in the middle, half a side wide, if it is asked for.
func (k tint) write(t testing.TB, side int, holed bool) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	width, height := k.bound.Max[0]-k.bound.Min[0], k.bound.Max[1]-k.bound.Min[1]
	for y := range side {
		for x := range side {
			if holed && min(x, y) >= side/4 && max(x, y) < side*3/4 {
				continue
			}
			m.SetNRGBA(x, y, k.colour(orb.Point{
				k.bound.Min[0] + (float64(x)+0.5)*width/float64(side), k.bound.Max[1] - (float64(y)+0.5)*height/float64(side),
			}))
		}
	}
	file, err := picture.AppendGeoTIFF(nil, picture.Picture{NRGBA: m, Opaque: !holed}, picture.GeoTag{
		EPSG: 4326, Geographic: true, West: k.bound.Min[0], North: k.bound.Max[1], PixelWidth: width / float64(side), PixelHeight: height / float64(side),
	})
	if err != nil {
		t.Fatal(err)
	}
	return keep(t, file)
}

func keep(t testing.TB, file []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "source.tif")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// publishPicture ingests pictures as the next version of a dataset.
func publishPicture(t testing.TB, dir, name string, o tiler.Options) {
	t.Helper()
	job, err := tiler.Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	w, err := mbtiles.Create(t.Context(), dir, name, mbtiles.Options{Work: job.Work, Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := job.Run(t.Context(), w, 1, func(tiler.Progress) {}); err != nil {
		t.Fatal(err)
	}
}

// slope is the height of the terrain "slope" at a place in 10..11 E, 47..48 N.
func slope(p orb.Point) float64 { return 500 + 1000*(p[0]-10) + 300*(p[1]-47) }

// publishSlope ingests terrain.
func publishSlope(t testing.TB, dir, name string) {
	t.Helper()
	const posts, step = 51, 0.02
	at := tiff.HeaderSize + posts*posts*4
	file := tiff.AppendHeader(nil, at)
	for y := range posts {
		for x := range posts {
			h := slope(orb.Point{10 + float64(x)*step, 48 - float64(y)*step})
			file = binary.LittleEndian.AppendUint32(file, math.Float32bits(float32(h)))
		}
	}
	d := new(tiff.Directory)
	d.Longs(tiff.Width, posts)
	d.Longs(tiff.Length, posts)
	d.Shorts(tiff.BitsPerSample, 32)
	d.Shorts(tiff.Compression, 1)
	d.Shorts(tiff.Photometric, 1)
	d.Longs(tiff.StripOffsets, tiff.HeaderSize)
	d.Shorts(tiff.SamplesPerPixel, 1)
	d.Longs(tiff.RowsPerStrip, posts)
	d.Longs(tiff.StripByteCounts, posts*posts*4)
	d.Shorts(tiff.SampleFormat, 3)
	d.Place(tiff.GeoTag{EPSG: 4326, Geographic: true, West: 10 - step/2, North: 48 + step/2, PixelWidth: step, PixelHeight: step})
	job, err := ingest.Prepare(t.Context(), ingest.Options{Sources: []string{keep(t, d.Append(file, at))}, Leaf: -1, Vertical: "ellipsoid"})
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	w, err := mbtiles.Create(t.Context(), dir, name, mbtiles.Options{Work: job.Work})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := job.Run(t.Context(), w, 1, func(ingest.Progress) {}); err != nil {
		t.Fatal(err)
	}
}

// publishMark publishes germany, whole and in Mercator, as a version with another mark.
func publishMark(t testing.TB, dir, name string, mark uint8) {
	t.Helper()
	k := tint{germany.bound, mark}
	publishPicture(t, dir, name, tiler.Options{Sources: []string{k.write(t, 512, false)}, Grid: tilegrid.Mercator, Max: 5, Format: tiler.PNG, Attribution: "© Survey & <Sons>"})
}

// newGallery serves a folder of real stores. All but world and slope lie in germany's bound:
//
//	mercator  Mercator, PNG, levels 0-5
//	plate     geographic, PNG, levels 0-4
//	photo     Mercator, JPEG, levels 2-5
//	holed     Mercator, PNG, levels 0-10, a hole in the middle; its only pixels are a small ring of 9..11 E, 48..50 N
//	world     the globe, geographic, PNG, levels 0-1
//	slope     terrain, a plane that rises to the east
func newGallery(t testing.TB, o Options) (s *Server, dir string) {
	t.Helper()
	gallery.Do(func() { hang(t, galleryFolder) })
	dir = t.TempDir()
	files, err := filepath.Glob(filepath.Join(galleryFolder, "*.mbtiles"))
	if err != nil || len(files) != 6 {
		t.Fatalf("%d files in the gallery, %v", len(files), err)
	}
	for _, f := range files {
		if err := os.Link(f, filepath.Join(dir, filepath.Base(f))); err != nil {
			t.Fatal(err)
		}
	}
	o.Registry = projections{raster.NewRegistry()}
	return New(openFolder(t, dir), o), dir
}

// The gallery's files are made once for all tests, in a folder that TestMain makes and removes.
var (
	gallery       sync.Once
	galleryFolder string
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if galleryFolder, err = os.MkdirTemp("", "terrane-gallery-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(galleryFolder)
	return m.Run()
}

// hang ingests the gallery.
func hang(t testing.TB, dir string) {
	t.Helper()
	whole := germany.write(t, 512, false)
	ring := tint{box(9, 48, 11, 50), 100}
	publishMark(t, dir, "mercator", germany.mark)
	publishPicture(t, dir, "plate", tiler.Options{Sources: []string{whole}, Grid: tilegrid.Geodetic, Max: 4, Format: tiler.PNG})
	publishPicture(t, dir, "photo", tiler.Options{Sources: []string{whole}, Grid: tilegrid.Mercator, Min: 2, Max: 5, Format: tiler.JPEG})
	publishPicture(t, dir, "holed", tiler.Options{Sources: []string{ring.write(t, 256, true)}, Grid: tilegrid.Mercator, Max: 10, Format: tiler.PNG})
	publishPicture(t, dir, "world", tiler.Options{Sources: []string{world.write(t, 512, false)}, Grid: tilegrid.Geodetic, Max: 1, Format: tiler.PNG})
	publishSlope(t, dir, "slope")
}

// pictureOf decodes an answer, which must be a 200 of this media type, and whose body must be of that type too.
func pictureOf(t testing.TB, r *http.Response, mime string) picture.Picture {
	t.Helper()
	b := bodyOf(t, r)
	if r.StatusCode != 200 || r.Header.Get("Content-Type") != mime {
		t.Fatalf("%d %s, want %s: %.300s", r.StatusCode, r.Header.Get("Content-Type"), mime, b)
	}
	if got := http.DetectContentType(b); got != mime && mime != "image/tiff" && mime != "image/png; mode=8bit" {
		t.Fatalf("the body is %s, the header says %s", got, mime)
	}
	p, err := picture.Decode(b, 1<<26)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// opacity counts the pixels that are wholly opaque, and those that are wholly transparent.
func opacity(p picture.Picture) (opaque, clear int) {
	for i := 3; i < len(p.Pix); i += 4 {
		switch p.Pix[i] {
		case 255:
			opaque++
		case 0:
			clear++
		}
	}
	return opaque, clear
}

// eventually asks until ok says yes.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within five seconds", what)
		}
	}
}
