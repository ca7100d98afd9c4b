// Package elevation answers questions about heights: of one place, of many, along a line. It reads the questions (numbers,
// arrays, GeoJSON as RFC 7946 has it) and writes the answers as JSON in the form in which they were asked; it knows neither HTTP
// nor files. The heights come from a [Surface].
//
// Positions are degrees on WGS 84 in lon, lat order. Heights are metres, bilinear between stored posts, given to the millimetre:
// stored ones are multiples of 1/64 m. They are what the dataset keeps, above the ellipsoid as a rule; [MSL] has them above mean
// sea level, which takes a geoid ([Sea]). Distances are metres along the shortest lines on the ellipsoid (internal/geodesic),
// and between two vertices of a line its profile follows that shortest line, also across the antimeridian.
//
// A place without data has no height: null in JSON. Questions that have no answer are a [*Refusal]; other errors are the
// surface's.
package elevation

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// MostPlaces is how many places one question may have, and a profile points.
const MostPlaces = 10_000

// What heights are above.
const (
	Ellipsoid = "ellipsoid"
	MSL       = "msl"
)

// Surface is ground whose heights are asked for. Height returns the height at a place on the deepest level, down to deepest,
// that has one; ok is false where there is none. Doubt returns by how many metres the last height may differ from its source's,
// as far as that comes of interpolation. One goroutine uses it.
type Surface interface {
	Height(ctx context.Context, p orb.Point, deepest uint8) (metres float64, level uint8, ok bool, err error)
	Doubt() float64
}

// Geoid is mean sea level: Undulation returns by how many metres it lies above the ellipsoid at a place; ok is false where it
// does not say. Safe for concurrent use.
type Geoid interface {
	Undulation(p orb.Point) (metres float64, ok bool)
}

// Sea is a geoid with its name. The zero value is none.
type Sea struct {
	Geoid
	Name string
}

// Refusal says why a question has no answer, and what to ask instead. Neither holds anything of the question but numbers.
type Refusal struct{ Reason, Try string }

// Error returns the reason.
func (r *Refusal) Error() string { return "elevation: " + r.Reason }

func refuse(try, reason string, args ...any) error {
	return &Refusal{fmt.Sprintf(reason, args...), try}
}

// Ask is how heights are wanted: of which level, "" for the deepest, and above what: "" for what is kept, [Ellipsoid], [MSL].
// Lifted is what [LiftedBy] says of the dataset, or "".
type Ask struct{ Level, Vertical, Lifted string }

// Ground is a surface as one question sees it. It is for one goroutine.
type Ground struct {
	surface  Surface
	info     tilestore.Info
	deepest  uint8
	vertical string
	sea      Sea    // of questions for mean sea level only
	lifted   string // the geoids that the dataset's heights counted from
}

// New returns the ground of a dataset as asked for, or a [*Refusal]: no such level, or heights that cannot be had so.
func New(surface Surface, info tilestore.Info, ask Ask, sea Sea) (*Ground, error) {
	g := &Ground{surface: surface, info: info, deepest: info.Levels[1], vertical: info.Vertical, lifted: ask.Lifted}
	if g.vertical == "" {
		g.vertical = "not stated"
	}
	if ask.Level != "" {
		n, err := strconv.ParseUint(ask.Level, 10, 8)
		if err != nil || uint8(n) > g.deepest {
			return nil, refuse("leave level out for the deepest", "level is a whole number; this dataset has levels %d to %d", info.Levels[0], g.deepest)
		}
		g.deepest = uint8(n)
	}
	switch {
	case ask.Vertical == "" || ask.Vertical == Ellipsoid && g.vertical == Ellipsoid:
		return g, nil
	case ask.Vertical != Ellipsoid && ask.Vertical != MSL:
		return nil, refuse("leave vertical out to get heights as they are kept", "vertical is %s or %s", Ellipsoid, MSL)
	case g.vertical != Ellipsoid:
		return nil, refuse("leave vertical out to get heights as they are kept, or ingest again with --vertical",
			"the heights of this dataset are not known to be above the ellipsoid")
	case sea.Geoid == nil:
		return nil, refuse("vertical=ellipsoid; who runs this adds a geoid with the package proj-data, or with --geoid FILE",
			"there is no geoid here, which heights above mean sea level take")
	}
	g.vertical, g.sea = MSL, sea
	return g, nil
}

// Reading is the height at a place.
type Reading struct {
	Place      orb.Point
	Known      bool    // false: there is no height
	Height     float64 // metres
	Level      uint8   // whose posts it lies between
	Doubt      float64 // metres by which the source may differ between posts
	Undulation float64 // of the geoid, if heights are above mean sea level
}

// At returns the height at a place. Errors: a [*Refusal] if it is none on Earth, and the surface's.
func (g *Ground) At(ctx context.Context, p orb.Point) (Reading, error) {
	r := Reading{Place: p}
	if err := checkPlace(p); err != nil {
		return r, err
	}
	var err error
	r.Height, r.Level, r.Known, err = g.surface.Height(ctx, p, g.deepest)
	if err != nil || !r.Known {
		return r, err
	}
	if r.Doubt = g.surface.Doubt(); g.sea.Geoid == nil {
		return r, nil
	}
	if r.Undulation, r.Known = g.sea.Undulation(p); r.Known {
		r.Height -= r.Undulation
	}
	return r, nil
}

// All returns the heights at places, in their order.
func (g *Ground) All(ctx context.Context, places []orb.Point) ([]Reading, error) {
	all := make([]Reading, len(places))
	for k, p := range places {
		if k%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var err error
		if all[k], err = g.At(ctx, p); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// checkPlace refuses what is no place. Longitudes may count once more round the globe than they need.
func checkPlace(p orb.Point) error {
	if math.Abs(p.Lat()) <= 90 && math.Abs(p.Lon()) <= 360 {
		return nil
	}
	return refuse("longitude first, then latitude, in degrees", "a position is outside of the globe: longitudes are -180 to 180, latitudes -90 to 90")
}

// resolution is how many metres the posts of a level lie apart from south to north.
func resolution(level uint8) float64 {
	_, north := terrain.MetresPerDegree(45)
	return tilegrid.Geodetic.Resolution(level, terrain.Cells) * north
}

// source names the dataset version that heights come from.
func (g *Ground) source() string {
	if g.info.Version == 0 {
		return g.info.Name
	}
	return fmt.Sprintf("%s@%d", g.info.Name, g.info.Version)
}
