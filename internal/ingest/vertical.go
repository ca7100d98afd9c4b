package ingest

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
)

// Vertical names what the stored heights are: "ellipsoid" where all sources are ellipsoidal or were made so, else "unknown".
func (j *Job) Vertical() string {
	if j.site != nil {
		return j.under.Info().Vertical
	}
	if slices.ContainsFunc(j.Files, func(f raster.File) bool { return !f.Ellipsoidal() }) {
		return "unknown"
	}
	return "ellipsoid"
}

// base returns the ground where no source has data: sea level by the geoid of the lowest layer that has one, where it has a value, else by EGM96 if
// PROJ has that; the ellipsoid where no layer has a geoid. The lowest layer is the one that meets that ground at its rim.
func (j *Job) base(ctx context.Context) Base {
	var near, far *raster.Geoid
	if j.stack == nil {
		return nil
	}
	for _, l := range j.stack.Layers() {
		if l.Geoid != nil {
			near = l.Geoid
		}
	}
	if near == nil {
		return nil
	}
	if !near.Global() {
		far, _ = raster.OpenGeoid(ctx, "egm96") // without it the ellipsoid is what remains
	}
	return func(p orb.Point) float32 {
		for _, g := range [2]*raster.Geoid{near, far} {
			if g == nil {
				break
			}
			if n, ok := g.Undulation(p); ok {
				return float32(n)
			}
		}
		return 0
	}
}

// heights returns the lowest and the highest of the samples seen, as they are stored, about: each file is shifted by the middle of its range.
func (j *Job) heights() [2]float64 {
	out := [2]float64{math.Inf(1), math.Inf(-1)}
	for _, f := range j.Files {
		shift := (f.Shift.Min + f.Shift.Max) / 2
		out[0], out[1] = min(out[0], f.Survey.Min+shift), max(out[1], f.Survey.Max+shift)
	}
	return out
}

// shift is a raster.Shift as provenance.
type shift struct {
	Model string     `json:"model"`
	Grid  string     `json:"grid"`
	Range [2]float64 `json:"range"` // metres, to the millimetre
}

func shiftOf(f raster.File) *shift {
	if f.Shift.Model == "" {
		return nil
	}
	round := func(v float64) float64 { return math.Round(v*1000) / 1000 }
	return &shift{f.Shift.Model, f.Shift.Grid, [2]float64{round(f.Shift.Min), round(f.Shift.Max)}}
}

// Datum is what is known about the heights of some sources, and what was done to them.
type Datum struct {
	raster.Vertical
	Grid     string  // file of the geoid; "" = no shift
	Min, Max float64 // metres added
	Files    int
	First    string // name of the first of them
}

// Datums sums up the sources' heights, in the order in which they come up.
func Datums(files []raster.File) []Datum {
	var out []Datum
	for _, f := range files {
		k := slices.IndexFunc(out, func(d Datum) bool { return d.Vertical == f.Vertical && d.Grid == f.Shift.Grid })
		if k < 0 {
			k, out = len(out), append(out, Datum{
				Vertical: f.Vertical, Grid: f.Shift.Grid, Min: f.Shift.Min, Max: f.Shift.Max, First: filepath.Base(f.Path),
			})
		}
		out[k].Files++
		out[k].Min, out[k].Max = min(out[k].Min, f.Shift.Min), max(out[k].Max, f.Shift.Max)
	}
	return out
}

// Known tells that the heights are above the ellipsoid now.
func (d Datum) Known() bool { return d.Grid != "" || d.Name == "ellipsoid" }

// String says what the heights counted from and by how much they were shifted.
func (d Datum) String() string {
	switch {
	case d.Grid != "":
		return fmt.Sprintf("%s -> ellipsoid, N = %+.1f .. %+.1f m", strings.TrimSuffix(d.Name, " height"), d.Min, d.Max)
	case d.Known():
		return "ellipsoidal: no shift"
	}
	return "datum not stated: kept as they are"
}

// DatumText is what Datums says in one line; "" where all heights were ellipsoidal from the start.
func DatumText(files []raster.File) string {
	datums := Datums(files)
	if len(datums) == 1 && datums[0].Grid == "" && datums[0].Known() {
		return ""
	}
	var said []string
	for _, d := range datums {
		if text := d.String(); !slices.Contains(said, text) {
			said = append(said, text)
		}
	}
	const most = 4
	if len(said) > most {
		said = append(said[:most], fmt.Sprintf("and %d more", len(said)-most))
	}
	return strings.Join(said, "; ")
}
