package tiler

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/fingerprint"
	"github.com/terrane/terrane/internal/inorder"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Options of an imagery ingest.
type Options struct {
	Sources     []string
	Raster      raster.PictureOptions
	Grid        tilegrid.Grid
	Min         int        // first level; negative: 0
	Max         int        // deepest level; negative: from the sources' resolution
	Format      Format     // "" is Auto
	Quality     int        // of JPEG and WebP, 1 to 100; 0: picture.DefaultQuality
	BBox        *orb.Bound // Max.Lon may be beyond 180
	Title       string
	Attribution string
	Time        time.Time // instant that the pictures show; zero: none
	KeepValues  bool      // the sources' own numbers are stored beside the tiles of the deepest level
	Program     string    // version of the program, kept as provenance; an unfinished dataset is carried on by the same version only
}

// Store is where an ingest puts its tiles: a writer that gives them back, and can carry on after being killed.
type Store interface {
	tilestore.Writer
	tilestore.HeightsWriter
	tilestore.Checkpointer
	Stored
	Formats(ctx context.Context) ([]string, error) // MIME types of what was put
}

// Progress is told after each unit of work.
type Progress struct {
	Units, AllUnits int // done, all
	Tiles           int // written in this run
}

// Job is an imagery ingest that is ready to run: sources open, plan made, work named.
type Job struct {
	Plan       Plan
	Files      []raster.PictureFile
	Work       string // names the work: equal for equal sources and options
	options    Options
	encoder    *encoder
	pictures   *raster.Pictures
	classes    bool
	provenance json.RawMessage
}

// Prepare opens the sources and plans the work. It reads no more than thumbnails. The caller closes the job. What is wrong with a source comes as a
// remedy.Error that matches raster.ErrInput.
func Prepare(ctx context.Context, o Options) (*Job, error) {
	if o.Format == "" {
		o.Format = Auto
	}
	if o.Quality == 0 {
		o.Quality = picture.DefaultQuality
	}
	o.Raster.Values = o.KeepValues
	pictures, err := raster.OpenPictures(ctx, o.Sources, o.Raster)
	if err != nil {
		return nil, err
	}
	j := &Job{options: o, pictures: pictures, Files: pictures.Files()}
	if err = j.plan(); err == nil {
		err = j.describe()
	}
	if err == nil {
		j.encoder, err = newEncoder(j.options.Format, o.Quality)
	}
	if err != nil {
		_ = pictures.Close() // the error that led here is the one to tell
		return nil, err
	}
	return j, nil
}

// Close closes the sources.
func (j *Job) Close() error { return j.pictures.Close() }

func (j *Job) plan() (err error) {
	j.classes = !slices.ContainsFunc(j.Files, func(f raster.PictureFile) bool { return f.Kernel != resample.Nearest })
	if j.classes && j.options.Format == Auto {
		j.options.Format = PNG
	}
	grounds := j.grounds()
	if len(grounds) == 0 {
		return remedy.New("--bbox", fmt.Errorf("%w: no source reaches into the box", ErrOptions),
			"--dry-run without --bbox and --levels shows what there is")
	}
	j.Plan, err = NewPlan(j.options.Grid, grounds, uint8(min(max(j.options.Min, 0), math.MaxUint8)))
	return err
}

// grounds returns what the sources cover, those of one deepest level together.
func (j *Job) grounds() []Ground {
	deepest := j.deepest()
	var out []Ground
	for k, b := range j.pictures.Bounds() {
		bounds := []orb.Bound{b}
		if j.options.BBox != nil {
			bounds = tilegrid.CutBounds(bounds, *j.options.BBox)
		}
		if len(bounds) == 0 {
			continue
		}
		n := slices.IndexFunc(out, func(g Ground) bool { return g.Deepest == deepest[k] })
		if n < 0 {
			n, out = len(out), append(out, Ground{Deepest: deepest[k]})
		}
		out[n].Bounds = append(out[n].Bounds, bounds...)
	}
	return out
}

// deepest returns the level that each source is made to: the first that is fine enough for it. Of levels next to each other the
// deeper one serves both, since pictures of one survey may lie on either side of a limit. The options may set another level for
// the finest sources, and a limit for the others.
func (j *Job) deepest() []uint8 {
	worth := make([]uint8, len(j.Files))
	for k, f := range j.Files {
		worth[k] = DeepestFor(j.options.Grid, f.Resolution.Degrees, f.Bound.Center().Lat())
	}
	finest, out := slices.Max(worth), slices.Clone(worth)
	for k, z := range worth {
		if slices.Contains(worth, z+1) {
			out[k]++
		}
		if limit := uint8(min(j.options.Max, math.MaxUint8)); j.options.Max >= 0 && (out[k] == finest || out[k] > limit) {
			out[k] = limit
		}
	}
	return out
}

// Run makes the tiles and commits them. report is called from one goroutine after each unit.
func (j *Job) Run(ctx context.Context, store Store, jobs int, report func(Progress)) error {
	p := Progress{Units: store.Done(), AllUnits: j.Plan.Units()}
	first := 0
	for _, s := range j.Plan.Stages {
		err := inorder.Work[[]tile]{
			First: max(0, p.Units-first), Count: len(s.Units), Jobs: jobs,
			Worker: func() func(context.Context, int) ([]tile, error) {
				o := j.oven(store)
				return func(ctx context.Context, n int) ([]tile, error) { return o.bake(ctx, s, s.Units[n]) }
			},
			Take: func(ctx context.Context, n int, tiles []tile) error {
				if err := put(ctx, store, tiles); err != nil {
					return err
				}
				p.Units, p.Tiles = p.Units+1, p.Tiles+len(tiles)
				if len(tiles) > 0 || (n+1)%blankUnits == 0 || n+1 == len(s.Units) {
					if err := store.Checkpoint(ctx, p.Units); err != nil {
						return fmt.Errorf("store unit %d: %w", p.Units, err)
					}
				}
				report(p)
				return nil
			},
		}.Run(ctx)
		if err != nil {
			return err
		}
		first += len(s.Units)
	}
	info, err := j.info(ctx, store)
	if err != nil {
		return err
	}
	return store.Commit(ctx, info)
}

func (j *Job) oven(store Stored) *oven {
	return &oven{plan: j.Plan, painter: j.pictures, stored: store, encoder: j.encoder, classes: j.classes,
		boxes: j.boxes, values: newValueKeeper(j.pictures.ValueForm())}
}

// Makes tells whether a version with this provenance is what the job would make once more.
func (j *Job) Makes(provenance json.RawMessage) bool { return bytes.Equal(provenance, j.provenance) }

// blankUnits is how many units without a tile count together: to do them again costs less than to write down each.
const blankUnits = 64

// put stores the tiles of one unit.
func put(ctx context.Context, store Store, tiles []tile) error {
	for _, t := range tiles {
		if err := store.Put(ctx, t.coord, t.data); err != nil {
			return fmt.Errorf("store tile %s: %w", t.coord, err)
		}
		if t.values == nil {
			continue
		}
		if err := store.PutHeights(ctx, t.coord, t.values); err != nil {
			return fmt.Errorf("store values of %s: %w", t.coord, err)
		}
	}
	return nil
}

// boxes returns the pixels of a level whose centres lie in the options' box, on both sides of the antimeridian if it crosses that; all pixels if
// there is none.
func (j *Job) boxes(z uint8) []image.Rectangle {
	g := j.Plan.Grid
	columns, rows := g.Size(z)
	if j.options.BBox == nil {
		return []image.Rectangle{image.Rect(0, 0, int(columns)*TileSize, int(rows)*TileSize)}
	}
	width, height := float64(columns)*TileSize, float64(rows)*TileSize
	pixel := func(fraction, size float64) int { return int(math.Round(fraction * size)) }
	var out []image.Rectangle
	for _, part := range tilegrid.SplitBound(*j.options.BBox) {
		west, south := g.Fraction(part.Min)
		east, north := g.Fraction(part.Max)
		out = append(out, image.Rect(pixel(west, width), pixel(1-north, height), pixel(east, width), pixel(1-south, height)))
	}
	return out
}

// info describes the dataset. Its format is the one of all tiles, or PNG where there are several: who goes by it alone then expects transparency.
func (j *Job) info(ctx context.Context, store Store) (tilestore.Info, error) {
	formats, err := store.Formats(ctx)
	if err != nil {
		return tilestore.Info{}, err
	}
	i := tilestore.Info{
		Kind: tilestore.Imagery, Format: tilestore.PNG, Grid: j.Plan.Grid, Title: j.options.Title, Attribution: j.options.Attribution,
		Bound: j.bound(), Time: j.options.Time, Provenance: j.provenance,
	}
	if len(formats) == 1 {
		i.Format = formats[0]
	}
	return i, nil
}

// bound returns the ground that holds data, cut to what the grid can show.
func (j *Job) bound() orb.Bound {
	bounds := j.pictures.Bounds()
	if j.options.BBox != nil {
		bounds = tilegrid.CutBounds(bounds, *j.options.BBox)
	}
	whole := tilegrid.UniteBounds(bounds)
	if j.Plan.Grid == tilegrid.Mercator {
		whole.Min[1], whole.Max[1] = max(whole.Min[1], -tilegrid.MercatorLimit), min(whole.Max[1], tilegrid.MercatorLimit)
	}
	return whole
}

// recipe is what a dataset's bytes follow from: kept as provenance, and hashed to name the work.
type recipe struct {
	Program     string       `json:"program,omitempty"`
	Sources     []ingredient `json:"sources"`
	Grid        string       `json:"grid"`
	Levels      [2]uint8     `json:"levels"`
	Format      Format       `json:"format"`
	Quality     int          `json:"quality"`
	Priority    string       `json:"priority"`
	BBox        []float64    `json:"bbox,omitempty"`
	Title       string       `json:"title,omitempty"`
	Attribution string       `json:"attribution,omitempty"`
	Time        time.Time    `json:"time,omitzero"`
	Values      *kept        `json:"values,omitempty"` // what of the sources' own numbers is stored beside the deepest tiles
}

type kept struct {
	Bands int    `json:"bands"`
	Type  string `json:"type"`
}

type ingredient struct {
	Name        string    `json:"name"`
	SizeBytes   int64     `json:"sizeBytes"`
	Modified    time.Time `json:"modified"`
	Fingerprint string    `json:"fingerprint"` // see fingerprint.Raster
	CRS         string    `json:"crs"`
	Type        string    `json:"type"`                  // of its values: GDAL's name, or "palette"
	Bands       []int     `json:"bands"`                 // counted from 1
	Alpha       int       `json:"alpha,omitempty"`       // band
	Scale       []float64 `json:"scale,omitempty"`       // what became 0 and 255
	Transparent string    `json:"transparent,omitempty"` // for people
	Resampling  string    `json:"resampling"`
}

func (j *Job) describe() error {
	r := recipe{
		Program: j.options.Program, Grid: j.Plan.Grid.CRS().String(), Levels: [2]uint8{j.Plan.Min, j.Plan.Max}, Format: j.options.Format, Quality: j.options.Quality,
		Priority: string(j.options.Raster.Priority), Title: j.options.Title, Attribution: j.options.Attribution,
		Time: j.options.Time.UTC(),
	}
	if b := j.options.BBox; b != nil {
		r.BBox = []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
	}
	if form := j.pictures.ValueForm(); form.Bands > 0 {
		r.Values = &kept{form.Bands, form.Type}
	}
	var prints fingerprint.Rasters
	for _, f := range j.Files {
		print, err := prints.Of(f.Path)
		if err != nil {
			return err
		}
		i := ingredient{
			Name: filepath.Base(f.Path), SizeBytes: f.SizeBytes, Modified: f.ModTime.UTC(), Fingerprint: print, CRS: f.CRS,
			Type: f.DataType, Bands: f.Bands, Alpha: f.Alpha, Transparent: f.Void, Resampling: string(f.Kernel),
		}
		if f.Palette {
			i.Type = "palette"
		}
		if f.Scale != nil {
			i.Scale = f.Scale[:]
		}
		r.Sources = append(r.Sources, i)
	}
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("describe the work: %w", err)
	}
	sum := sha256.Sum256(data)
	j.provenance, j.Work = data, hex.EncodeToString(sum[:])
	return nil
}
