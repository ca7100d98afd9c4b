package raster

import (
	"time"

	"github.com/paulmach/orb"
)

// Priority says which of several layers is on top.
type Priority string

// The priorities.
const (
	Finest Priority = "finest" // the smallest pixel first, then as given
	First  Priority = "first"  // as given
	Last   Priority = "last"   // the last one given on top
)

// Options of a stack. The zero value reads every file as it declares itself.
type Options struct {
	SrcCRS     string   // "EPSG:4326" (or "4326") or "EPSG:25832+7837": instead of the files' own; "" = from each file
	NoData     *float64 // instead of the declared value, before scale and offset
	Priority   Priority // "" is Finest
	CacheBytes int64    // GDAL's block cache, of the whole process; 0 leaves it alone
	Vertical   string   // what heights count from: "" or "auto" as found, "ellipsoid", a model of OpenGeoid, "PATTERN=MODEL,..." by file name
	Depth      bool     // values count downwards: depths become negative heights
	Unit       string   // of the values, where files do not state theirs: "m", "ft", "us-ft"; "" = metres
	Handles    int      // most handles of one file; 0 = min(4, GOMAXPROCS)
	OpenFiles  int      // most handles of the stack; 0 = 64
}

// Resolution is the size of a pixel at the centre of a file.
type Resolution struct {
	Metres  float64 // north-south
	Degrees float64 // the finer side of a geographic pixel; else Metres as latitude
}

// File is what is known about one DEM file, for plans and provenance.
type File struct {
	Path       string // absolute
	Member     string // the raster inside a zip, or ""
	Driver     string // GDAL's short name
	DataType   string // GDAL's name: "Int16", "Float32"; signed bytes are "Int8"
	CRS        string // of the horizontal part: "EPSG:32632" or a name
	WKT        string // whole, WKT 2
	Replaced   string // the reference that the file itself states, where SrcCRS says another; else ""
	Vertical   Vertical
	Shift      Shift
	Depth      bool       // values count downwards
	Unit       string     // "metre", "foot", "US survey foot"
	UnitMetres float64    // metres in one Unit
	Cols, Rows int        // pixels
	Transform  [6]float64 // GDAL's geotransform: outer corner of pixel 0, 0 and the steps
	NoData     *float64   // declared or overridden, before scale and offset; nil = none
	Scale      float64
	Offset     float64 // height = (pixel * Scale + Offset) * UnitMetres
	SizeBytes  int64   // on disk
	ModTime    time.Time
	Resolution Resolution
	Bound      orb.Bound // of the pixels' outer edges; Max.Lon > 180 where it crosses the antimeridian, -180..180 where it goes round
	Survey     FileSurvey
}

// FileSurvey is what a look at some of the pixels says about the heights. A large file is sampled, so extremes are near the
// truth, not it.
type FileSurvey struct {
	Min, Max   float64 // metres, of the valid samples
	Valid      float64 // share of valid samples, 0..1
	Suspicions []string
}
