package raster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"
)

func TestNeighbouringFilesAreOneMosaic(t *testing.T) {
	s := open(t, Options{}, shared(t, "dem", "N41E001.hgt.zip"), shared(t, "dem", "N42E001.hgt.zip"))
	if n := len(s.Layers()); n != 1 {
		t.Fatalf("%d layers, want 1", n)
	}
	l := windowAt(11, 1.3, 42, 40, 40)
	south, north := readPicture(t, s, 0), readPicture(t, s, 1)
	for i, h := range heights(t, s, l) {
		p := l.Post(l.MinI+int64(i%l.Cols), l.MinJ+int64(l.Rows-1-i/l.Cols))
		pic := south
		if p[1] > 42 {
			pic = north
		}
		if want := pic.at(p[0], p[1]); !(math.Abs(float64(h)-want) < 0.01) {
			t.Errorf("at %v: %g, want %g", p, h, want)
		}
	}
}

// quarters writes a plane as n x n adjacent files.
func quarters(t *testing.T, n int, west float64) []string {
	var paths []string
	dir := t.TempDir()
	for i := range n * n {
		x := west + float64(i%n)*0.2
		if x >= 180 {
			x -= 360
		}
		m := made{cols: 20, rows: 20, kind: gdal.Float32, transform: degrees(x, 47-float64(i/n)*0.2, 0.01), epsg: 4326,
			file: filepath.Join(dir, fmt.Sprint(i, ".tif"))}
		m.pixel = func(c, r int) float64 {
			lon, lat := apply(m.transform, float64(c)+0.5, float64(r)+0.5)
			if lon < 0 {
				lon += 360
			}
			return plane(lon, lat) / 10
		}
		paths = append(paths, m.write(t))
	}
	return paths
}

func TestBilinearRunsAcrossFileBordersEverywhere(t *testing.T) {
	for name, west := range map[string]float64{"inland": 10, "across the antimeridian": 179.6} {
		t.Run(name, func(t *testing.T) {
			s := open(t, Options{Handles: 1, OpenFiles: 3}, quarters(t, 4, west)...)
			if n := len(s.Layers()); n != 1 {
				t.Fatalf("%d layers, want 1", n)
			}
			l := windowAt(12, west+0.4, 46.6, 100, 100)
			for i, h := range heights(t, s, l) {
				p := l.Post(l.MinI+int64(i%l.Cols), l.MinJ+int64(l.Rows-1-i/l.Cols))
				if p[0] < 0 {
					p[0] += 360
				}
				if p[0] < west+0.005 || p[0] > west+0.795 || p[1] > 46.995 || p[1] < 46.205 {
					continue
				}
				if want := plane(p[0], p[1]) / 10; !(math.Abs(float64(h)-want) < 0.01) {
					t.Fatalf("at %v: %g, want %g", p, h, want)
				}
			}
			if s.pool.all > 3 {
				t.Errorf("%d handles are open, want at most 3", s.pool.all)
			}
		})
	}
}

func TestLayersAreStackedAsTold(t *testing.T) {
	flat := func(h float64, step float64) string {
		n := int(1 / step)
		return made{cols: n, rows: n, kind: gdal.Float32, transform: degrees(10, 47, step), epsg: 4326, pixel: func(c, r int) float64 {
			if c < n/2 && h == 1 {
				return math.NaN()
			}
			return h
		}}.write(t)
	}
	fine, coarse := flat(1, 0.01), flat(2, 0.02)
	for _, c := range []struct {
		priority    Priority
		paths       []string
		left, right float32
	}{
		{Finest, []string{coarse, fine}, 2, 1},
		{"", []string{fine, coarse}, 2, 1},
		{First, []string{coarse, fine}, 2, 2},
		{Last, []string{coarse, fine}, 2, 1},
		{Last, []string{fine, coarse}, 2, 2},
	} {
		got := heights(t, open(t, Options{Priority: c.priority}, c.paths...), windowAt(8, 10.5, 46.5, 60, 1))
		if got[5] != c.left || got[55] != c.right {
			t.Errorf("%s: left %g right %g, want %g and %g", c.priority, got[5], got[55], c.left, c.right)
		}
	}
}

func TestCoarseWindowsAreThinnedOutAndRight(t *testing.T) {
	for file, level := range map[string]uint8{"N42E001.hgt.zip": 11, "bigtujunga_utm11n_30m_int16.tif": 13} {
		t.Run(file, func(t *testing.T) {
			s := open(t, Options{}, shared(t, "dem", file))
			c := s.Bounds()[0].Center()
			fine := windowAt(level, c[0], c[1], 129, 129)
			coarse := Lattice{Level: level - 3, MinI: fine.MinI>>3 + 2, MinJ: fine.MinJ>>3 + 2, Cols: 12, Rows: 12}
			if l := s.layers[0]; l.thinning(coarse.Step()) < 4 || l.thinning(fine.Step()) != 1 {
				t.Fatalf("thinning %d and %d", l.thinning(coarse.Step()), l.thinning(fine.Step()))
			}
			all, got := heights(t, s, fine), heights(t, s, coarse)
			sum, n := 0.0, 0
			for r := range 12 {
				for c := range 12 {
					i, j := (coarse.MinI+int64(c))<<3-fine.MinI, (coarse.MinJ+int64(11-r))<<3-fine.MinJ
					want := all[(128-int(j))*129+int(i)]
					if d := float64(got[r*12+c] - want); d == d {
						sum, n = sum+d, n+1
					}
				}
			}
			if n < 100 || math.Abs(sum/float64(n)) > 40 {
				t.Errorf("%d posts, mean difference %g m", n, sum/float64(n))
			}
		})
	}
}

func TestThinnedCellsDependOnTheCellOnly(t *testing.T) {
	s := open(t, Options{}, quarters(t, 3, 10)...)
	l := s.layers[0]
	for _, step := range []int{2, 8, 16} {
		whole, err := s.readBlock(context.Background(), l, window{-1, -1, 62/step + 3, 62/step + 3}, step, &scratch{})
		if err != nil {
			t.Fatal(err)
		}
		for c := range whole.cols {
			for r := range whole.rows {
				one, err := s.readBlock(context.Background(), l, window{whole.col + c, whole.row + r, 1, 1}, step, &scratch{})
				if err != nil {
					t.Fatal(err)
				}
				if a, b := one.heights[0], whole.heights[r*whole.cols+c]; a != b && (a == a || b == b) {
					t.Errorf("step %d cell %d,%d: %g alone, %g in a block", step, whole.col+c, whole.row+r, a, b)
				}
			}
		}
	}
}

func TestBoundsOfAwkwardGround(t *testing.T) {
	for name, c := range map[string]struct {
		epsg      int
		transform [6]float64
		want      orb.Bound
	}{
		"UTM 60 across the antimeridian": {32660, [6]float64{570585, 930, 0, 5847615, 0, -930}, orb.Bound{Min: orb.Point{178.0, 50.6}, Max: orb.Point{181.6, 52.8}}},
		"the north pole, stereographic":  {3413, [6]float64{-1e6, 8000, 0, 1e6, 0, -8000}, orb.Bound{Min: orb.Point{-180, 77}, Max: orb.Point{180, 90}}},
		"the south pole, stereographic":  {3031, [6]float64{-1e6, 8000, 0, 1e6, 0, -8000}, orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, -77}}},
		"the world in Mercator":          {3857, [6]float64{-20037508.342789244, 160300.06674231396, 0, 20037508.342789244, 0, -160300.06674231396}, orb.Bound{Min: orb.Point{-180, -85.05}, Max: orb.Point{180, 85.05}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, Options{}, made{cols: 250, rows: 250, kind: gdal.Float32, transform: c.transform, epsg: c.epsg, pixel: wavy}.write(t))
			b := s.Bounds()[0]
			for i := range 2 {
				if math.Abs(b.Min[i]-c.want.Min[i]) > 0.6 || math.Abs(b.Max[i]-c.want.Max[i]) > 0.6 {
					t.Fatalf("bound %v, want about %v", b, c.want)
				}
			}
		})
	}
}

func TestProjectedGroundIsWholeAroundPolesAndTheAntimeridian(t *testing.T) {
	for name, c := range map[string]struct {
		made
		at orb.Point
	}{
		"UTM 60 at 180 degrees":       {made{epsg: 32660, transform: [6]float64{570585, 930, 0, 5847615, 0, -930}}, orb.Point{180, 51.5}},
		"Mercator at 180 degrees":     {made{epsg: 3857, transform: [6]float64{-20037508.342789244, 160300.06674231396, 0, 20037508.342789244, 0, -160300.06674231396}}, orb.Point{180, 10}},
		"the north pole":              {made{epsg: 3413, transform: [6]float64{-1e6, 8000, 0, 1e6, 0, -8000}}, orb.Point{30, 89.6}},
		"Lambert azimuthal, Europe":   {made{epsg: 3035, transform: [6]float64{4e6, 1000, 0, 3e6, 0, -1000}}, orb.Point{7, 49}},
		"NAD27, degrees of its own":   {made{epsg: 4267, transform: degrees(-106, 41, 0.001)}, orb.Point{-105.9, 40.9}},
		"British grid, another datum": {made{epsg: 27700, transform: [6]float64{400000, 100, 0, 300000, 0, -100}}, orb.Point{-1.85, 52.5}},
	} {
		t.Run(name, func(t *testing.T) {
			m := c.made
			m.cols, m.rows, m.kind, m.pixel = 250, 250, gdal.Float32, func(c, r int) float64 { return 10*float64(c) + float64(r) }
			s := open(t, Options{}, m.write(t))
			level := uint8(max(0, math.Ceil(math.Log2(180/64/s.layers[0].resolution.Degrees))))
			l := windowAt(level, c.at[0], c.at[1], 65, 33)
			p := readPicture(t, s, 0)
			got := heights(t, s, l)
			for i, xy := range gdalPositions(t, l, fmt.Sprint("EPSG:", m.epsg)) {
				if want := p.at(xy[0], xy[1]); want == want && !(math.Abs(float64(got[i])-want) < 0.05*11) && !m.onSeam(xy[0]) {
					t.Fatalf("post %d: %g, want %g", i, got[i], want)
				}
			}
			if got[len(got)/2+1] != got[len(got)/2+1] {
				t.Error("void in the middle")
			}
		})
	}
}

// onSeam tells that a position lies in the outermost pixels of a world map, where left and right may be confused.
func (m made) onSeam(x float64) bool { return m.epsg == 3857 && math.Abs(x) > 20037508 }

func TestManySmallFilesNeedFewHandles(t *testing.T) {
	s := open(t, Options{OpenFiles: 8}, quarters(t, 16, 10)...)
	heights(t, s, windowAt(8, 11.5, 45.5, 200, 200))
	if s.pool.all > 8 {
		t.Errorf("%d handles are open, want at most 8", s.pool.all)
	}
}

func TestHeightsChecksItsWindow(t *testing.T) {
	s := open(t, Options{}, quarters(t, 1, 10)...)
	for _, l := range []Lattice{{Level: 3, Cols: 2, Rows: 3}, {Level: 3, Cols: 0, Rows: 5}, {Level: 99, Cols: 1, Rows: 5}} {
		if err := s.Heights(context.Background(), l, make([]float32, 5)); !errors.Is(err, ErrLattice) {
			t.Errorf("%+v: %v, want %v", l, err, ErrLattice)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	l := windowAt(8, 10.1, 46.9, 5, 5)
	if err := s.Heights(ctx, l, make([]float32, 25)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
