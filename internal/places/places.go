// Package places is the gazetteer: names of places and where they are, in one SQLite file with a full-text index, searched as people type.
//
// A file NAME.places is made by a [Writer] out of what a [Reader] finds in GeoNames tables, GeoJSON and CSV; it never changes after. A [Gazetteer]
// is such a file opened for searching, a [Folder] all those of a data folder, of which it sees new, replaced and removed ones within a second.
// The schema is schema.sql; docs/formats.md tells of it, and docs/decisions/0018-gazetteer.md why it is as it is.
//
// # How it is searched
//
// Names are folded ([Fold]): lower case, without marks, ß as ss, ø as o. So zurich finds Zürich and the other way round. The words of all names of a
// place are terms of the index, as are its whole names, marked as such and written without blanks. Places are numbered by their importance, largest
// first, so what the index finds first is what is wanted first, and a search for "a" stops after ten of twenty thousand. What a user types never is
// part of the index's own language: only letters and digits of it are, between quotes.
//
// [ParseCoordinate] understands places written as coordinates.
//
// Longitudes and latitudes are degrees of WGS 84. Errors wrap tilestore.ErrLocked, ErrExists, ErrCorrupt, ErrForeign, ErrFull or ErrName;
// [ErrSource] is for what cannot be read, [ErrNoFTS5] for a program built without the index. The package needs SQLite with FTS5: the build tag
// sqlite_fts5.
package places

import (
	"errors"
	"math"
	"strings"

	"github.com/paulmach/orb"
)

var (
	// ErrSource is for a file of places that cannot be read: an unknown format, another encoding than UTF-8, no names.
	ErrSource = errors.New("places: unusable source")
	// ErrNoFTS5 is for a program whose SQLite has no full-text index.
	ErrNoFTS5 = errors.New("places: this program was built without FTS5, the full-text index of SQLite")
)

// Marks of a file: its application_id, "TRNP", and the layout of its tables, user_version.
const (
	ApplicationID = 0x54524e50
	Layout        = 1
)

// Extension is that of gazetteer files.
const Extension = ".places"

// Place is somewhere with a name.
type Place struct {
	Name        string
	Region      string // the part of the country, "" if it is not known
	Country     string // "" if it is not known
	CountryCode string // two letters of ISO 3166-1, "" if it is not known
	Layer       string // what it is, see [Layers]
	Population  int64  // 0 if it is not known
	Importance  int64  // what comes first: the population, or what stands for it
	Point       orb.Point
	Bound       orb.Bound // what to show of it; Max.Lon is beyond 180 if it crosses the antimeridian
	Names       []string  // other names: read and written, but not kept as such
}

// Label is the place as a person would write it: "Paris, Texas, United States".
func (p Place) Label() string {
	parts := []string{p.Name}
	for _, s := range []string{p.Region, p.Country} {
		if s != "" && s != parts[len(parts)-1] {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

// Layers, the kinds of places, after those of Pelias.
const (
	Country  = "country"
	Region   = "region"
	County   = "county"
	Locality = "locality"
	Suburb   = "neighbourhood"
	Landform = "landform"
	Water    = "water"
	Venue    = "venue"
	Area     = "area"
	Dataset  = "dataset"
	Spot     = "coordinate"
)

// Source names where the places of a gazetteer are from.
type Source struct {
	Name      string `json:"name"`
	SizeBytes int64  `json:"sizeBytes"`
	SHA256    string `json:"sha256"` // as fingerprint.File makes it
	Places    int64  `json:"places"`
	Bad       int64  `json:"badRows"` // rows that hold no place that could be used
}

// Info describes a gazetteer.
type Info struct {
	Name        string
	Attribution string
	Places      int64
	Bound       orb.Bound
	Work        string // hash of sources and options
	Program     string // version of the program that made it
	Sources     []Source
	SizeBytes   int64
}

// floors are the importances of places by kind, where that is more than the population says.
var floors = map[string]int64{Country: 10_000_000, Region: 1_000_000, County: 20_000, Landform: 1000, Water: 1000, Area: 500, Suburb: 100}

// Radii of what is shown of a place of unknown size, metres, by kind.
var radii = map[string]float64{
	Country: 400e3, Region: 120e3, County: 30e3, Locality: 2e3, Suburb: 1500, Landform: 6e3, Water: 8e3, Venue: 800, Area: 10e3, Spot: 2e3,
}

// Complete fills in what follows from the rest of a place: Layer, Importance and Bound, each where it is zero.
func (p Place) Complete() Place {
	if p.Layer == "" {
		p.Layer = Locality
	}
	if p.Importance == 0 {
		p.Importance = max(p.Population, floors[p.Layer])
	}
	if p.Bound == (orb.Bound{}) || p.Bound.Max == p.Bound.Min {
		radius := radii[p.Layer]
		if p.Layer == Locality || p.Layer == Suburb {
			radius += 12 * math.Sqrt(float64(max(p.Population, 0))) // 14 km of a million people, 46 km of Tokyo
		}
		p.Bound = around(p.Point, radius)
	}
	return p
}

// around is a box of so many metres to each side of a point.
func around(p orb.Point, radius float64) orb.Bound {
	const degree = 111_195 // metres, of a great circle on a sphere of 6371 km
	high := radius / degree
	wide := min(high/max(math.Cos(p.Lat()*math.Pi/180), 0.01), 90)
	b := orb.Bound{Min: orb.Point{p.Lon() - wide, max(p.Lat()-high, -90)}, Max: orb.Point{p.Lon() + wide, min(p.Lat()+high, 90)}}
	if b.Min[0] < -180 {
		b.Min[0], b.Max[0] = b.Min[0]+360, b.Max[0]+360
	}
	return b
}
