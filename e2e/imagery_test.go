//go:build e2e

package e2e

import (
	"image"
	"image/color"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/picture"
)

// bare is the colour of a page where a map shows nothing; pages/stage.css and pages/cesium.js say it too.
var bare = color.NRGBA{136, 0, 136, 255}

// subject is a dataset that maps show, and what is to be seen of it.
type subject interface {
	places() []orb.Point // where to look: lon, lat
	// judge fails the test unless what is seen at places is right. Nil is a place outside of the map. A map that looks where it likes and has a base map
	// of its own is free: only what is in view and opaque counts.
	judge(t *testing.T, seen []*patch, free bool)
}

// fewest places that a free map must show.
const fewest = 12

// patch is what is seen around a place: the least and the greatest value of each channel, and the colour in the middle.
type patch struct{ least, most, middle color.NRGBA }

// patchAt looks at the 3 x 3 pixels around one; nil if they do not all lie on the map.
func patchAt(m image.Image, x, y float64) *patch {
	column, row := int(math.Floor(x)), int(math.Floor(y))
	around := image.Rect(column-1, row-1, column+2, row+2)
	if !around.In(image.Rect(0, 0, mapWidth, mapHeight)) {
		return nil
	}
	middle := color.NRGBAModel.Convert(m.At(column, row)).(color.NRGBA)
	p := &patch{middle, middle, middle}
	for y := around.Min.Y; y < around.Max.Y; y++ {
		for x := around.Min.X; x < around.Max.X; x++ {
			c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			p.least = color.NRGBA{min(p.least.R, c.R), min(p.least.G, c.G), min(p.least.B, c.B), 255}
			p.most = color.NRGBA{max(p.most.R, c.R), max(p.most.G, c.G), max(p.most.B, c.B), 255}
		}
	}
	return p
}

// holds tells whether a colour lies between the least and the greatest, give or take.
func (p *patch) holds(c color.NRGBA, slack int) bool {
	between := func(least, v, most uint8) bool { return int(v) >= int(least)-slack && int(v) <= int(most)+slack }
	return between(p.least.R, c.R, p.most.R) && between(p.least.G, c.G, p.most.G) && between(p.least.B, c.B, p.most.B)
}

// chart is a picture whose colours tell the place, in square cells of some degrees: red runs over a cell from west to east and back over the next, green
// from south to north and back; blue tells cells apart. One cell may be a hole.
type chart struct {
	bound orb.Bound
	cell  float64
	hole  [2]int // column and row from the south-west
	view  orb.Bound
	slack int // of colours: more for JPEG
}

// world covers the globe, region a part of it that has a hole. Maps look at an eighth of the world, and at the region with what is around.
var (
	world = chart{
		bound: orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}, cell: 22.5, hole: [2]int{-1, -1},
		view: orb.Bound{Min: orb.Point{-60, -35}, Max: orb.Point{50, 50}}, slack: 4,
	}
	region = chart{
		bound: orb.Bound{Min: orb.Point{10, 44}, Max: orb.Point{14, 47}}, cell: 0.5, hole: [2]int{5, 2},
		view: orb.Bound{Min: orb.Point{9.5, 43.5}, Max: orb.Point{14.5, 47.5}}, slack: 4,
	}
)

// lossy is the chart as JPEG shows it.
func (c chart) lossy() chart {
	c.slack = 20
	return c
}

// colour is the chart at a place: alpha 0 outside and in the hole.
func (c chart) colour(p orb.Point) color.NRGBA {
	x, y := (p.Lon()-c.bound.Min.Lon())/c.cell, (p.Lat()-c.bound.Min.Lat())/c.cell
	column, row := int(math.Floor(x)), int(math.Floor(y))
	if !c.bound.Contains(p) || [2]int{column, row} == c.hole {
		return color.NRGBA{}
	}
	ramp := func(v float64, n int) uint8 {
		f := v - float64(n)
		if n%2 == 1 {
			f = 1 - f
		}
		return uint8(math.Round(255 * f))
	}
	return color.NRGBA{ramp(x, column), ramp(y, row), uint8(30 + 45*((5*column+2*row+column*row)%5)), 255}
}

// places are one in each cell in view, away from its borders, and some in the hole and around the chart.
func (c chart) places() []orb.Point {
	var list []orb.Point
	for n := range int((c.view.Max.Lon() - c.view.Min.Lon()) / c.cell) {
		for m := range int((c.view.Max.Lat() - c.view.Min.Lat()) / c.cell) {
			corner := orb.Point{math.Ceil(c.view.Min.Lon()/c.cell) + float64(n), math.Ceil(c.view.Min.Lat()/c.cell) + float64(m)}
			p := orb.Point{(corner[0] + 0.3 + 0.4*float64((3*n+m)%5)/4) * c.cell, (corner[1] + 0.3 + 0.4*float64((n+2*m)%5)/4) * c.cell}
			list = append(list, p)
		}
	}
	return slices.DeleteFunc(list, func(p orb.Point) bool { return !c.view.Contains(p) })
}

func (c chart) judge(t *testing.T, seen []*patch, free bool) {
	t.Helper()
	right, wrong := 0, 0
	for i, p := range c.places() {
		want := c.colour(p)
		if free && (want.A == 0 || seen[i] == nil) {
			continue
		}
		if want.A == 0 {
			want = bare
		}
		switch {
		case seen[i] == nil:
			t.Fatalf("%.3f, %.3f is not on the map", p.Lon(), p.Lat())
		case seen[i].holds(want, c.slack):
			right++
			continue
		}
		if wrong++; wrong <= 4 {
			t.Errorf("at %.3f, %.3f there is %v .. %v, want %v", p.Lon(), p.Lat(), seen[i].least, seen[i].most, want)
		}
	}
	if wrong > 0 || right < fewest {
		t.Errorf("right at %d places, wrong at %d", right, wrong)
	}
}

// write makes a GeoTIFF of the chart.
func (c chart) write(t *testing.T, file string, perDegree float64) {
	t.Helper()
	width, height := int((c.bound.Max[0]-c.bound.Min[0])*perDegree), int((c.bound.Max[1]-c.bound.Min[1])*perDegree)
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	opaque := true
	for y := range height {
		for x := range width {
			p := orb.Point{c.bound.Min[0] + (float64(x)+0.5)/perDegree, c.bound.Max[1] - (float64(y)+0.5)/perDegree}
			colour := c.colour(p)
			m.SetNRGBA(x, y, colour)
			opaque = opaque && colour.A == 255
		}
	}
	tag := picture.GeoTag{
		EPSG: 4326, Geographic: true, West: c.bound.Min[0], North: c.bound.Max[1], PixelWidth: 1 / perDegree, PixelHeight: 1 / perDegree,
	}
	data, err := picture.AppendGeoTIFF(nil, picture.Picture{NRGBA: m, Opaque: opaque}, tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// hills is a DEM, of which maps show the hillshade.
type hills struct{ dem }

func (h hills) view() orb.Bound {
	extent := float64(h.side-1) * h.spacing
	return orb.Bound{Min: orb.Point{h.west, h.north - extent}, Max: orb.Point{h.west + extent, h.north}}
}

// hillStep is the ground between two places, about three pixels: slopes are those over that length.
const hillStep = 0.008

func (h hills) places() []orb.Point {
	var list []orb.Point
	for n := range 50 {
		for m := range 50 {
			p := orb.Point{h.west + 0.3 + hillStep*float64(n), h.north - 0.3 - hillStep*float64(m)}
			if !math.IsNaN(h.shade(p)) {
				list = append(list, p)
			}
		}
	}
	return list
}

// shade is the light from the north-west, 45 degrees high, on the slope around a place.
func (h hills) shade(p orb.Point) float64 {
	const metres, half = 111_320.0, hillStep / 4
	across := 2 * half * metres
	gx := (h.height(p[0]+half, p[1]) - h.height(p[0]-half, p[1])) / (across * math.Cos(p[1]*math.Pi/180))
	gy := (h.height(p[0], p[1]+half) - h.height(p[0], p[1]-half)) / across
	return (math.Sqrt2/2 + gx/2 - gy/2) / math.Sqrt(1+gx*gx+gy*gy)
}

// judge correlates what is seen with the DEM's own shading. A free map may be half as fine as the places are.
func (h hills) judge(t *testing.T, seen []*patch, free bool) {
	t.Helper()
	least := 0.9
	if free {
		least = 0.55
	}
	var n, sx, sy, sxx, syy, sxy float64
	for i, p := range h.places() {
		if seen[i] == nil {
			continue
		}
		n++
		x, y := h.shade(p), float64(seen[i].middle.R)
		sx, sy, sxx, syy, sxy = sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	r := (n*sxy - sx*sy) / math.Sqrt((n*sxx-sx*sx)*(n*syy-sy*sy))
	t.Logf("correlation with the DEM's shading: %.3f", r)
	if !(r > least) || n < fewest {
		t.Errorf("the picture correlates with the DEM's shading by %.3f at %.0f places, want %.2f", r, n, least)
	}
}

// makeCharts ingests the charts: each in both grids, and the world as JPEG too.
func makeCharts(t *testing.T, data string) {
	t.Helper()
	folder := t.TempDir()
	worldFile, regionFile := filepath.Join(folder, "world.tif"), filepath.Join(folder, "region.tif")
	world.write(t, worldFile, 2048.0/360)
	region.write(t, regionFile, 256)
	ingestImagery(t, data, "world", worldFile, "--format", "png")
	ingestImagery(t, data, "world-geographic", worldFile, "--format", "png", "--grid", "geographic")
	ingestImagery(t, data, "world-jpeg", worldFile, "--format", "jpeg")
	ingestImagery(t, data, "region", regionFile)
	ingestImagery(t, data, "region-geographic", regionFile, "--grid", "geographic")
}

// ingestImagery makes an imagery dataset in a data folder.
func ingestImagery(t *testing.T, data, name, file string, more ...string) {
	t.Helper()
	args := append([]string{"ingest", "imagery", "--data", data, "--name", name, "--progress", "none", file}, more...)
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("ingest: %v\n%s", err, out)
	}
}
