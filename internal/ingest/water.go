package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/fingerprint"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/region"
)

// Water says what is water: what any of its parts says is. The zero value makes no water masks.
type Water struct {
	Files []string // polygons of water, such as lakes
	Land  []string // polygons of land: all that lies outside them is water
	Sea   bool     // ground at or below Level is water, as far as sources have data; see shores.beyond
	Level float64  // metres above the base; see Base
}

// Bathymetry says what becomes of ground below the sea.
type Bathymetry string

// The ways to deal with it. Clamp raises ground below the sea level to that level, and ground under polygons of water that is
// below the base, to the base.
const (
	KeepBathymetry  Bathymetry = "keep"
	ClampBathymetry Bathymetry = "clamp"
)

// Any tells whether there is water to look for.
func (w Water) Any() bool { return w.Sea || len(w.Files) > 0 || len(w.Land) > 0 }

// Shore is a file of polygons that an ingest uses, for people and provenance.
type Shore struct {
	Name        string `json:"name"`
	Kind        string `json:"kind"`        // "water", "land" or "clip"
	Fingerprint string `json:"fingerprint"` // of all files that belong to it
	CRS         string `json:"crs"`
	Polygons    int    `json:"polygons"`
}

// shores is the water of a job, ready to be asked.
type shores struct {
	water, land *region.Region // nil: none of that kind
	dry         bool           // there are polygons of land
	sea         bool
	level       float32 // of the sea above base; 0 where only polygons are water
	base        Base
	beyond      bool // it goes on where no source has data: as Sea fills that, or all around the data there is sea
	clamp       bool
	ground      *region.Region // over a dataset: the sources' ground, which land and sea are about
	clip        *region.Region // and what of it counts; nil: all
}

// openShores reads the polygons that the options name.
func (j *Job) openShores(ctx context.Context) error {
	o := j.options
	if o.Clip != "" {
		var err error
		if j.clip, err = j.polygons(ctx, "clip", []string{o.Clip}); err != nil {
			return err
		}
	}
	if !o.Water.Any() {
		return nil
	}
	water, err := j.polygons(ctx, "water", o.Water.Files)
	if err != nil {
		return err
	}
	land, err := j.polygons(ctx, "land", o.Water.Land)
	if err != nil {
		return err
	}
	j.water = &shores{
		water: water, land: land, dry: len(o.Water.Land) > 0,
		sea: o.Water.Sea, level: float32(o.Water.Level), clamp: o.Bathymetry == ClampBathymetry,
	}
	return nil
}

// about returns the water of a job whose sea lies on a guide's base, and goes on where the data end in it.
func (s *shores) about(g *guide) *shores {
	on := s.over(g.base)
	if on != nil {
		on.beyond = g.fill == Sea || g.seaAround(on.level)
	}
	return on
}

// over returns the water of a job whose sea lies on a base.
func (s *shores) over(base Base) *shores {
	if s == nil {
		return nil
	}
	on := *s
	on.base = base
	return &on
}

// watermask is what layer.json calls the extension.
const watermask = "watermask"

// extensions lists what the tiles hold beside their meshes.
func (j *Job) extensions() []string {
	if j.water == nil {
		return []string{"octvertexnormals"}
	}
	return []string{"octvertexnormals", watermask}
}

// describeWater notes what masks, bathymetry and the ground's edge follow from.
func (j *Job) describeWater(r *recipe) {
	o := j.options
	r.Shores, r.Water = j.Shores, o.Water.Said(j.Shores)
	if o.Water.Sea {
		r.SeaLevel = &o.Water.Level
	}
	if o.Bathymetry == ClampBathymetry {
		r.Bathymetry = o.Bathymetry
	}
}

// polygons reads files into one region and notes them.
func (j *Job) polygons(ctx context.Context, kind string, files []string) (*region.Region, error) {
	var shapes []orb.Polygon
	for _, name := range files {
		p, err := raster.ReadPolygons(ctx, name)
		if err != nil {
			return nil, err
		}
		print, err := printOf(p.Files)
		if err != nil {
			return nil, err
		}
		j.Shores = append(j.Shores, Shore{filepath.Base(p.Path), kind, print, p.CRS, len(p.Shapes)})
		shapes = append(shapes, p.Shapes...)
	}
	return region.New(shapes), nil
}

// printOf is the fingerprint of several files together.
func printOf(files []string) (string, error) {
	sum := sha256.New()
	for _, f := range files {
		print, err := fingerprint.File(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(sum, filepath.Base(f), print)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Said says in words what is water.
func (w Water) Said(files []Shore) string {
	text := ""
	for _, f := range files {
		if f.Kind == "clip" {
			continue
		}
		text += fmt.Sprintf("%s of %s (%d polygons), ", f.Kind, f.Name, f.Polygons)
	}
	if w.Sea {
		return text + fmt.Sprintf("ground up to %g m", w.Level)
	}
	return text[:max(0, len(text)-2)]
}
