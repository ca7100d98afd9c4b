package raster

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/resample"
)

// PictureOptions of [OpenPictures]. The zero value reads every file as it declares itself.
type PictureOptions struct {
	SrcCRS     string          // "EPSG:4326" or "4326": instead of the files' own; "" = from each file
	NoData     []float64       // instead of the declared values: one for all bands, or one for each colour; a pixel is void where all colours equal theirs
	Bands      []int           // counted from 1: grey, or R,G,B, or with alpha behind; nil = by what the bands say they are
	Scale      *[2]float64     // become 0 and 255, in every file but palettes; nil = see [PictureFile]
	Resampling resample.Kernel // "" = bilinear, and nearest for palettes, as their colours are classes
	Priority   Priority        // "" is Last, as gdalwarp and gdalbuildvrt lay later files over earlier ones
	Values     bool            // Pictures.Values will be asked
	CacheBytes int64           // GDAL's block cache, of the whole process; 0 leaves it alone
	Handles    int             // most handles of one file; 0 = min(4, GOMAXPROCS)
	OpenFiles  int             // most handles of all files; 0 = 64
}

// PictureFile is what is known about one picture, for plans and provenance.
type PictureFile struct {
	Path       string // absolute
	Member     string // the raster inside a zip, or ""
	Driver     string // GDAL's short name
	DataType   string // GDAL's name: "Byte", "UInt16"; signed bytes are "Int8"
	CRS        string // "EPSG:32632" or a name
	Replaced   string // the reference that the file itself states, where SrcCRS says another; else ""
	Cols, Rows int
	Count      int  // of all its bands
	Palette    bool // its one band is numbers of colours
	Collar     *Collar
	Bands      []int  // taken, counted from 1: one of grey or of a palette, three of colour
	Alpha      int    // the band that is alpha, or 0
	Why        string // of the choice: "red, green and blue by colour interpretation"
	Void       string // what is transparent: "alpha band 4", "mask", "nodata 0 0 0", "palette", several of them, or ""
	// Scale tells which values become 0 and 255, those between in even steps; nil: bytes and palettes as they are. Unless it is given, bytes of fewer than 8 bits are
	// stretched from their least to their greatest possible value, and every other type from the 2nd to the 98th percentile of all its colours in thumbnails of all files of that type.
	Scale      *[2]float64
	NoData     []float64 // of each colour, where declared or given for all
	Overviews  int
	Kernel     resample.Kernel
	SizeBytes  int64 // on disk
	ModTime    time.Time
	Resolution Resolution
	Bound      orb.Bound // of the pixels' outer edges; Max.Lon > 180 where it crosses the antimeridian, -180..180 where it goes round
}

// Pictures is any number of pictures, laid over each other. It is safe for concurrent use.
type Pictures struct {
	list    []*picture // in the order given
	top     []*picture // the top one first
	pool    *pool
	lenders map[string]*lender // from longitude and latitude, by definition
	scratch sync.Pool          // of *painting
}

// OpenPictures opens files and checks that each is a picture that can be placed on Earth. The first file that is not refuses all of them, with a remedy.Error that matches [ErrInput].
// The caller closes what it returns.
func OpenPictures(ctx context.Context, paths []string, opt PictureOptions) (*Pictures, error) {
	setup(opt.CacheBytes)
	if len(paths) == 0 {
		return nil, refuse("", ErrOpen, "name at least one picture", "no files")
	}
	var given *crs
	if opt.SrcCRS != "" {
		c, err := parseCRS(opt.SrcCRS)
		if err != nil {
			return nil, err
		}
		given = &c
	}
	a := newAtlas(given)
	defer a.close()
	list, err := openEach(ctx, paths, func(name string) (*picture, error) { return openPicture(ctx, name, opt, a) })
	if err != nil {
		return nil, err
	}
	if err := chooseScales(list, opt.Scale); err != nil {
		return nil, err
	}
	p := &Pictures{list: list, top: ordered(list, opt.Priority), lenders: map[string]*lender{},
		pool: newPool(Options{Handles: opt.Handles, OpenFiles: opt.OpenFiles})}
	for _, f := range list {
		if key := f.crs.horizontal; p.lenders[key] == nil {
			p.lenders[key] = &lender{from: lonLat, to: key}
		}
	}
	return p, nil
}

// ordered returns the pictures from the top down.
func ordered(list []*picture, p Priority) []*picture {
	out := slices.Clone(list)
	switch p {
	case "", Last:
		slices.Reverse(out)
	case Finest:
		slices.SortStableFunc(out, func(a, b *picture) int { return cmp.Compare(a.Resolution.Degrees, b.Resolution.Degrees) })
	}
	return out
}

// openEach opens files on every core and returns the error of the first bad one in order.
func openEach[T any](ctx context.Context, paths []string, open func(name string) (T, error)) ([]T, error) {
	list, errs := make([]T, len(paths)), make([]error, len(paths))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(len(paths), runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := range next {
				list[i], errs[i] = open(paths[i])
			}
		})
	}
	for i := range paths {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return list, ctx.Err()
}

// Files returns the facts of every file, in the order given.
func (p *Pictures) Files() []PictureFile {
	out := make([]PictureFile, len(p.list))
	for i, f := range p.list {
		out[i] = f.facts()
	}
	return out
}

// Bounds returns the ground of each file, in the order given; see [PictureFile].
func (p *Pictures) Bounds() []orb.Bound {
	out := make([]orb.Bound, len(p.list))
	for i, f := range p.list {
		out[i] = f.Bound
	}
	return out
}

// Close closes every file. No method may be running or called after.
func (p *Pictures) Close() error {
	p.pool.close()
	for _, l := range p.lenders {
		l.close()
	}
	return nil
}
