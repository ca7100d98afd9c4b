package ingest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/verify"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// world is a real global grid, read by GDAL's own program: the truth that stored heights are held to.
type world struct {
	file       string
	cols, rows int
	west, step float64 // longitude of the first column's posts; degrees from post to post
	north      float64 // latitude of the first row's posts
	z          []float32
}

// etopo1 has its posts on whole degrees, the first column repeated as the last; etopo20 has them in the middle of cells of a third of a degree.
func etopo1(t *testing.T) world {
	return readWorld(t, world{file: "etopo1_1deg_gridline.tif", cols: 361, rows: 181, west: -180, step: 1, north: 90})
}

func etopo20(t *testing.T) world {
	return readWorld(t, world{file: "etopo20_global_20arcmin.tif", cols: 1080, rows: 540, west: -180 + 1.0/6, step: 1.0 / 3, north: 90 - 1.0/6})
}

func readWorld(t *testing.T, w world) world {
	t.Helper()
	w.file = sharedFile(t, "data/dem/"+w.file)
	raw := filepath.Join(t.TempDir(), "world.img")
	gdalTool(t, "", "gdal_translate", "-q", "-of", "ENVI", "-ot", "Float32", w.file, raw)
	data, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	w.z = make([]float32, w.cols*w.rows)
	if n, err := binary.Decode(data, binary.LittleEndian, w.z); err != nil || n != len(data) {
		t.Fatalf("%s: %d of %d bytes: %v", w.file, n, len(data), err)
	}
	return w
}

// gdalTool runs one of GDAL's programs, or skips the test where it is absent.
func gdalTool(t *testing.T, in, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is absent: awkward files are made by it", name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, path, args...)
	c.Env, c.Stdin = append(os.Environ(), "GDAL_PAM_ENABLED=NO"), strings.NewReader(in)
	out, err := c.Output()
	if err != nil {
		var failed *exec.ExitError
		errors.As(err, &failed)
		t.Fatalf("%s %q: %v: %s", name, args, err, failed.Stderr)
	}
	return string(out)
}

// at returns the height between four posts, and by how much it rises from post to post towards east and north. Columns go
// round; beyond the last row is what it has.
func (w world) at(p orb.Point) (h, east, north float64) {
	x, y := (p[0]-w.west)/w.step, (w.north-p[1])/w.step
	round := int(math.Round(360 / w.step))
	c, r := math.Floor(x+1e-9), math.Floor(y+1e-9)
	post := func(dc, dr int) float64 {
		return float64(w.z[max(0, min(w.rows-1, int(r)+dr))*w.cols+mod(int(c)+dc, round)])
	}
	x, y = x-c, y-r
	top, low := post(0, 0)+(post(1, 0)-post(0, 0))*x, post(0, 1)+(post(1, 1)-post(0, 1))*x
	return top + (low-top)*y, (post(1, 0)-post(0, 0))*(1-y) + (post(1, 1)-post(0, 1))*y, top - low
}

// form is how a file lies on the globe.
type form struct {
	epsg       int
	cols, rows int
	transform  [6]float64 // GDAL's
	options    []string   // of gdal_translate
}

// write makes a GeoTIFF of a form. A pixel has the world's height at its middle, which is a post's own where the form has the world's posts.
func (w world) write(t *testing.T, f form) string {
	t.Helper()
	z := make([]float32, f.cols*f.rows)
	for k := range z {
		c, r := float64(k%f.cols)+0.5, float64(k/f.cols)+0.5
		g := f.transform
		h, _, _ := w.at(orb.Point{g[0] + g[1]*c + g[2]*r, g[3] + g[4]*c + g[5]*r})
		z[k] = float32(h)
	}
	return f.file(t, z)
}

// file makes a GeoTIFF of a form with these pixels.
func (f form) file(t *testing.T, z []float32) string {
	t.Helper()
	dir := t.TempDir()
	data, err := binary.Append(nil, binary.LittleEndian, z)
	if err != nil {
		t.Fatal(err)
	}
	g := make([]string, 6)
	for k, v := range f.transform {
		g[k] = strconv.FormatFloat(v, 'g', 17, 64)
	}
	vrt := fmt.Sprintf(`<VRTDataset rasterXSize="%d" rasterYSize="%d"><SRS>EPSG:%d</SRS><GeoTransform>%s</GeoTransform>
		<VRTRasterBand dataType="Float32" band="1" subClass="VRTRawRasterBand"><SourceFilename relativeToVRT="1">z.bin</SourceFilename>
		<ByteOrder>LSB</ByteOrder></VRTRasterBand></VRTDataset>`, f.cols, f.rows, f.epsg, strings.Join(g, ","))
	for name, content := range map[string][]byte{"z.bin": data, "z.vrt": []byte(vrt)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "awkward.tif")
	gdalTool(t, "", "gdal_translate", append(f.options, "-q", filepath.Join(dir, "z.vrt"), out)...)
	return out
}

// under returns the world's heights under the middles of a form's pixels, which GDAL's own program places.
func (w world) under(t *testing.T, f form) []float32 {
	t.Helper()
	var in strings.Builder
	for k := range f.cols * f.rows {
		c, r, g := float64(k%f.cols)+0.5, float64(k/f.cols)+0.5, f.transform
		fmt.Fprintf(&in, "%.9f %.9f\n", g[0]+g[1]*c+g[2]*r, g[3]+g[4]*c+g[5]*r)
	}
	z := make([]float32, 0, f.cols*f.rows)
	for _, p := range transformed(t, in.String(), f.epsg, 4326) {
		h := math.NaN() // nowhere on Earth
		if p[0] == p[0] {
			h, _, _ = w.at(p)
		}
		z = append(z, float32(h))
	}
	return z
}

// transformed moves places, one a line, between references.
func transformed(t *testing.T, in string, from, to int) []orb.Point {
	t.Helper()
	var out []orb.Point
	said := gdalTool(t, in, "gdaltransform", "-s_srs", fmt.Sprint("EPSG:", from), "-t_srs", fmt.Sprint("EPSG:", to), "-output_xy")
	for line := range strings.Lines(said) {
		if strings.Contains(line, "failed") || strings.Contains(line, "inf") {
			out = append(out, orb.Point{math.NaN(), math.NaN()})
			continue
		}
		x, y, _ := strings.Cut(strings.TrimSpace(line), " ")
		var p orb.Point
		var err [2]error
		p[0], err[0] = strconv.ParseFloat(x, 64)
		p[1], err[1] = strconv.ParseFloat(y, 64)
		if err := errors.Join(err[:]...); err != nil {
			t.Fatalf("gdaltransform said %q: %v", line, err)
		}
		out = append(out, p)
	}
	return out
}

// between compares a few hundred posts of a region with what lies between the four pixels around each. It returns the most that
// one differs by in metres, and fails the test if that is more than a twentieth of a pixel is worth there.
func (f form) between(t *testing.T, d *dug, z []float32, region orb.Bound, turn float64) float64 {
	t.Helper()
	s := spacing(d.leaf)
	r := rand.New(rand.NewPCG(4, 8))
	var heights []float64
	var in strings.Builder
	for len(heights) < 500 {
		i := int64((region.Min[0] + r.Float64()*(region.Max[0]-region.Min[0]) + 180) / s)
		j := int64((region.Min[1] + r.Float64()*(region.Max[1]-region.Min[1]) + 90) / s)
		if h, ok := d.post(t, i, j); ok && j > 0 && j < terrain.Cells<<d.leaf {
			heights = append(heights, float64(h))
			fmt.Fprintf(&in, "%.12f %.12f\n", float64(i)*s-180, float64(j)*s-90)
		}
	}
	most, compared := 0.0, 0
	for k, p := range transformed(t, in.String(), 4326, f.epsg) {
		for turn > 0 && p[0] < f.transform[0] {
			p[0] += turn
		}
		want, span, ok := f.bilinear(z, p)
		if !ok {
			continue
		}
		off := math.Abs(heights[k] - want)
		if compared++; !(off <= span/20+rounding) {
			t.Fatalf("at %v: %g m, the file has %g", p, heights[k], want)
		}
		most = max(most, off)
	}
	if compared < 400 {
		t.Errorf("only %d posts lie between pixels", compared)
	}
	return most
}

// bilinear interpolates between the four pixels around a place in the file's own reference; span is how far those four are apart.
func (f form) bilinear(z []float32, p orb.Point) (h, span float64, ok bool) {
	g := f.transform
	det := g[1]*g[5] - g[2]*g[4]
	x, y := p[0]-g[0], p[1]-g[3]
	u, v := (g[5]*x-g[2]*y)/det-0.5, (g[1]*y-g[4]*x)/det-0.5
	c, r := int(math.Floor(u)), int(math.Floor(v))
	if c < 0 || r < 0 || c+1 >= f.cols || r+1 >= f.rows {
		return 0, 0, false
	}
	around := [4]float64{}
	for k := range around {
		around[k] = float64(z[(r+k/2)*f.cols+c+k%2])
	}
	u, v = u-float64(c), v-float64(r)
	top, low := around[0]+(around[1]-around[0])*u, around[2]+(around[3]-around[2])*u
	return top + (low-top)*v, slices.Max(around[:]) - slices.Min(around[:]), true
}

// ingested makes a dataset of a file, verifies it and opens it.
func ingested(t *testing.T, o Options) *mbtiles.Reader {
	t.Helper()
	ctx := t.Context()
	o.Vertical, o.Raster = "ellipsoid", raster.Options{CacheBytes: 64 << 20}
	job, err := Prepare(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	store, err := mbtiles.Create(ctx, t.TempDir(), "awkward", mbtiles.Options{Work: job.Work})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := job.Run(ctx, store, 2, silent); err != nil {
		t.Fatal(err)
	}
	r, err := mbtiles.Open(ctx, store.Path())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	report, err := verify.Run(ctx, r, verify.Options{})
	if err != nil || !report.OK() {
		t.Errorf("verify: %v, %d faults, first %v", err, report.FaultCount, report.Faults)
	}
	return r
}

// lay is how the heights of a dataset's deepest level lie to the world's.
type lay struct {
	posts       int     // of the region, without the poles
	absent      int     // that have no tile
	most        float64 // metres between a post and the world at its place
	east, north float64 // by how many of the world's cells they are off, by least squares
	poles       [2][]float32
}

func (l lay) off() float64 { return math.Hypot(l.east, l.north) }

func (l lay) String() string {
	return fmt.Sprintf("%d posts, %d absent, at most %.3f m off, lie %.4f cells to the east and %.4f to the north",
		l.posts, l.absent, l.most, l.east, l.north)
}

// compare holds all posts of the deepest level in a box to the world. Poles are by themselves: each is one place, and has one height.
func (w world) compare(t *testing.T, d *dug, region orb.Bound) lay {
	t.Helper()
	var l lay
	var ee, nn, en, e, n float64
	s := spacing(d.leaf)
	for j := int64(math.Ceil((region.Min[1] + 90) / s)); float64(j)*s-90 <= region.Max[1]; j++ {
		for i := int64(math.Ceil((region.Min[0] + 180) / s)); float64(i)*s-180 <= region.Max[0]; i++ {
			p := orb.Point{float64(i)*s - 180, float64(j)*s - 90}
			h, ok := d.post(t, i, j)
			switch {
			case !ok:
				l.absent++
				continue
			case math.Abs(p[1]) == 90:
				pole := int(j / (terrain.Cells << d.leaf))
				l.poles[pole] = append(l.poles[pole], h)
				continue
			}
			want, east, north := w.at(p)
			off := float64(h) - want
			ee, nn, en, e, n = ee+east*east, nn+north*north, en+east*north, e+east*off, n+north*off
			l.posts, l.most = l.posts+1, max(l.most, math.Abs(off))
		}
	}
	det := ee*nn - en*en
	l.east, l.north = (n*en-e*nn)/det, (e*en-n*ee)/det
	return l
}

// checkPoles holds that a pole which the region reaches has one height, the mean of the world's row there.
func (w world) checkPoles(t *testing.T, l lay, within float64) {
	t.Helper()
	for k, heights := range l.poles {
		mean := 0.0
		for c := range w.cols {
			mean += float64(w.z[(1-k)*(w.rows-1)*w.cols+c]) / float64(w.cols)
		}
		for _, h := range heights {
			if !(math.Abs(float64(h)-mean) <= within) || h != heights[0] {
				t.Fatalf("pole %d is at %g and %g m, want %g", k, heights[0], h, mean)
			}
		}
	}
}

// dug is a dataset whose heights are looked at.
type dug struct {
	*mbtiles.Reader
	leaf  uint8
	grids map[tilegrid.Coord][]float32 // decoded; nil: absent
}

func dig(r *mbtiles.Reader) *dug { return &dug{r, r.Info().Levels[1], map[tilegrid.Coord][]float32{}} }

// post returns a height of the deepest level out of the tile that holds it.
func (d *dug) post(t *testing.T, i, j int64) (h float32, ok bool) {
	t.Helper()
	columns, rows := tilegrid.Geodetic.Size(d.leaf)
	around := int64(columns) * terrain.Cells
	i = (i%around + around) % around
	y := min(j/terrain.Cells, int64(rows)-1)
	c := tilegrid.Coord{Z: d.leaf, X: uint32(i / terrain.Cells), Y: uint32(y)}
	z, known := d.grids[c]
	if !known {
		data, err := d.Heights(t.Context(), c)
		if err == nil {
			z = make([]float32, terrain.StoredSide*terrain.StoredSide)
			err = terrain.DecodeHeights(data, z)
		}
		if err != nil && !errors.Is(err, tilestore.ErrNotFound) {
			t.Fatal(err)
		}
		d.grids[c] = z
	}
	if z == nil {
		return 0, false
	}
	return z[int((y+1)*terrain.Cells-j)*terrain.StoredSide+int(i%terrain.Cells)], true
}
