package raster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lukeroth/gdal"
)

// dem is a file that passed every check, and how its pixels become heights.
type dem struct {
	File
	source
	crs     crs
	inverse [6]float64 // from coordinates to pixels
	decode  decoder
	geoid   *Geoid // what heights count from; nil: the ellipsoid, or it is not known
}

// window is a rectangle of pixels.
type window struct{ col, row, cols, rows int }

// Limits of what is sensible to read.
const (
	maxPixels     = 1 << 40
	maxBlockBytes = 1 << 30
)

// open shows the file to GDAL, with the drivers it may use.
func (s source) open() (gdal.Dataset, error) {
	var ds gdal.Dataset
	err := collected(func() (err error) {
		ds, err = gdal.OpenEx(s.gdal, gdal.OFReadOnly|gdal.OFRaster|gdal.OFVerbose_Error, s.drivers, nil, nil)
		return err
	})
	if err == nil && ds != (gdal.Dataset{}) {
		return ds, nil
	}
	if ds != (gdal.Dataset{}) {
		ds.Close()
		return gdal.Dataset{}, refuse(s.path, ErrCorrupt, "copy the file again", "%v", err)
	}
	if err == nil {
		err = errors.New("GDAL gave no reason")
	}
	return gdal.Dataset{}, refuse(s.path, ErrOpen, s.advice, "%s", s.clean(err))
}

// clean takes the path out of GDAL's text, since the error names it already.
func (s source) clean(err error) string {
	text := strings.ReplaceAll(err.Error(), s.gdal, filepath.Base(s.path))
	return strings.ReplaceAll(text, s.path, filepath.Base(s.path))
}

// openDEM opens a file and learns everything about it; the handle is closed again.
func openDEM(ctx context.Context, name string, opt Options, a *atlas) (*dem, error) {
	s, err := admit(name, demFormats())
	if err != nil {
		return nil, err
	}
	ds, err := s.open()
	if err != nil {
		return nil, err
	}
	defer ds.Close()
	d := &dem{source: s}
	d.Path, d.Member, d.SizeBytes, d.ModTime = s.path, s.member, s.size, s.modTime
	for _, step := range []func(gdal.Dataset) error{
		d.checkBands,
		d.checkProxy,
		d.checkBlocks,
		func(ds gdal.Dataset) error { return d.place(ds, a) },
		func(ds gdal.Dataset) error { return d.readUnits(ds, opt) },
		func(gdal.Dataset) error { return d.measure(a) },
		func(ds gdal.Dataset) error { return d.inspect(ctx, ds) },
		func(gdal.Dataset) error { return d.decide(a) },
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := step(ds); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// checkProxy refuses a file whose own metadata sends GDAL elsewhere for overviews: to any file, with any driver.
func (s source) checkProxy(ds gdal.Dataset) error {
	if ds.MetadataItem("OVERVIEW_FILE", "OVERVIEWS") != "" {
		return refuse(s.path, ErrUnsafe, "gdal_translate -nomd FILE out.tif", "its metadata names another file as its overviews")
	}
	return nil
}

// checkBands accepts one band of real numbers, with or without alpha.
func (d *dem) checkBands(ds gdal.Dataset) error {
	driver, band := ds.Driver(), ds.RasterBand(1)
	d.Driver = driver.ShortName()
	d.Cols, d.Rows = ds.RasterXSize(), ds.RasterYSize()
	bands := ds.RasterCount()
	switch {
	case bands < 1:
		return refuse(d.path, ErrNotDEM, "give an elevation raster", "the file has no raster band")
	case bands > 2:
		return refuse(d.path, ErrNotDEM, "terrane ingest imagery for pictures; gdal_translate -b 1 if a band holds heights",
			"it has %d bands", bands)
	case bands == 2 && ds.RasterBand(2).ColorInterp() != gdal.CI_AlphaBand:
		d.Survey.Suspicions = append(d.Survey.Suspicions, "two bands; the first is taken as heights")
	}
	d.DataType = band.RasterDataType().Name()
	if band.RasterDataType().IsComplex() != 0 {
		return refuse(d.path, ErrNotDEM, "give an elevation raster", "its values are complex (%s)", d.DataType)
	}
	switch ci := band.ColorInterp(); ci {
	case gdal.CI_RedBand, gdal.CI_GreenBand, gdal.CI_BlueBand, gdal.CI_PaletteIndex, gdal.CI_AlphaBand:
		return refuse(d.path, ErrNotDEM, "terrane ingest imagery for pictures", "it is a picture (%s)", strings.ToLower(ci.Name()))
	}
	if d.DataType == "Byte" && band.MetadataItem("PIXELTYPE", "IMAGE_STRUCTURE") == "SIGNEDBYTE" {
		d.DataType = "Int8"
	}
	return nil
}

// checkBlocks refuses what no machine should try to read, and files that end before their blocks do.
func (d *dem) checkBlocks(ds gdal.Dataset) error {
	if d.Cols < 1 || d.Rows < 1 || int64(d.Cols)*int64(d.Rows) > maxPixels {
		return refuse(d.path, ErrSize, "check the file", "it claims %d x %d pixels", d.Cols, d.Rows)
	}
	band := ds.RasterBand(1)
	width, height := band.BlockSize()
	if size := int64(width) * int64(height) * int64(band.RasterDataType().Size()/8); width < 1 || height < 1 || size > maxBlockBytes {
		return refuse(d.path, ErrSize, "gdal_translate -co TILED=YES FILE out.tif", "its blocks are %d x %d pixels", width, height)
	}
	if d.Driver != "GTiff" {
		return nil
	}
	across, down := (d.Cols+width-1)/width, (d.Rows+height-1)/height
	step := max(1, across*down/1024)
	for n := across*down - 1; n >= 0; n -= step {
		if end := blockEnd(band, n%across, n/across); end > d.bytes {
			return refuse(d.path, ErrCorrupt, "copy the file again", "it has %d bytes where a block ends at %d", d.bytes, end)
		}
	}
	return nil
}

// blockEnd returns where a TIFF block ends in the file, 0 for one that was never written.
func blockEnd(band gdal.RasterBand, x, y int) int64 {
	offset, _ := strconv.ParseInt(band.MetadataItem(fmt.Sprintf("BLOCK_OFFSET_%d_%d", x, y), "TIFF"), 10, 64)
	size, _ := strconv.ParseInt(band.MetadataItem(fmt.Sprintf("BLOCK_SIZE_%d_%d", x, y), "TIFF"), 10, 64)
	return offset + size
}

// place reads the georeferencing.
func (d *dem) place(ds gdal.Dataset, a *atlas) error {
	if err := d.checkFiles(ds); err != nil {
		return err
	}
	t, ok := geoTransform(ds)
	if !ok {
		if ds.GDALGetGCPCount() > 0 {
			return refuse(d.path, ErrNoCRS, "gdalwarp FILE out.tif", "it is placed by ground control points only")
		}
		return refuse(d.path, ErrNoCRS, "gdal_translate -a_srs EPSG:n -a_ullr W N E S FILE out.tif", "it is not georeferenced")
	}
	d.Transform = t
	if d.inverse, ok = invert(t); !ok {
		return refuse(d.path, ErrCRS, "gdal_translate -a_ullr W N E S FILE out.tif", "its geotransform %v has no inverse", t)
	}
	if a.given != nil {
		d.crs, d.Replaced = *a.given, a.replaced(datasetWKT(ds))
	} else {
		whole := datasetWKT(ds)
		if whole == "" {
			return remedyNoCRS(d.path)
		}
		c, err := a.reference(whole)
		if err != nil {
			return refuse(d.path, ErrCRS, crsAdvice, "%v", err)
		}
		d.crs = c
	}
	d.CRS, d.WKT, d.Vertical = d.crs.name, d.crs.whole, d.crs.vertical
	if d.Vertical == (Vertical{}) {
		d.Vertical = d.verticalByForm(ds)
	}
	return nil
}

// checkFiles holds that everything GDAL reads for this file lies in its folder, links of the folder resolved.
func (d *dem) checkFiles(ds gdal.Dataset) error {
	if d.member != "" {
		return nil
	}
	for _, f := range fileList(ds) {
		if f != d.path && !inside(filepath.Dir(d.path), f) {
			return refuse(d.path, ErrUnsafe, "put its files into one folder", "it refers to %s", filepath.Base(f))
		}
	}
	return nil
}

// inside tells whether a file lies in a folder or below it, after every link is followed.
func inside(folder, file string) bool {
	a, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return false
	}
	b, err := filepath.EvalSymlinks(file)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(a, b)
	return err == nil && filepath.IsLocal(rel)
}

// readUnits learns how pixels become metres.
func (d *dem) readUnits(ds gdal.Dataset, opt Options) error {
	band := ds.RasterBand(1)
	if v, ok := band.NoDataValue(); ok {
		d.NoData = &v
	}
	if opt.NoData != nil {
		v := *opt.NoData
		d.NoData = &v
	}
	d.Scale, d.Offset = 1, 0
	if v, ok := band.GetScale(); ok && v != 0 {
		d.Scale = v
	}
	if v, ok := band.GetOffset(); ok {
		d.Offset = v
	}
	if math.IsNaN(d.Scale+d.Offset) || math.IsInf(d.Scale+d.Offset, 0) {
		return refuse(d.path, ErrNotDEM, "gdal_translate -a_scale 1 -a_offset 0 FILE out.tif", "scale %g, offset %g", d.Scale, d.Offset)
	}
	if d.Depth = opt.Depth || d.crs.down; d.Depth {
		d.Scale, d.Offset = -d.Scale, -d.Offset
	}
	var err error
	stated := band.GetUnitType()
	if d.Unit, d.UnitMetres, err = heightUnit(stated, d.crs.unitMetres); err != nil {
		return refuse(d.path, ErrNotDEM, "gdal_edit.py -setunit m FILE on a copy, if they are heights in metres", "%v", err)
	}
	if err := d.hearUnit(opt.Unit, strings.TrimSpace(stated) != "" || d.crs.unitMetres != 0); err != nil {
		return err
	}
	d.decode = newDecoder(d.File, band.GetMaskFlags())
	return nil
}

// hearUnit takes in the unit that the caller says the values are in. stated tells that the file has one, which must be the same.
func (d *dem) hearUnit(told string, stated bool) error {
	if told == "" {
		return nil
	}
	name, metres, err := heightUnit(told, 0)
	if err != nil {
		return refuse("--unit", ErrNotDEM, "--unit m, ft or us-ft", "%v", err)
	}
	if stated && metres != d.UnitMetres {
		return refuse(d.path, ErrNotDEM, "leave --unit out; if the file is wrong, gdal_edit.py -setunit "+told+" FILE on a copy",
			"its heights are stated to be in units of a %s, not a %s", d.Unit, name)
	}
	d.Unit, d.UnitMetres = name, metres
	return nil
}

func remedyNoCRS(path string) error {
	return refuse(path, ErrNoCRS, crsAdvice, "the file does not say where on Earth it lies (an .aux.xml beside it is not read)")
}

// invert returns the inverse of a geotransform.
func invert(t [6]float64) ([6]float64, bool) {
	det := t[1]*t[5] - t[2]*t[4]
	for _, v := range t {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return t, false
		}
	}
	if det == 0 || math.IsInf(1/det, 0) {
		return t, false
	}
	a, b, c, e := t[5]/det, -t[2]/det, -t[4]/det, t[1]/det
	return [6]float64{-(a*t[0] + b*t[3]), a, b, -(c*t[0] + e*t[3]), c, e}, true
}

// apply maps (x, y) by a geotransform.
func apply(t [6]float64, x, y float64) (float64, float64) {
	return t[0] + t[1]*x + t[2]*y, t[3] + t[4]*x + t[5]*y
}
