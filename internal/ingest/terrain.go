package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/fingerprint"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/region"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Options of a terrain ingest. The zero value of each but Sources means what the name of the constant or comment says.
type Options struct {
	Sources     []string
	Raster      raster.Options
	Leaf        int        // deepest level; negative: from the sources' resolution
	MaxError    float64    // most distance of a post from the mesh at the deepest level, metres; 0: see LeafErrorShare
	Fill        Fill       // "" is Interpolate
	Vertical    string     // what the sources' heights count from, as raster.Options has it; "" for as found
	BBox        *orb.Bound // Max.Lon may be beyond 180
	Clip        string     // a file of polygons: what lies outside them is no data; "" for none
	Water       Water      // what is water
	Bathymetry  Bathymetry // "" is KeepBathymetry
	Under       *Under     // a dataset that the sources are laid over; nil: they stand alone
	Title       string
	Attribution string
	Program     string // version of the program, kept as provenance; an unfinished dataset is carried on by the same version only
}

// ErrorShare of the client's own geometric error is the error bound of every level but the deepest, LeafErrorShare that of the deepest, which clients
// look at from as near as they like.
const (
	ErrorShare     = 0.5
	LeafErrorShare = 0.4
)

// Job is a terrain ingest that is ready to run: sources open, plan made, work named.
type Job struct {
	Plan       Plan
	Files      []raster.File
	Survey     raster.Survey
	Work       string  // names the work: equal for equal sources and options
	Shores     []Shore // files of polygons
	options    Options
	stack      *raster.Stack
	clip       *region.Region  // nil: all counts
	water      *shores         // nil: no masks
	site       *site           // ground to bring to one height; then there are no sources
	under      *dataset        // nil: sources stand alone
	rise       *guide          // over a dataset: what the sources differ from its filled ground, around them
	made       map[uint8]cover // tiles that Run made over a dataset
	provenance json.RawMessage
}

// Prepare opens the sources and plans the work. It reads no more than thumbnails. The caller closes the job. What is wrong with a source comes as a
// remedy.Error that matches raster.ErrInput.
func Prepare(ctx context.Context, o Options) (*Job, error) {
	if o.Fill == "" {
		o.Fill = Interpolate
	}
	if o.Vertical != "" {
		o.Raster.Vertical = o.Vertical
	}
	stack, err := raster.OpenStack(ctx, o.Sources, o.Raster)
	if err != nil {
		return nil, err
	}
	j := &Job{options: o, stack: stack, Files: stack.Files()}
	if j.Survey, err = stack.Survey(ctx); err == nil {
		err = j.credible()
	}
	if err == nil {
		err = j.openShores(ctx)
	}
	if err == nil {
		err = j.openUnder(ctx)
	}
	if err == nil {
		err = j.plan(ctx)
	}
	if err == nil {
		err = j.describe()
	}
	if err != nil {
		_ = stack.Close() // the error that led here is the one to tell
		return nil, err
	}
	return j, nil
}

// Close closes the sources.
func (j *Job) Close() error {
	if j.stack == nil {
		return nil
	}
	return j.stack.Close()
}

// Bounds returns the ground that the sources cover, cut to the options' box and polygons.
func (j *Job) Bounds() []orb.Bound {
	if j.site != nil {
		return j.site.siteBounds()
	}
	return j.cut(j.stack.Bounds())
}

func (j *Job) cut(bounds []orb.Bound) []orb.Bound {
	if box := j.options.BBox; box != nil {
		bounds = tilegrid.CutBounds(bounds, *box)
	}
	return j.cutToClip(bounds)
}

func (j *Job) plan(ctx context.Context) (err error) {
	if len(j.Bounds()) == 0 {
		return j.beside()
	}
	var grounds []Ground
	bounds := j.stack.Bounds()
	for _, l := range j.stack.Layers() {
		g := Ground{Leaf: j.leafOf(l)}
		for _, f := range l.Files {
			g.Bounds = append(g.Bounds, bounds[f])
		}
		g.Bounds = j.cut(g.Bounds)
		grounds = append(grounds, g)
	}
	if j.under != nil {
		j.Plan, err = j.planRenewal(ctx, grounds)
		return err
	}
	j.Plan, err = NewPlan(grounds)
	return err
}

// beside says that the box holds nothing.
func (j *Job) beside() error {
	whole := tilegrid.UniteBounds(j.stack.Bounds())
	if j.clip != nil {
		return j.besideClip(whole)
	}
	return remedy.New("--bbox", fmt.Errorf("%w: no source reaches into --bbox %s, they cover %s", ErrOptions, boundText(*j.options.BBox), boundText(whole)),
		"--bbox W,S,E,N in degrees, west first; all is taken without it")
}

// leafOf returns the deepest level that a layer is fine enough for, or that the options allow.
func (j *Job) leafOf(l raster.Layer) uint8 {
	leaf := LeafLevel(l.Resolution.Degrees)
	if j.options.Leaf >= 0 {
		finest := leaf
		for _, other := range j.stack.Layers() {
			finest = max(finest, LeafLevel(other.Resolution.Degrees))
		}
		if o := uint8(min(j.options.Leaf, 255)); leaf == finest || o < leaf {
			leaf = o
		}
	}
	return leaf
}

// Run makes the tiles and commits them. report is called from one goroutine after each unit.
func (j *Job) Run(ctx context.Context, store Store, jobs int, report func(Progress)) error {
	if j.under != nil {
		return j.renew(ctx, store, jobs, report)
	}
	g, err := newGuide(ctx, j.clipped(j.stack), j.Bounds(), j.Plan.Leaf, j.base(ctx), j.options.Fill)
	if err != nil {
		return fmt.Errorf("survey: %w", err)
	}
	b := &Baker{sources: j.sources, void: j.stack.Void, guide: g, plan: j.Plan, errors: j.tolerances(), box: j.options.BBox, water: j.water.about(g)}
	if err := b.Run(ctx, store, jobs, report); err != nil {
		return err
	}
	return store.Commit(ctx, j.info())
}

// sources returns those layers that are coarse enough for a level, joined, and among them those that it is the deepest level of; nil where there are
// none.
func (j *Job) sources(level uint8) (all, own Source) {
	if s := j.joined(func(l raster.Layer) bool { return j.leafOf(l) <= level }); len(s) > 0 {
		all = j.clipped(s)
	}
	if s := j.stack.Only(func(l raster.Layer) bool { return j.leafOf(l) == level }); len(s.Layers()) > 0 {
		own = j.clipped(s)
	}
	return all, own
}

// joined returns the layers that keep wants, laid over each other.
func (j *Job) joined(keep func(raster.Layer) bool) joint {
	var s joint
	parts := j.stack.Parts()
	for k, l := range j.stack.Layers() {
		if keep(l) {
			s = append(s, part{parts[k], l.Bound})
		}
	}
	return s
}

// MaxErrors returns the error bound of each level, metres.
func (j *Job) MaxErrors() []float64 {
	kept := j.boundsUnder()
	if len(kept) > int(j.Plan.Leaf) {
		return kept
	}
	out := make([]float64, j.Plan.Leaf+1)
	for z := range out {
		out[z] = terrain.MaxError(uint8(z)) * ErrorShare
	}
	out[j.Plan.Leaf] = terrain.MaxError(j.Plan.Leaf) * LeafErrorShare
	if j.options.MaxError > 0 {
		out[j.Plan.Leaf] = j.options.MaxError
	}
	copy(out, kept)
	return out
}

// tolerances returns what the mesher may leave out at each level so that the bound holds: heights are rounded to steps first, by half of one at most. A bound
// below a step is not to be had; half of it is what is tried.
func (j *Job) tolerances() []float64 {
	out := j.MaxErrors()
	for z, bound := range out {
		out[z] = max(bound-terrain.HeightStep(uint8(z))/2, bound/2)
	}
	return out
}

// Makes tells whether a dataset of that provenance is what this job would make once more.
func (j *Job) Makes(provenance json.RawMessage) bool {
	if u := j.options.Under; u != nil && u.Update {
		return updated(j.provenance, provenance, u.Info())
	}
	return bytes.Equal(j.provenance, provenance)
}

func (j *Job) info() tilestore.Info {
	i := tilestore.Info{
		Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh, Grid: tilegrid.Geodetic,
		Title: j.options.Title, Attribution: j.options.Attribution,
		Bound: tilegrid.UniteBounds(j.Bounds()), Levels: [2]uint8{0, j.Plan.Leaf}, Extensions: j.extensions(),
		Vertical: j.Vertical(), Provenance: j.provenance,
	}
	if j.under != nil {
		return j.infoOver(i)
	}
	return i
}

// recipe is what a dataset's bytes follow from: kept as provenance, and hashed to name the work.
type recipe struct {
	Program     string       `json:"program,omitempty"`
	Datum       string       `json:"datum,omitempty"` // in words: what the sources' heights counted from, and by how much they were shifted
	Base        *origin      `json:"base,omitempty"`  // what the sources were laid over
	Site        *graded      `json:"site,omitempty"`  // ground brought to one height
	Sources     []ingredient `json:"sources"`
	Leaf        uint8        `json:"leaf"`
	MaxErrors   []float64    `json:"maxErrors"`
	Fill        Fill         `json:"fill"`
	Priority    string       `json:"priority"`
	Vertical    string       `json:"vertical"`
	Heights     [2]float64   `json:"heights"` // about: lowest and highest of the samples seen, metres
	BBox        []float64    `json:"bbox,omitempty"`
	Shores      []Shore      `json:"shores,omitempty"`
	Water       string       `json:"water,omitempty"`    // in words: what water masks follow from
	SeaLevel    *float64     `json:"seaLevel,omitempty"` // metres above the base
	Bathymetry  Bathymetry   `json:"bathymetry,omitempty"`
	Title       string       `json:"title,omitempty"`
	Attribution string       `json:"attribution,omitempty"`
}

type ingredient struct {
	Name        string    `json:"name"`
	SizeBytes   int64     `json:"sizeBytes"`
	Modified    time.Time `json:"modified"`
	Fingerprint string    `json:"fingerprint"` // see fingerprint.Raster
	CRS         string    `json:"crs"`
	Vertical    string    `json:"vertical,omitempty"`     // what its heights count from
	Found       string    `json:"verticalFrom,omitempty"` // where that was found
	Shift       *shift    `json:"shift,omitempty"`
	Depth       bool      `json:"depth,omitempty"` // its values count downwards
	NoData      *float64  `json:"noData,omitempty"`
	Unit        string    `json:"unit"`
}

func (j *Job) describe() error {
	r := recipe{
		Program: j.options.Program, Leaf: j.Plan.Leaf, MaxErrors: j.MaxErrors(), Fill: j.options.Fill, Priority: string(j.options.Raster.Priority),
		Vertical: j.Vertical(), Datum: DatumText(j.Files), Heights: j.heights(), Title: j.options.Title, Attribution: j.options.Attribution,
	}
	j.describeWater(&r)
	if b := j.options.BBox; b != nil {
		r.BBox = []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
	}
	var prints fingerprint.Rasters
	for _, f := range j.Files {
		print, err := prints.Of(f.Path)
		if err != nil {
			return err
		}
		r.Sources = append(r.Sources, ingredient{
			Name: filepath.Base(f.Path), SizeBytes: f.SizeBytes, Modified: f.ModTime.UTC(), Fingerprint: print,
			CRS: f.CRS, Vertical: f.Vertical.Name, Found: f.Vertical.From, Shift: shiftOf(f), Depth: f.Depth, NoData: finite(f.NoData), Unit: f.Unit,
		})
	}
	return j.name(r)
}

// name keeps what the work follows from, and names it.
func (j *Job) name(r recipe) error {
	data, err := j.story(r)
	if err != nil {
		return fmt.Errorf("describe the work: %w", err)
	}
	sum := sha256.Sum256(data)
	j.provenance, j.Work = data, hex.EncodeToString(sum[:])
	return nil
}

// finite drops a nodata value that JSON cannot hold: NaN is no data anyway.
func finite(v *float64) *float64 {
	if v == nil || *v-*v != 0 {
		return nil
	}
	return v
}
