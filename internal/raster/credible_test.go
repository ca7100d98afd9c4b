package raster

import (
	"errors"
	"math"
	"path/filepath"
	"testing"

	"github.com/lukeroth/gdal"
	"pgregory.net/rapid"
)

func TestImpossibleHeightsAreRefusedAtOpen(t *testing.T) {
	some := func(every int, v float64) func(c, r int) float64 {
		return func(c, r int) float64 {
			if (r*100+c)%every == 0 {
				return v
			}
			return wavy(c, r)
		}
	}
	for name, c := range map[string]struct {
		made
		opt  Options
		want error
	}{
		"ground":                          {made{pixel: wavy}, Options{}, nil},
		"the limits themselves":           {made{pixel: func(c, _ int) float64 { return []float64{lowest, highest}[c%2] }}, Options{}, nil},
		"higher than Earth":               {made{pixel: func(c, _ int) float64 { return 9001 + float64(c) }}, Options{}, ErrHeights},
		"deeper than Earth":               {made{pixel: func(c, _ int) float64 { return -13000 - float64(c) }}, Options{}, ErrHeights},
		"centimetres":                     {made{pixel: func(c, r int) float64 { return 100 * wavy(c, r) }}, Options{}, ErrHeights},
		"centimetres that say so":         {made{unit: "cm", pixel: func(c, r int) float64 { return 100 * wavy(c, r) }}, Options{}, nil},
		"a scale of 100":                  {made{scale: 100, pixel: wavy}, Options{}, ErrHeights},
		"one in a thousand":               {made{pixel: some(1000, 12000)}, Options{}, nil},
		"one in five hundred":             {made{pixel: some(500, 12000)}, Options{}, ErrHeights},
		"rare, but twice as high":         {made{pixel: some(5000, 1e6)}, Options{}, ErrHeights},
		"rare, twice as high, and nodata": {made{pixel: some(5000, 1e6)}, Options{NoData: pointer(1e6)}, nil},
		"1e20 for nodata":                 {made{pixel: some(2, 1e20)}, Options{}, ErrHeights},
	} {
		t.Run(name, func(t *testing.T) {
			m := c.made
			m.cols, m.rows, m.kind, m.transform, m.epsg = 100, 100, gdal.Float32, degrees(10, 47, 0.01), 4326
			path := m.write(t)
			err := tryOpen(path, c.opt)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err != nil {
				checkRefusal(t, err, path)
			}
		})
	}
}

func TestHeightsLieBetweenTheLimitsWhateverThePixels(t *testing.T) {
	const n = 200
	possible := []float64{lowest, highest, highest, 0.1, -11999.999, 8999.999, math.NaN(), 500}
	impossible := []float64{lowest - 1, highest + 1, 17999, -23999, highest + 0.001}
	path := filepath.Join(t.TempDir(), "made.tif")
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		m := made{cols: n, rows: n, kind: gdal.Float64, transform: degrees(10, 47, 0.01), epsg: 4326, file: path}
		m.pixel = func(c, row int) float64 {
			h := (uint64(row*n+c) + seed) * 0x9e3779b97f4a7c15 >> 20
			if h%2500 == 0 {
				return impossible[(h/2500)%uint64(len(impossible))]
			}
			return possible[(h/2500)%uint64(len(possible))]
		}
		if rapid.Bool().Draw(r, "projected") {
			m.epsg, m.transform = 32632, [6]float64{600000, 1000, 0, 5200000, 0, -1000}
		}
		s, err := OpenStack(t.Context(), []string{m.write(t)}, Options{})
		if err != nil {
			r.Fatal(err)
		}
		defer s.Close()
		valid, l := 0, windowAt(uint8(rapid.IntRange(5, 10).Draw(r, "level")), 11, 46.3, 200, 200)
		for i, h := range heights(t, s, l) {
			if h < lowest || h > highest {
				r.Fatalf("post %d: %g m", i, h)
			}
			if h == h {
				valid++
			}
		}
		if valid == 0 {
			r.Fatal("no heights")
		}
	})
}
