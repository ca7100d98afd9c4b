package raster

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/lukeroth/gdal"
)

// shared returns a file of the shared test data, or skips the test where there is none.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("TERRANE_SHARED")
	if root == "" {
		root = filepath.Join(moduleRoot(t), "..", "shared")
	}
	path := filepath.Join(append([]string{root, "data"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no shared data at %s: set TERRANE_SHARED", path)
	}
	return path
}

// moduleRoot walks up to go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the test")
	return ""
}

// open opens a stack that is closed with the test. Its heights are those of the files, unless opt says otherwise.
func open(t testing.TB, opt Options, paths ...string) *Stack {
	t.Helper()
	if opt.Vertical == "" {
		opt.Vertical = "ellipsoid"
	}
	s, err := OpenStack(context.Background(), paths, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// heights reads a window.
func heights(t testing.TB, s *Stack, l Lattice) []float32 {
	t.Helper()
	dst := make([]float32, l.Cols*l.Rows)
	if err := s.Heights(context.Background(), l, dst); err != nil {
		t.Fatal(err)
	}
	return dst
}

// made describes a GeoTIFF that a test writes. The zero value of a field leaves the thing out.
type made struct {
	cols, rows    int
	kind          gdal.DataType
	transform     [6]float64
	epsg          int
	nodata        *float64
	scale, offset float64
	unit          string
	driver        string
	options       []string
	bands         int
	color         gdal.ColorInterp
	mask          []uint8
	pixel         func(col, row int) float64
	file          string
}

// write makes the file in a temporary folder and returns its path.
func (m made) write(t testing.TB) string {
	t.Helper()
	setup(0)
	name, driverName := m.file, m.driver
	if name == "" {
		name = filepath.Join(t.TempDir(), "made.tif")
	}
	if driverName == "" {
		driverName = "GTiff"
	}
	driver, err := gdal.GetDriverByName(driverName)
	if err != nil {
		t.Fatal(err)
	}
	ds := driver.Create(name, m.cols, m.rows, max(1, m.bands), m.kind, m.options)
	if ds == (gdal.Dataset{}) {
		t.Fatalf("create %s", name)
	}
	defer ds.Close()
	m.describe(t, ds)
	band := ds.RasterBand(1)
	if m.pixel != nil {
		line := make([]float64, m.cols)
		for r := range m.rows {
			for c := range line {
				line[c] = m.pixel(c, r)
			}
			if err := band.IO(gdal.Write, 0, r, m.cols, 1, line, m.cols, 1, 0, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	if m.mask != nil {
		if err := ds.CreateMaskBand(maskPerDataset); err != nil {
			t.Fatal(err)
		}
		if err := band.GetMaskBand().IO(gdal.Write, 0, 0, m.cols, m.rows, m.mask, m.cols, m.rows, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// describe writes everything but pixels.
func (m made) describe(t testing.TB, ds gdal.Dataset) {
	t.Helper()
	if m.transform != [6]float64{} {
		ds.SetGeoTransform(m.transform)
	}
	if m.epsg != 0 {
		sr := gdal.CreateSpatialReference("")
		defer sr.Destroy()
		if err := sr.FromEPSG(m.epsg); err != nil {
			t.Fatal(err)
		}
		ds.SetProjection(wkt(sr))
	}
	band := ds.RasterBand(1)
	if m.nodata != nil {
		band.SetNoDataValue(*m.nodata)
	}
	if m.scale != 0 {
		band.SetScale(m.scale)
	}
	if m.offset != 0 {
		band.SetOffset(m.offset)
	}
	if m.unit != "" {
		band.SetUnitType(m.unit)
	}
	if m.color != 0 {
		band.SetColorInterp(m.color)
	}
}
