package raster

import (
	"context"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/lukeroth/gdal"

	"github.com/terrane/terrane/internal/resample"
)

// picture is a file that passed every check, and how its pixels become colours. Its place on Earth, its size and its guards are those of every raster here.
type picture struct {
	dem
	look    look
	count   int // of all bands
	bands   []int
	alpha   int
	why     string
	palette [][4]uint8
	masked  bool
	nodata  []float64 // of each band shown, or nil
	bits    int       // of a value, where fewer than its type has; else 0
	scale   *[2]float64
	kernel  resample.Kernel
	levels  []level // the finest first: the raster itself
	samples []float64
	values  valueBands // for Pictures.Values
	collar  *Collar
}

// level is a raster that may be read for a picture: itself, or one of its overviews.
type level struct {
	overview   int // counted from 0; -1 is the raster itself
	cols, rows int
	x, y       float64 // pixels of the raster that one of its pixels spans
	shift      float64 // pixels of the raster that positions are moved by, both ways, before they are divided by x and y
}

// maxWhole bounds the pixels of a file that is decoded from its beginning, or as a whole, whatever part of it is read.
const maxWhole, maxInMemory = 1 << 29, 1 << 27

// openPicture opens a file and learns everything about it but its scale; the handle is closed again.
func openPicture(ctx context.Context, name string, opt PictureOptions, a *atlas) (*picture, error) {
	s, err := admit(name, pictureFormats())
	if err != nil {
		return nil, err
	}
	ds, err := s.open()
	if err != nil {
		return nil, err
	}
	defer ds.Close()
	p := &picture{dem: dem{source: s}}
	p.Path, p.Member, p.SizeBytes, p.ModTime = s.path, s.member, s.size, s.modTime
	driver := ds.Driver()
	p.Driver, p.Cols, p.Rows, p.count = driver.ShortName(), ds.RasterXSize(), ds.RasterYSize(), ds.RasterCount()
	for _, step := range []func(gdal.Dataset) error{
		func(ds gdal.Dataset) error { return p.chooseBands(ds, opt.Bands) },
		p.checkType,
		p.checkProxy,
		p.checkBlocks,
		p.checkWhole,
		func(ds gdal.Dataset) error { return p.place(ds, a) },
		func(gdal.Dataset) error { return p.measure(a) },
		func(ds gdal.Dataset) error { return p.chooseVoid(ds, opt.NoData) },
		func(ds gdal.Dataset) error { return p.chooseKernel(ds, opt.Resampling) },
		func(ds gdal.Dataset) error { return p.inspectPicture(ctx, ds) },
		func(ds gdal.Dataset) error { return p.findCollar(ctx, ds) },
		func(ds gdal.Dataset) error {
			if !opt.Values {
				return nil
			}
			return p.listValues(ds)
		},
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := step(ds); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// checkType accepts real numbers, all of one type.
func (p *picture) checkType(ds gdal.Dataset) error {
	band := ds.RasterBand(p.bands[0])
	kind := band.RasterDataType()
	p.DataType = kind.Name()
	for _, b := range p.bands {
		if other := ds.RasterBand(b).RasterDataType(); other != kind {
			return refuse(p.path, ErrNotPicture, "gdal_translate -ot Float32 FILE out.tif", "its bands are of different types: %s, %s", p.DataType, other.Name())
		}
	}
	if kind.IsComplex() != 0 {
		return refuse(p.path, ErrNotPicture, "gdal_calc.py --calc 'abs(A)' for the amplitude", "its values are complex (%s)", p.DataType)
	}
	if p.DataType == "Byte" && band.MetadataItem("PIXELTYPE", "IMAGE_STRUCTURE") == "SIGNEDBYTE" {
		p.DataType = "Int8"
	}
	if n, err := strconv.Atoi(band.MetadataItem("NBITS", "IMAGE_STRUCTURE")); err == nil && p.DataType == "Byte" && n > 0 && n < 8 {
		p.bits = n
	}
	return nil
}

// checkWhole refuses large files of formats of which no part can be read by itself.
func (p *picture) checkWhole(ds gdal.Dataset) error {
	most := 0
	switch p.Driver {
	case "WEBP":
		most = maxInMemory
	case "JPEG", "PNG":
		most = maxWhole
		if head, err := readHead(p.path); err == nil && p.Driver == "PNG" && len(head) > 28 && head[28] != 0 { // interlaced
			most = maxInMemory
		}
	}
	if most > 0 && p.Cols*p.Rows > most {
		return refuse(p.path, ErrSize, "gdal_translate -of COG FILE out.tif", "%d x %d pixels are too many for %s, of which no part can be read by itself",
			p.Cols, p.Rows, p.Driver)
	}
	if band := ds.RasterBand(1); p.Driver != "GTiff" {
		if w, h := band.BlockSize(); int64(w)*int64(h)*int64(ds.RasterCount()) > maxBlockBytes {
			return refuse(p.path, ErrSize, "gdal_translate -of COG FILE out.tif", "its blocks are %d x %d pixels of %d bands", w, h, ds.RasterCount())
		}
	}
	return nil
}

// chooseKernel takes nearest for classes, and lists the levels.
func (p *picture) chooseKernel(ds gdal.Dataset, given resample.Kernel) error {
	if p.kernel = given; given == "" {
		p.kernel = resample.Bilinear
		if p.look == palette {
			p.kernel = resample.Nearest
		}
	}
	p.levels = []level{{-1, p.Cols, p.Rows, 1, 1, 0}}
	for i := range ds.RasterBand(p.bands[0]).OverviewCount() {
		if l, ok := p.overview(ds, i); ok {
			p.levels = append(p.levels, l)
		}
	}
	slices.SortStableFunc(p.levels, func(a, b level) int { return b.cols - a.cols })
	return nil
}

// overview returns a level if all bands have it, with the same mask.
func (p *picture) overview(ds gdal.Dataset, i int) (level, bool) {
	l := level{overview: i}
	for k, n := range p.wanted() {
		band := ds.RasterBand(n)
		if band.OverviewCount() <= i {
			return l, false
		}
		o := band.Overview(i)
		if k == 0 {
			l.cols, l.rows = o.XSize(), o.YSize()
		}
		if o.XSize() != l.cols || o.YSize() != l.rows || (o.GetMaskFlags()^band.GetMaskFlags())&(maskPerDataset|maskAlpha) != 0 {
			return l, false
		}
	}
	if l.cols < 1 || l.rows < 1 || l.cols >= p.Cols && l.rows >= p.Rows {
		return l, false
	}
	l.x, l.y = float64(p.Cols)/float64(l.cols), float64(p.Rows)/float64(l.rows)
	if _, err := os.Lstat(p.path + ".ovr"); err == nil {
		return l, true
	}
	if p.Driver == "JPEG" || p.Driver == "JP2OpenJPEG" { // made by halving, the last pixel reaching over the edge
		k := math.Exp2(math.Round(math.Log2(max(l.x, l.y))))
		l.x, l.y = k, k
	}
	if p.Driver == "JP2OpenJPEG" { // a wavelet's low pass is centred on every second pixel, not between two: half a pixel off each time
		l.shift = (l.x - 1) / 2
	}
	return l, true
}

// wanted lists the bands that are read, alpha last.
func (p *picture) wanted() []int {
	if p.alpha > 0 {
		return append(slices.Clone(p.bands), p.alpha)
	}
	return p.bands
}

// plain tells that colours are read as bytes and are what they are.
func (p *picture) plain() bool { return p.DataType == "Byte" && p.scale == nil }

// facts returns what strangers may know.
func (p *picture) facts() PictureFile {
	return PictureFile{
		Path: p.path, Member: p.member, Driver: p.Driver, DataType: p.DataType, CRS: p.CRS, Cols: p.Cols, Rows: p.Rows,
		Bands: p.bands, Alpha: p.alpha, Why: p.why, Void: p.void(), Scale: p.scale, NoData: p.nodata, Overviews: len(p.levels) - 1,
		Kernel: p.kernel, SizeBytes: p.SizeBytes, ModTime: p.ModTime, Resolution: p.Resolution, Bound: p.Bound,
		Count: p.count, Palette: p.look == palette, Replaced: p.Replaced, Collar: p.collar,
	}
}
