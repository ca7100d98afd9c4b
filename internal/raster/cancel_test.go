package raster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lukeroth/gdal"
)

// promptly runs f, cancels it shortly after, and holds that it ends within a second with the context's error.
func promptly(t *testing.T, f func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked time.Time
	timer := time.AfterFunc(200*time.Millisecond, func() {
		asked = time.Now()
		cancel()
	})
	defer timer.Stop()
	err := f(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want %v", err, context.Canceled)
	}
	if late := time.Since(asked); late > time.Second {
		t.Errorf("ended %v after it was cancelled", late)
	}
}

func TestCancelEndsTheSearchThroughAVoidRaster(t *testing.T) {
	const n = 100_000
	path := filepath.Join(t.TempDir(), "void.bil")
	header := fmt.Sprintf("NROWS %d\nNCOLS %d\nNBANDS 1\nNBITS 8\nBYTEORDER I\nLAYOUT BIL\nULXMAP 10\nULYMAP 47\nXDIM 0.0001\nYDIM 0.0001\nNODATA 0\n", n, n)
	if err := errors.Join(os.WriteFile(path, nil, 0o666), os.Truncate(path, n*n), os.WriteFile(path[:len(path)-4]+".hdr", []byte(header), 0o666)); err != nil {
		t.Skip(err) // no sparse files of this size
	}
	promptly(t, func(ctx context.Context) error {
		s, err := OpenStack(ctx, []string{path}, Options{SrcCRS: "EPSG:4326"})
		if err == nil {
			s.Close()
		}
		return err
	})
}

func TestCancelEndsAThinnedRead(t *testing.T) {
	path := made{cols: 300_000, rows: 150_000, kind: gdal.Byte, transform: degrees(-180, 90, 0.0012), epsg: 4326,
		options: []string{"TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "SPARSE_OK=TRUE", "BIGTIFF=YES"}}.write(t)
	s := open(t, Options{}, path)
	l := Lattice{Level: 3, Cols: 1024, Rows: 512}
	promptly(t, func(ctx context.Context) error { return s.Heights(ctx, l, make([]float32, l.Cols*l.Rows)) })
}

func TestThinnedPixelsAreThoseOfOneRead(t *testing.T) {
	for name, options := range map[string][]string{"strips": nil, "tiles": {"TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=256"}} {
		t.Run(name, func(t *testing.T) {
			const n, step = 6144, 4
			path := made{cols: n, rows: n, kind: gdal.Float32, transform: degrees(10, 47, 0.0001), epsg: 4326, options: options,
				pixel: func(c, r int) float64 { return float64((c*31 + r*17) % 8000) }}.write(t)
			s := open(t, Options{}, path)
			b, err := s.readBlock(t.Context(), s.layers[0], window{0, 0, n / step, n / step}, step, &scratch{})
			if err != nil {
				t.Fatal(err)
			}
			for i, h := range b.heights {
				c, r := i%(n/step)*step+step/2, i/(n/step)*step+step/2
				if want := float32((c*31 + r*17) % 8000); h != want {
					t.Fatalf("cell %d: %g, want %g of pixel %d, %d", i, h, want, c, r)
				}
			}
		})
	}
}

func TestCutsCoverEveryCellOnce(t *testing.T) {
	for _, a := range []axis{{0, 6144, 1536, 256}, {100, 4096, 512, 128}, {0, 1000, 512, 7}, {5, 30, 30, 512}, {0, 1 << 30, 512, 1 << 30}, {3, 9, 1, 1}} {
		for _, reach := range []int{1, 100, 1 << 20} {
			pixels := 0
			for c := 0; c < a.cells; {
				s := cut(c, a, reach)
				if s.to != c || s.cells < 1 || s.from != a.from+pixels || c+s.cells > a.cells {
					t.Fatalf("%+v by %d at cell %d: %+v", a, reach, c, s)
				}
				c, pixels = c+s.cells, pixels+s.pixels
			}
			if pixels != a.pixels {
				t.Errorf("%+v by %d: %d pixels, want %d", a, reach, pixels, a.pixels)
			}
		}
	}
}
