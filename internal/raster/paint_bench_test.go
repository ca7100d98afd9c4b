package raster

import (
	"context"
	"fmt"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lukeroth/gdal"

	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
)

// photo writes an RGB GeoTIFF of 4096 x 4096 pixels in degrees, north of 45, busy like a photograph; a pixel is one of level 9 of the Mercator grid.
func photo(b *testing.B, options ...string) string {
	b.Helper()
	setup(0)
	driver, err := gdal.GetDriverByName("GTiff")
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "photo.tif")
	const n = 4096
	ds := driver.Create(path, n, n, 3, gdal.Byte, append(options, "INTERLEAVE=PIXEL"))
	defer ds.Close()
	step := 360.0 / (256 << 9)
	made{transform: degrees(8, 52, step), epsg: 4326}.describe(b, ds)
	line := make([]uint8, n*64)
	for band := range 3 {
		for r := 0; r < n; r += 64 {
			for i := range line {
				c, y := float64(i%n), float64(r+i/n)
				line[i] = uint8(128 + 60*math.Sin(c/9+float64(band))*math.Cos(y/7) + 40*math.Sin(c*y/5000) + float64((i*2654435761>>7)%16))
			}
			if err := ds.RasterBand(band+1).IO(gdal.Write, 0, r, n, 64, line, n, 64, 0, 0); err != nil {
				b.Fatal(err)
			}
		}
	}
	return path
}

// cpu returns the processor time used by this process so far, or by its children.
func cpu(who int) time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(who, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPaint paints 2048 x 2048 pixels, 64 tiles, out of a file in degrees. Reading and decoding is part of it: GDAL keeps no block from one to the next.
func BenchmarkPaint(b *testing.B) {
	for _, c := range []struct {
		name    string
		options []string
		kernel  resample.Kernel
	}{
		{"plain strips", nil, "bilinear"},
		{"LZW tiles", []string{"TILED=YES", "COMPRESS=LZW", "PREDICTOR=2"}, "bilinear"},
		{"JPEG tiles", []string{"TILED=YES", "COMPRESS=JPEG", "PHOTOMETRIC=YCBCR"}, "bilinear"},
		{"plain strips, cubic", nil, "cubic"},
	} {
		b.Run(c.name, func(b *testing.B) {
			path := photo(b, c.options...)
			p := openPicturesOf(b, PictureOptions{Resampling: c.kernel}, path)
			w := over(p.Files()[0], tilegrid.Mercator, 9, image.Pt(2048, 2048))
			dst := image.NewNRGBA(w.Rect)
			b.ReportAllocs()
			before := cpu(syscall.RUSAGE_SELF)
			for b.Loop() {
				b.StopTimer()
				p.pool.mu.Lock()
				for p.pool.evict() {
				}
				p.pool.mu.Unlock()
				b.StartTimer()
				if _, err := p.Paint(context.Background(), w, dst); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu(syscall.RUSAGE_SELF)-before).Microseconds())/1000/float64(b.N)/64, "cpu-ms/tile")
			if c.kernel == "bilinear" {
				b.ReportMetric(float64(gdalwarpCPU(b, w, path).Microseconds())/1000/64, "gdalwarp-cpu-ms/tile")
			}
		})
	}
}

// gdalwarpCPU is what gdalwarp uses for the same window, its start and the writing of an uncompressed file included.
func gdalwarpCPU(b *testing.B, w Window, path string) time.Duration {
	program, err := exec.LookPath("gdalwarp")
	if err != nil {
		return 0
	}
	const half = math.Pi * metresPerRadian
	cols, _ := w.size()
	unit := 2 * half / cols
	at := func(v float64) string { return fmt.Sprintf("%.9f", v) }
	cmd := exec.Command(program, "-q", "-r", "bilinear", "-t_srs", "EPSG:3857", "-te", at(float64(w.Rect.Min.X)*unit-half), at(half-float64(w.Rect.Max.Y)*unit),
		at(float64(w.Rect.Max.X)*unit-half), at(half-float64(w.Rect.Min.Y)*unit), "-ts", "2048", "2048", path, filepath.Join(b.TempDir(), "out.tif"))
	cmd.Env = append(os.Environ(), "GDAL_PAM_ENABLED=NO")
	before := cpu(syscall.RUSAGE_CHILDREN)
	if said, err := cmd.CombinedOutput(); err != nil {
		b.Logf("gdalwarp: %v: %s", err, said)
	}
	return cpu(syscall.RUSAGE_CHILDREN) - before
}
