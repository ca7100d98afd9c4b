package raster

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/lukeroth/gdal"
	"pgregory.net/rapid"
)

// wholeBand is one, read without the code under test.
type wholeBand struct {
	cols, rows int
	transform  [6]float64
	pixels     []float64
	void       func(float64) bool
}

func readPicture(t testing.TB, s *Stack, file int) wholeBand {
	t.Helper()
	d := s.dems[file]
	ds, err := gdal.Open(d.gdal, gdal.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	p := wholeBand{cols: d.Cols, rows: d.Rows, transform: ds.GeoTransform(), pixels: make([]float64, d.Cols*d.Rows)}
	if err := ds.RasterBand(1).IO(gdal.Read, 0, 0, p.cols, p.rows, p.pixels, p.cols, p.rows, 0, 0); err != nil {
		t.Fatal(err)
	}
	nodata, has := ds.RasterBand(1).NoDataValue()
	p.void = func(v float64) bool { return v != v || has && v == nodata }
	return p
}

// at interpolates at a position in the file's own coordinates, by the book: weights of the valid of four pixels, clamped at
// the rim.
func (p wholeBand) at(x, y float64) float64 {
	t := p.transform
	det := t[1]*t[5] - t[2]*t[4]
	u := (t[5]*(x-t[0]) - t[2]*(y-t[3])) / det
	v := (t[1]*(y-t[3]) - t[4]*(x-t[0])) / det
	if !(u >= 0 && v >= 0 && u <= float64(p.cols) && v <= float64(p.rows)) {
		return math.NaN()
	}
	sum, total, nearest, best := 0.0, 0.0, math.NaN(), -1.0
	for _, r := range []float64{math.Floor(v - 0.5), math.Floor(v-0.5) + 1} {
		for _, c := range []float64{math.Floor(u - 0.5), math.Floor(u-0.5) + 1} {
			w := (1 - math.Abs(u-0.5-c)) * (1 - math.Abs(v-0.5-r))
			c, r := max(0, min(float64(p.cols-1), c)), max(0, min(float64(p.rows-1), r))
			h := p.pixels[int(r)*p.cols+int(c)]
			if w > best {
				best, nearest = w, h
			}
			if !p.void(h) {
				sum, total = sum+w*h, total+w
			}
		}
	}
	if p.void(nearest) {
		return math.NaN()
	}
	return sum / total
}

// gradient is the largest step between neighbours around a position: what an error of a pixel may cost.
func (p wholeBand) gradient(x, y float64) float64 {
	px := math.Hypot(p.transform[1], p.transform[4])
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, dx := range []float64{-1, 0, 1} {
		for _, dy := range []float64{-1, 0, 1} {
			if h := p.at(x+dx*px, y+dy*px); h == h {
				lo, hi = min(lo, h), max(hi, h)
			}
		}
	}
	return hi - lo
}

// windowAt is a window whose middle is near a position.
func windowAt(level uint8, lon, lat float64, cols, rows int) Lattice {
	l := Lattice{Level: level, Cols: cols, Rows: rows}
	l.MinI = int64((lon+180)/l.Step()) - int64(cols/2)
	l.MinJ = int64((lat+90)/l.Step()) - int64(rows/2)
	return l
}

// gdalPositions transforms a window's posts with GDAL's own command.
func gdalPositions(t *testing.T, l Lattice, srs string) [][2]float64 {
	t.Helper()
	var in strings.Builder
	for r := range l.Rows {
		for c := range l.Cols {
			p := l.Post(l.MinI+int64(c), l.MinJ+int64(l.Rows-1-r))
			fmt.Fprintf(&in, "%.12f %.12f\n", p[0], p[1])
		}
	}
	cmd := exec.Command("gdaltransform", "-s_srs", "EPSG:4326", "-t_srs", srs, "-output_xy")
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("gdaltransform: %v", err)
	}
	var xy [][2]float64
	for _, line := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		var p [2]float64
		if string(line) == "transformation failed." {
			p[0] = math.NaN()
		} else if _, err := fmt.Sscan(string(line), &p[0], &p[1]); err != nil {
			t.Fatalf("gdaltransform said %q: %v", line, err)
		}
		xy = append(xy, p)
	}
	return xy
}

func TestHeightsOfRealFilesLandOnTheRightPixel(t *testing.T) {
	for _, c := range []struct {
		file, srs string
		level     uint8
		lon, lat  float64
		opt       Options
	}{
		{"N42E001.hgt.zip", "EPSG:4326", 11, 1.5, 42.5, Options{}},
		{"N41E001.hgt.zip", "EPSG:4326", 12, 1.9999, 41.01, Options{}},
		{"N48W125.hgt.zip", "EPSG:4326", 13, -124.5, 48.5, Options{}},
		{"n43.dt0", "EPSG:4326", 9, -79.5, 43.5, Options{}},
		{"etopo20_global_20arcmin.tif", "EPSG:4326", 4, 10, 40, Options{}},
		{"frontrange_srtm3.asc", "EPSG:4326", 12, -105.45, 40.15, Options{SrcCRS: "EPSG:4326"}},
		{"pyrenees_crop_epsg4326+5773.tif", "EPSG:4326", 12, 1.5, 42.6, Options{}},
		{"bigtujunga_utm11n_30m_int16.tif", "EPSG:32611", 13, -118.15, 34.32, Options{}},
		{"slovenia_lidar_dtm_1m_epsg3794_nan.tif", "EPSG:3794", 18, 15.84, 46.455, Options{}},
		{"nrw_dsm_1m_epsg25832+7837.tif", "EPSG:25832", 18, 6.9358, 51.4285, Options{}},
	} {
		t.Run(c.file, func(t *testing.T) {
			s := open(t, c.opt, shared(t, "dem", c.file))
			p := readPicture(t, s, 0)
			l := windowAt(c.level, c.lon, c.lat, 150, 131)
			got := heights(t, s, l)
			valid := 0
			for i, xy := range gdalPositions(t, l, c.srs) {
				want := p.at(xy[0], xy[1])
				if (want != want) != (got[i] != got[i]) {
					if near := p.at(xy[0]+p.transform[1]*1e-3, xy[1]); (near != near) == (want != want) {
						t.Errorf("post %d: %g, want %g", i, got[i], want)
					}
					continue
				}
				if want != want {
					continue
				}
				valid++
				if d := math.Abs(float64(got[i]) - want); d > 0.05*p.gradient(xy[0], xy[1])+1e-3 {
					t.Fatalf("post %d at %v: %g, want %g: more than 0.05 pixel off", i, xy, got[i], want)
				}
			}
			if valid < 1000 {
				t.Errorf("only %d posts have data", valid)
			}
		})
	}
}

func TestHeightsDoNotDependOnTheWindow(t *testing.T) {
	for _, c := range []struct {
		files    []string
		level    uint8
		lon, lat float64
	}{
		{[]string{"N41E001.hgt.zip", "N42E001.hgt.zip"}, 11, 1.2, 42},
		{[]string{"bigtujunga_utm11n_30m_int16.tif"}, 13, -118.1, 34.3},
		{[]string{"slovenia_lidar_dtm_1m_epsg3794_nan.tif"}, 18, 15.84, 46.455},
		{[]string{"etopo1_1deg_gridline.tif"}, 2, 180, 80},
		{[]string{"etopo20_global_20arcmin.tif"}, 4, -180, 0},
		{[]string{"pyrenees_crop_epsg4326+5773.tif", "N42E001.hgt.zip"}, 11, 1.5, 42.5},
	} {
		t.Run(strings.Join(c.files, " "), func(t *testing.T) {
			var paths []string
			for _, f := range c.files {
				paths = append(paths, shared(t, "dem", f))
			}
			s := open(t, Options{}, paths...)
			whole := windowAt(c.level, c.lon, c.lat, 300, 300)
			all := heights(t, s, whole)
			rapid.Check(t, func(r *rapid.T) {
				w := Lattice{Level: c.level, Cols: rapid.IntRange(1, 90).Draw(r, "cols"), Rows: rapid.IntRange(1, 90).Draw(r, "rows")}
				x, y := rapid.IntRange(0, 300-w.Cols).Draw(r, "x"), rapid.IntRange(0, 300-w.Rows).Draw(r, "y")
				turn := int64(rapid.IntRange(-1, 1).Draw(r, "turn"))
				w.MinI = whole.MinI + int64(x) + turn*int64(128)<<c.level
				w.MinJ = whole.MinJ + int64(300-w.Rows-y)
				got := heights(t, s, w)
				for i, h := range got {
					want := all[(y+i/w.Cols)*300+x+i%w.Cols]
					if math.Float32bits(h) != math.Float32bits(want) && (h == h || want == want) {
						r.Fatalf("%+v: post %d is %g, in the large window %g", w, i, h, want)
					}
				}
			})
		})
	}
}

func TestHeightsFromManyGoroutinesAgree(t *testing.T) {
	s := open(t, Options{Handles: 2, OpenFiles: 2}, shared(t, "dem", "N41E001.hgt.zip"), shared(t, "dem", "N42E001.hgt.zip"),
		shared(t, "dem", "bigtujunga_utm11n_30m_int16.tif"))
	w := windowAt(11, 1.5, 42, 200, 200)
	want := heights(t, s, w)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			got := make([]float32, len(want))
			if err := s.Heights(context.Background(), w, got); err != nil {
				t.Error(err)
			}
			for i := range got {
				if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
					t.Errorf("post %d: %g, want %g", i, got[i], want[i])
					return
				}
			}
		})
	}
	wait.Wait()
}
