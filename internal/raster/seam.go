package raster

/*
#cgo pkg-config: gdal
#include "seam.h"
*/
import "C"

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"
)

// The binding hides its C handles. Each is the first and only word of its type; should that change, these lines do not
// compile.
var (
	_ [unsafe.Sizeof(uintptr(0))]byte = [unsafe.Sizeof(gdal.Dataset{})]byte{}
	_ [unsafe.Sizeof(uintptr(0))]byte = [unsafe.Sizeof(gdal.RasterBand{})]byte{}
	_ [unsafe.Sizeof(uintptr(0))]byte = [unsafe.Sizeof(gdal.SpatialReference{})]byte{}
	_ [unsafe.Sizeof(uintptr(0))]byte = [unsafe.Sizeof(gdal.CoordinateTransform{})]byte{}
)

func dataset(ds *gdal.Dataset) C.GDALDatasetH { return *(*C.GDALDatasetH)(unsafe.Pointer(ds)) }

func reference(sr *gdal.SpatialReference) C.OGRSpatialReferenceH {
	return *(*C.OGRSpatialReferenceH)(unsafe.Pointer(sr))
}

// setup prepares GDAL; it may be called any number of times, from any goroutine.
func setup(cacheBytes int64) {
	C.terrane_setup()
	if cacheBytes > 0 {
		C.GDALSetCacheMax64(C.GIntBig(cacheBytes))
	}
}

// collected runs op on one OS thread and returns what GDAL said there if it was a failure, else op's own error. GDAL's
// messages belong to the OS thread: read outside the lock, they are another goroutine's. op must not call collected.
func collected(op func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	C.terrane_begin()
	err := op()
	var text [1024]C.char
	if worst := C.terrane_end(&text[0], C.int(len(text))); worst >= C.CE_Failure || (err != nil && text[0] != 0) {
		return errors.New(C.GoString(&text[0]))
	}
	return err
}

// geoTransform returns false where the dataset has none.
func geoTransform(ds gdal.Dataset) (t [6]float64, ok bool) {
	ok = C.terrane_geotransform(dataset(&ds), (*C.double)(unsafe.Pointer(&t[0]))) != 0
	return t, ok
}

// isSparse tells that the file stores nothing for a window.
func isSparse(band gdal.RasterBand, w window) bool {
	h := *(*C.GDALRasterBandH)(unsafe.Pointer(&band))
	return C.terrane_empty(h, C.int(w.col), C.int(w.row), C.int(w.cols), C.int(w.rows)) != 0
}

// fileList names the files that a dataset reads. The binding's own leaks the list and crashes where there is none.
func fileList(ds gdal.Dataset) []string {
	return strings.Split(strings.TrimSuffix(take(C.terrane_files(dataset(&ds))), "\n"), "\n")
}

// datasetWKT returns the dataset's CRS as WKT 2, "" where it has none.
func datasetWKT(ds gdal.Dataset) string { return take(C.terrane_dataset_wkt(dataset(&ds))) }

// wkt returns the CRS as WKT 2.
func wkt(sr gdal.SpatialReference) string { return take(C.terrane_wkt(reference(&sr))) }

// horizontalWKT returns the CRS without a vertical part.
func horizontalWKT(sr gdal.SpatialReference) string {
	return take(C.terrane_horizontal_wkt(reference(&sr)))
}

// take copies a C string and frees it.
func take(s *C.char) string {
	if s == nil {
		return ""
	}
	defer C.terrane_free(unsafe.Pointer(s))
	return C.GoString(s)
}

// crsName returns "EPSG:4326" where the CRS has a code, else its name.
func crsName(sr gdal.SpatialReference) string {
	h := reference(&sr)
	if authority, code := C.GoString(C.terrane_authority(h)), C.GoString(C.terrane_code(h)); authority != "" && code != "" {
		return authority + ":" + code
	}
	return C.GoString(C.terrane_name(h))
}

// srsName returns the name of a CRS, whatever its code.
func srsName(sr gdal.SpatialReference) string { return C.GoString(C.terrane_name(reference(&sr))) }

// northFirst tells that the authority writes the northing or latitude first.
func northFirst(sr gdal.SpatialReference) bool { return C.terrane_north_first(reference(&sr)) != 0 }

// areaOfUse returns the whole Earth where none is known. Max.Lon is not less than Min.Lon.
func areaOfUse(sr gdal.SpatialReference) orb.Bound {
	var b [4]C.double
	if C.terrane_area(reference(&sr), &b[0]) == 0 {
		return orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	}
	if b[2] < b[0] {
		b[2] += 360
	}
	return orb.Bound{Min: orb.Point{float64(b[0]), float64(b[1])}, Max: orb.Point{float64(b[2]), float64(b[3])}}
}

// unit returns metres of one unit, or radians for a geographic system. The binding's own frees a string that belongs to the system.
func unit(sr gdal.SpatialReference) float64 { return float64(C.terrane_unit(reference(&sr))) }

// epsgCodes lists the geographic 2D and projected systems of the EPSG registry that are in force.
func epsgCodes() []int {
	codes := make([]C.int, 1<<16)
	codes = codes[:C.terrane_epsg_codes(&codes[0], C.int(len(codes)))]
	out := make([]int, len(codes))
	for i, c := range codes {
		out[i] = int(c)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// axes returns 3 for a CRS with ellipsoidal heights.
func axes(sr gdal.SpatialReference) int { return int(C.terrane_axes(reference(&sr))) }

// transformPoints moves points in place; those that cannot be moved become NaN. A transform serves one goroutine at a time.
func transformPoints(ct gdal.CoordinateTransform, x, y []float64) {
	if len(x) == 0 || len(x) != len(y) || len(x) > math.MaxInt32 {
		return
	}
	h := *(*C.OGRCoordinateTransformationH)(unsafe.Pointer(&ct))
	C.terrane_transform(h, C.int(len(x)), (*C.double)(unsafe.Pointer(&x[0])), (*C.double)(unsafe.Pointer(&y[0])))
}

// readBand fills buf with a window of a band, decimated to width x height by nearest neighbour (through overviews where they
// exist). The binding would overrun a short buffer.
func readBand[T uint8 | float32 | float64](band gdal.RasterBand, w window, buf []T, width, height int) error {
	if width <= 0 || height <= 0 || len(buf) < width*height {
		return errors.New("raster: buffer smaller than the window")
	}
	return collected(func() error {
		return band.IO(gdal.Read, w.col, w.row, w.cols, w.rows, buf[:width*height], width, height, 0, 0)
	})
}

// spacing is the distance between values of a buffer, counted in values.
type spacing struct{ pixel, line, band int }

// readBands reads a window of bands into one buffer, pixel for pixel.
func readBands[T uint8 | float64](bands []gdal.RasterBand, w window, buf []T, s spacing) error {
	if w.cols < 1 || w.rows < 1 || len(bands) < 1 || len(buf) <= (w.cols-1)*s.pixel+(w.rows-1)*s.line+(len(bands)-1)*s.band {
		return errors.New("raster: buffer smaller than the window")
	}
	handles := make([]C.GDALRasterBandH, len(bands))
	for i := range bands {
		handles[i] = *(*C.GDALRasterBandH)(unsafe.Pointer(&bands[i]))
	}
	size, kind := int(unsafe.Sizeof(buf[0])), C.GDALDataType(C.GDT_Byte)
	if size == 8 {
		kind = C.GDT_Float64
	}
	at := [4]C.int{C.int(w.col), C.int(w.row), C.int(w.cols), C.int(w.rows)}
	step := [3]C.int{C.int(s.pixel * size), C.int(s.line * size), C.int(s.band * size)}
	return collected(func() error {
		if C.terrane_read(&handles[0], C.int(len(bands)), &at[0], unsafe.Pointer(&buf[0]), kind, &step[0]) != C.CE_None {
			return errors.New("GDAL gave no reason")
		}
		return nil
	})
}

// colorTable returns the colours of a band's palette, none where it has none.
func colorTable(band gdal.RasterBand) [][4]uint8 {
	colors := make([][4]uint8, 1<<16)
	h := *(*C.GDALRasterBandH)(unsafe.Pointer(&band))
	return slices.Clone(colors[:C.terrane_color_table(h, (*C.uchar)(unsafe.Pointer(&colors[0])), C.int(len(colors)))])
}
