// Package resample takes pixels from where they lie to where a map wants them. It knows neither files nor projections: a [Place] says where in the source
// an output pixel lies, and a [Field] knows that for a rectangle of them, exactly at control points and interpolated between, to a stated error.
//
// The same resampler serves both moments: ingest warps windows of a raster into tiles, GetMap warps joined tiles into a picture. Pixel (c, r) spans c..c+1 and
// r..r+1, its centre is at c+0.5, r+0.5: half-pixel shifts come from nowhere else. Rows count downwards. Colours are weighted with their alpha, so that what is transparent has no say.
package resample

import "image"

// Place turns positions of output pixels into positions in the source, in place; NaN where the source has no such place. len(x) == len(y). It must be
// safe for the goroutine that calls it only.
type Place func(x, y []float64)

// Kernel is an interpolation.
type Kernel string

// The kernels. Cubic is Keys' with a = -0.5 (Catmull-Rom), as GDAL's.
const (
	Nearest  Kernel = "nearest"
	Bilinear Kernel = "bilinear"
	Cubic    Kernel = "cubic"
)

// Box is a rectangle of source positions, or nothing if Max is less than Min.
type Box struct{ MinX, MinY, MaxX, MaxY float64 }

// Source is a window of source pixels: Pix.Rect says which, in the source's own pixel numbers. What lies outside of it is transparent. Opaque says that no pixel inside is.
type Source struct {
	Pix    *image.NRGBA
	Opaque bool
}
