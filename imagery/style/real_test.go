//go:build !serveonly

package style

import (
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/demo"
	"github.com/terrane/terrane/internal/ingest"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// sharedFile returns a file of the real test data, or skips the test where the data is absent.
func sharedFile(t testing.TB, name string) string {
	t.Helper()
	folder := os.Getenv("TERRANE_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared")
	}
	path, err := filepath.Abs(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no real data: %s is absent; set TERRANE_SHARED", name)
	}
	return path
}

// ingested returns the ground of real files, made into a dataset of their own depth.
func ingested(t testing.TB, paths ...string) *Ground {
	t.Helper()
	ctx := context.Background()
	job, err := ingest.Prepare(ctx, ingest.Options{Sources: paths, Leaf: -1, Vertical: "ellipsoid", Raster: raster.Options{CacheBytes: 64 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	store, err := mbtiles.Create(ctx, t.TempDir(), "real", mbtiles.Options{Work: job.Work})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := job.Run(ctx, store, 2, func(ingest.Progress) {}); err != nil {
		t.Fatal(err)
	}
	reader, err := mbtiles.Open(ctx, store.Path())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	ground, err := NewGround(reader, NewCache(256<<20), nil)
	if err != nil {
		t.Fatal(err)
	}
	return ground
}

func island(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "island.tif")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := demo.Make().WriteTIFF(f); err != nil {
		t.Fatal(err)
	}
	return path
}

// mosaic joins the pictures of a range of tiles.
func mosaic(t testing.TB, g *Ground, s Style, r tilegrid.Range) *image.NRGBA {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, int(r.MaxX-r.MinX+1)*side, int(r.MaxY-r.MinY+1)*side))
	for c := range r.All() {
		p, err := g.Source(s).Image(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if p.NRGBA != nil {
			at := image.Pt(int(c.X-r.MinX)*side, int(r.MaxY-c.Y)*side)
			draw.Draw(m, image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))}, p, image.Point{}, draw.Src)
		}
	}
	return m
}

// TestPicturesToLookAt writes pictures of real ground in every style to the folder that TERRANE_PICTURES names.
func TestPicturesToLookAt(t *testing.T) {
	folder := os.Getenv("TERRANE_PICTURES")
	if folder == "" {
		t.Skip("set TERRANE_PICTURES to a folder to get pictures of every style")
	}
	for name, path := range map[string]string{
		"pyrenees": sharedFile(t, "data/dem/N42E001.hgt.zip"), "tujunga": sharedFile(t, "data/dem/bigtujunga_utm11n_30m_int16.tif"),
		"earth": sharedFile(t, "data/dem/etopo20_global_20arcmin.tif"), "island": island(t),
	} {
		g := ingested(t, path)
		b := g.info.Bound
		middle := orb.Point{(b.Min[0] + b.Max[0]) / 2, (b.Min[1] + b.Max[1]) / 2}
		native := g.info.Levels[1] - deeper
		for _, s := range Styles() {
			for _, z := range []uint8{native - min(native, 1), native, native + 2} {
				r := tilegrid.Geodetic.Cover(b, z)
				if z >= native {
					c := tilegrid.Geodetic.At(middle, z)
					r = tilegrid.Range{Z: z, MinX: c.X - 1, MinY: c.Y - 1, MaxX: c.X + 1, MaxY: c.Y + 1}
				}
				write(t, filepath.Join(folder, fmt.Sprintf("%s-%s-%d.png", name, s.Name, z)), mosaic(t, g, s, r))
			}
			write(t, filepath.Join(folder, "legend-"+s.Name+".png"), Legend(s, 0, 0).NRGBA)
		}
	}
}

func write(t *testing.T, path string, m image.Image) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, m); err != nil {
		t.Fatal(err)
	}
}
