package raster

/*
#include "vectorseam.h"
*/
import "C"

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unsafe"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/terrane/terrane/internal/region"
)

// ErrShape: no polygons, or rings that enclose nothing that can be told.
var ErrShape error = refusal("raster: unusable polygons")

// Polygons is what a vector file encloses.
type Polygons struct {
	Path   string   // absolute
	Driver string   // GDAL's short name
	CRS    string   // of the first layer that has polygons
	Files  []string // all that belongs to it, absolute
	// Shapes are in degrees of WGS 84, longitude first, their edges straight there. Longitudes may lie beyond -180..180: edges never wrap.
	Shapes []orb.Polygon
}

// mostPoints is how many points a file may have, a gigabyte of them: the coasts of the globe at a few metres.
const mostPoints = 1 << 26

// ReadPolygons reads the polygons of every layer of a GeoJSON file, a Shapefile or a GeoPackage, in any reference system; other
// geometries are passed over. Straight edges of a projected reference are bent as they are on the globe, to 0.1 m; what
// encloses a pole there is closed along it. In a geographic reference edges are straight in degrees and never wrap, as GeoJSON
// has it. Errors are remedies that match [ErrInput].
func ReadPolygons(ctx context.Context, name string) (Polygons, error) {
	setup(0)
	C.terrane_no_fetch()
	s, err := admitVector(name)
	if err != nil {
		return Polygons{}, err
	}
	var ds gdal.Dataset
	err = collected(func() (err error) {
		ds, err = gdal.OpenEx(s.gdal, gdal.OFReadOnly|gdal.OFVector|gdal.OFVerbose_Error, s.drivers, nil, nil)
		return err
	})
	if ds == (gdal.Dataset{}) {
		return Polygons{}, refuse(s.path, ErrOpen, s.advice, "%s", s.clean(orReason(err)))
	}
	defer ds.Close()
	if err != nil {
		return Polygons{}, refuse(s.path, ErrCorrupt, "copy the file again", "%s", s.clean(err))
	}
	r := vectorReader{source: s, Polygons: Polygons{Path: s.path, Driver: s.drivers[0]}}
	if err := r.read(ctx, ds); err != nil {
		return Polygons{}, err
	}
	return r.Polygons, nil
}

func orReason(err error) error {
	if err == nil {
		return errors.New("GDAL gave no reason")
	}
	return err
}

// vectorReader reads one file.
type vectorReader struct {
	source
	Polygons
	points int
	others int // geometries that are no polygons
}

func (r *vectorReader) read(ctx context.Context, ds gdal.Dataset) error {
	for _, f := range fileList(ds) {
		if f != r.source.path && !inside(filepath.Dir(r.source.path), f) {
			return refuse(r.source.path, ErrUnsafe, "put its files into one folder", "it refers to %s", filepath.Base(f))
		}
		r.Files = append(r.Files, f)
	}
	for n := range int(C.terrane_layers(dataset(&ds))) {
		if err := r.layer(ctx, ds.LayerByIndex(n)); err != nil {
			return err
		}
	}
	switch {
	case len(r.Shapes) > 0:
		return nil
	case r.others > 0:
		return refuse(r.source.path, ErrShape, "give polygons; ogr2ogr -nlt POLYGON makes them of closed lines", "it has points or lines only")
	}
	return refuse(r.source.path, ErrShape, "give a file with polygons", "it is empty")
}

// layer reads all features of a layer.
func (r *vectorReader) layer(ctx context.Context, layer gdal.Layer) error {
	var placer *placer
	defer func() { placer.close() }()
	layer.ResetReading()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		id, data, err := nextShape(layer)
		if err != nil {
			return refuse(r.source.path, ErrCorrupt, "copy the file again, or ogr2ogr out.gpkg FILE", "%s", r.clean(err))
		}
		if data == nil && id < 0 {
			return nil
		}
		polygons, err := r.decode(data)
		if err == nil && len(polygons) > 0 && placer == nil {
			placer, err = r.newPlacer(layer)
		}
		for k := 0; k < len(polygons) && err == nil; k++ {
			err = r.add(placer, polygons[k])
		}
		if err != nil {
			return r.named(layer, id, err)
		}
	}
}

// nextShape returns the next feature's number and its geometry as WKB, nil where it has none; a number below 0 after the last.
func nextShape(layer gdal.Layer) (id int64, data []byte, err error) {
	id = -1
	err = collected(func() error {
		f := layer.NextFeature()
		if f == nil {
			return nil
		}
		defer f.Destroy()
		id = max(0, f.FID())
		var size C.int
		shape := C.terrane_shape(*(*C.OGRFeatureH)(unsafe.Pointer(f)), &size)
		if shape != nil {
			data = C.GoBytes(unsafe.Pointer(shape), size)
			C.terrane_free_shape(shape)
		}
		return nil
	})
	return id, data, err
}

var _ [unsafe.Sizeof(uintptr(0))]byte = [unsafe.Sizeof(gdal.Feature{})]byte{} // as those in seam.go

// named says which feature is wrong, unless the error tells whose fault it is already.
func (r *vectorReader) named(layer gdal.Layer, id int64, err error) error {
	if !errors.Is(err, errRing) {
		return err
	}
	where := fmt.Sprintf("feature %d", id)
	if r.Driver == "GPKG" {
		where += " of layer " + layer.Name()
	}
	return refuse(r.source.path, ErrShape, ringAdvice(err), "%s: %v", where, err)
}

// wkbCollection is the last kind of geometry of the first standard; what comes after it are surfaces made of triangles and the like.
const wkbCollection = 7

// decode returns the polygons of a geometry, those of collections included.
func (r *vectorReader) decode(data []byte) ([]orb.Polygon, error) {
	if len(data) < 5 {
		return nil, nil
	}
	if binary.LittleEndian.Uint32(data[1:]) > wkbCollection {
		r.others++
		return nil, nil
	}
	g, err := wkb.Unmarshal(data)
	if err != nil {
		return nil, ringError("a geometry that cannot be read: %s", strings.TrimPrefix(err.Error(), "wkb: "))
	}
	return r.polygons(g), nil
}

func (r *vectorReader) polygons(g orb.Geometry) []orb.Polygon {
	switch g := g.(type) {
	case orb.Polygon:
		return []orb.Polygon{g}
	case orb.MultiPolygon:
		return g
	case orb.Collection:
		var all []orb.Polygon
		for _, part := range g {
			all = append(all, r.polygons(part)...)
		}
		return all
	}
	r.others++
	return nil
}

// add checks a polygon and puts it in its place.
func (r *vectorReader) add(p *placer, polygon orb.Polygon) error {
	for k, ring := range polygon {
		if r.points += len(ring); r.points > mostPoints {
			return refuse(r.source.path, ErrSize, "ogr2ogr -clipsrc W S E N out.gpkg FILE for the ground that is needed",
				"it has more than %d points", mostPoints)
		}
		if err := checkRing(ring); err != nil {
			return err
		}
		placed, err := p.place(ring)
		if err != nil {
			return err
		}
		if at, ok := region.Crossing(placed); ok {
			return ringError("a ring crosses itself near %.6f, %.6f", at[0], at[1])
		}
		polygon[k] = placed
	}
	if len(polygon) > 0 {
		r.Shapes = append(r.Shapes, polygon)
	}
	return nil
}
