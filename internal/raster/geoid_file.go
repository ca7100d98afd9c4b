package raster

import (
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/lukeroth/gdal"
)

// maxGeoidNodes bounds a grid: the finest in use, EGM2008 at one minute, has 233 million.
const maxGeoidNodes = 1 << 28

// greatestUndulation is more than any geoid lies off the ellipsoid, -107..86 m.
const greatestUndulation = 200

const gridAdvice = "--vertical GRIDFILE is one grid of metres above the ellipsoid, in degrees: a GTX or GeoTIFF as PROJ has them"

// readGeoidGrid reads a grid file, GeoTIFF or GTX.
func readGeoidGrid(name string) (*geoidGrid, error) {
	s, err := admit(name, formats{drivers: []string{"GTiff"}, advice: gridAdvice})
	if err != nil {
		return nil, err
	}
	head, err := readHead(s.path)
	if err != nil {
		return nil, refuse(name, ErrOpen, "check the permissions", "%v", unpath(err))
	}
	var g *geoidGrid
	switch {
	case beginsWith(head, tiffHeads()):
		g, err = s.readTIFFGrid()
	case strings.EqualFold(filepath.Ext(s.path), ".gtx"):
		g, err = s.readGTX(head)
	default:
		return nil, refuse(name, ErrVertical, gridAdvice, "neither a GeoTIFF nor a GTX file")
	}
	if err != nil {
		return nil, err
	}
	return g, g.check(name)
}

// check refuses what cannot be a geoid.
func (g *geoidGrid) check(name string) error {
	valid := 0
	for _, v := range g.z {
		if v != v {
			continue
		}
		valid++
		if math.Abs(float64(v)) > greatestUndulation {
			return refuse(name, ErrVertical, gridAdvice, "it holds %g: no geoid lies so far from the ellipsoid", v)
		}
	}
	if valid == 0 {
		return refuse(name, ErrVertical, gridAdvice, "it holds no value")
	}
	return nil
}

// readGTX reads NOAA's format: latitude and longitude of the south-western node, steps, rows and columns in 40 bytes, then nodes from the south,
// big endian.
func (s source) readGTX(head []byte) (*geoidGrid, error) {
	if len(head) < 40 {
		return nil, refuse(s.path, ErrCorrupt, "copy the file again", "a GTX file of %d bytes", s.size)
	}
	number := func(at int) float64 { return math.Float64frombits(binary.BigEndian.Uint64(head[at:])) }
	rows, cols := int64(int32(binary.BigEndian.Uint32(head[32:]))), int64(int32(binary.BigEndian.Uint32(head[36:])))
	south, west, dy, dx := number(0), number(8), number(16), number(24)
	if err := s.checkGrid(gridShape{west, south, dx, dy, cols, rows}); err != nil {
		return nil, err
	}
	if s.size < 40+4*rows*cols {
		return nil, refuse(s.path, ErrCorrupt, "copy the file again", "%d bytes are too few for %d x %d nodes", s.size, cols, rows)
	}
	f, err := os.Open(s.path)
	if err != nil {
		return nil, refuse(s.path, ErrOpen, "check the permissions", "%v", unpath(err))
	}
	defer f.Close()
	g := newGeoidGrid(west, south, dx, dy, int(cols), int(rows))
	line := make([]byte, 4*cols)
	for r := range int(rows) {
		if _, err := io.ReadFull(io.NewSectionReader(f, 40+int64(r)*4*cols, 4*cols), line); err != nil {
			return nil, refuse(s.path, ErrCorrupt, "copy the file again", "row %d: %v", r, unpath(err))
		}
		for c := range int(cols) {
			v := math.Float32frombits(binary.BigEndian.Uint32(line[4*c:]))
			if v == -88.8888 || math.Abs(float64(v)) > 1000 {
				v = nan32
			}
			g.z[r*int(cols)+c] = v
		}
	}
	return g, nil
}

// gridShape is where a grid's nodes lie, degrees.
type gridShape struct {
	west, south, dx, dy float64
	cols, rows          int64
}

func (s source) checkGrid(g gridShape) error {
	east, north := g.west+float64(g.cols-1)*g.dx, g.south+float64(g.rows-1)*g.dy
	switch {
	case g.cols < 2 || g.rows < 2 || g.cols*g.rows > maxGeoidNodes:
		return refuse(s.path, ErrSize, gridAdvice, "%d x %d nodes", g.cols, g.rows)
	case !(g.dx > 0 && g.dy > 0) || !(g.west >= -540 && east <= 540 && east-g.west <= 360+g.dx*1.001) || !(g.south >= -90-g.dy && north <= 90+g.dy):
		return refuse(s.path, ErrVertical, gridAdvice, "its nodes at %.6g..%.6g, %.6g..%.6g are no longitudes and latitudes", g.west, east, g.south, north)
	}
	return nil
}

// readTIFFGrid reads band 1 of a GeoTIFF.
func (s source) readTIFFGrid() (*geoidGrid, error) {
	ds, err := s.open()
	if err != nil {
		return nil, err
	}
	defer ds.Close()
	if err := s.checkTIFFGrid(ds); err != nil {
		return nil, err
	}
	t, _ := geoTransform(ds)
	cols, rows := ds.RasterXSize(), ds.RasterYSize()
	shape := gridShape{t[0] + t[1]/2, t[3] + t[5]*(float64(rows)-0.5), t[1], -t[5], int64(cols), int64(rows)}
	if err := s.checkGrid(shape); err != nil {
		return nil, err
	}
	g := newGeoidGrid(shape.west, shape.south, shape.dx, shape.dy, cols, rows)
	return g, s.readNodes(ds, g)
}

// checkTIFFGrid refuses what PROJ keeps in the same form but is no geoid, or one of several.
func (s source) checkTIFFGrid(ds gdal.Dataset) error {
	band, t := ds.RasterBand(1), [6]float64{}
	kind, unit := ds.MetadataItem("TYPE", ""), strings.ToLower(band.GetUnitType())
	t, ok := geoTransform(ds)
	switch {
	case ds.MetadataItem("SUBDATASET_2_NAME", "SUBDATASETS") != "":
		return refuse(s.path, ErrVertical, "gdal_translate GTIFF_DIR:1:FILE out.tif takes the first out", "it holds several grids")
	case kind != "" && kind != "VERTICAL_OFFSET_GEOGRAPHIC_TO_VERTICAL":
		return refuse(s.path, ErrVertical, gridAdvice, "it is a grid of another kind, %s", kind)
	case unit != "" && unit != "m" && unit != "metre" && unit != "meter":
		return refuse(s.path, ErrVertical, gridAdvice, "its values are in %q", unit)
	case band.RasterDataType().IsComplex() != 0:
		return refuse(s.path, ErrVertical, gridAdvice, "its values are complex")
	case !ok || t[1] <= 0 || t[5] >= 0 || t[2] != 0 || t[4] != 0:
		return refuse(s.path, ErrVertical, gridAdvice, "its rows do not run from the north, west first")
	}
	if whole := datasetWKT(ds); whole != "" {
		if c, err := newCRS(whole); err != nil || !c.geographic {
			return refuse(s.path, ErrVertical, gridAdvice, "it does not lie in degrees")
		}
	}
	return s.checkProxy(ds)
}

// readNodes fills a grid from a band whose first row is the northernmost.
func (s source) readNodes(ds gdal.Dataset, g *geoidGrid) error {
	band := ds.RasterBand(1)
	nodata, has := band.NoDataValue()
	scale, offset := 1.0, 0.0
	if v, ok := band.GetScale(); ok && v != 0 {
		scale = v
	}
	if v, ok := band.GetOffset(); ok {
		offset = v
	}
	line := make([]float64, g.cols)
	for r := range g.rows {
		if err := readBand(band, window{0, r, g.cols, 1}, line, g.cols, 1); err != nil {
			return refuse(s.path, ErrCorrupt, "copy the file again", "row %d: %s", r, s.clean(err))
		}
		out := g.z[(g.rows-1-r)*g.cols:][:g.cols]
		for c, v := range line {
			if out[c] = float32(v*scale + offset); has && v == nodata {
				out[c] = nan32
			}
		}
	}
	return nil
}
