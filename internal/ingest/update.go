package ingest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Under is a finished dataset that sources are laid over. What they do not touch is copied from it.
type Under struct {
	Stored
	Path   string // its file
	Update bool   // the outcome is a version of the same dataset, and its provenance goes on
}

// Adopter is implemented by stores that can copy what was not put from a finished file.
type Adopter interface {
	Adopt(ctx context.Context, path string) error
}

// renewPad is how many posts of a level beyond the sources a tile may begin whose heights change with them: less than two by
// the low passes, and the halo.
const renewPad = 4

// origin names a dataset version that another was made from.
type origin struct {
	Name       string          `json:"name"`
	Version    int             `json:"version"`
	Manifest   string          `json:"manifest"`
	Provenance json.RawMessage `json:"provenance,omitempty"`
}

// Under returns the dataset that the sources are laid over, nil if they stand alone.
func (j *Job) Under() *Under { return j.options.Under }

// openUnder readies the dataset that the sources are laid over.
func (j *Job) openUnder(ctx context.Context) (err error) {
	if j.options.Under == nil {
		return nil
	}
	if j.under, err = newDataset(ctx, j.options.Under); err != nil {
		return err
	}
	if i := j.under.Info(); j.water != nil && !slices.Contains(i.Extensions, watermask) {
		return remedy.New(i.Name, fmt.Errorf("%w: its tiles have no water masks, and those that are copied would lack them", ErrOptions),
			"ingest it with --water as well, or leave --water, --water-land and --bathymetry out")
	}
	return nil
}

// boundsUnder returns the error bound of each level that the dataset has: a border has equal vertices in the tiles beside it
// only if both keep the same one.
func (j *Job) boundsUnder() []float64 {
	if j.under == nil {
		return nil
	}
	i := j.under.Info()
	var made struct{ MaxErrors []float64 }
	if json.Unmarshal(i.Provenance, &made) == nil && len(made.MaxErrors) > int(i.Levels[1]) {
		return made.MaxErrors
	}
	alone := &Job{Plan: Plan{Leaf: i.Levels[1]}}
	return alone.MaxErrors()
}

// planRenewal lays out the work over a dataset: its own levels that are deeper than the sources are made again where they touch them.
func (j *Job) planRenewal(ctx context.Context, grounds []Ground) (Plan, error) {
	p, deepest := Plan{Pad: renewPad}, uint8(0)
	for _, g := range grounds {
		if len(g.Bounds) > 0 {
			deepest = max(deepest, g.Leaf)
		}
	}
	if bounds := j.boundsUnder(); j.options.MaxError > 0 && int(deepest) < len(bounds) {
		return Plan{}, remedy.New("--max-error", fmt.Errorf("%w: level %d and those above it keep the bound with which %s was made, %g m",
			ErrOptions, len(bounds)-1, j.under.Info().Name, bounds[len(bounds)-1]), "leave it out")
	}
	if err := j.bridge(ctx, max(deepest, j.deepestUnder(j.Bounds()))); err != nil {
		return Plan{}, err
	}
	for _, patch := range j.rise.patches {
		p.Rims = append(p.Rims, patch.bound())
	}
	if own := j.deepestUnder(append(j.Bounds(), p.Rims...)); own > deepest {
		grounds = append(grounds, Ground{Bounds: j.Bounds(), Leaf: own})
	}
	return newPlan(grounds, p)
}

// deepestUnder returns the deepest level at which the dataset has a tile in some bounds.
func (j *Job) deepestUnder(bounds []orb.Bound) uint8 {
	available := j.under.Info().Available
	for z := len(available) - 1; z > 0; z-- {
		for _, b := range bounds {
			for _, part := range (Plan{Pad: renewPad}).padded(b, uint8(z)) {
				near := tilegrid.Geodetic.Cover(part, uint8(z))
				touches := func(r tilegrid.Range) bool {
					return r.MinX <= near.MaxX && near.MinX <= r.MaxX && r.MinY <= near.MaxY && near.MinY <= r.MaxY
				}
				if slices.ContainsFunc(available[z], touches) {
					return uint8(z)
				}
			}
		}
	}
	return 0
}

// renew makes the tiles that the sources touch, copies all others and commits.
func (j *Job) renew(ctx context.Context, store Store, jobs int, report func(Progress)) error {
	adopter, ok := store.(Adopter)
	if !ok {
		return fmt.Errorf("ingest: %T cannot copy from a dataset", store)
	}
	poles, err := j.polesOver(ctx)
	if err != nil {
		return err
	}
	b := &Baker{
		sources: j.sourcesOver, guide: &guide{poles: poles}, plan: j.Plan, errors: j.tolerances(),
		water: j.water.over(j.base(ctx)).on(j.Bounds(), j.clip), old: j.under, graded: j.site != nil,
	}
	if j.rise != nil {
		b.guide.patches = j.rise.patches
	}
	if err := b.Run(ctx, store, jobs, report); err != nil {
		return err
	}
	j.made = b.covers
	if err := adopter.Adopt(ctx, j.options.Under.Path); err != nil {
		return err
	}
	return store.Commit(ctx, j.info())
}

// Touched tells, after Run, whether a tile was made or has one beside it that was; all were that are not laid over a dataset.
func (j *Job) Touched(c tilegrid.Coord) bool {
	if j.under == nil || j.made[c.Z].has(c) {
		return true
	}
	for n := range neighbours(c) {
		if j.made[c.Z].has(n) {
			return true
		}
	}
	return false
}

// sourcesOver is sources with the dataset below them.
func (j *Job) sourcesOver(level uint8) (all, own Source) {
	if j.site != nil {
		return j.site.over(ground{j.under}, level, j.Plan.Leaf)
	}
	bottom := part{surveyed{j.under}, orb.Bound{}}
	s := joint{bottom}
	if top := j.joined(func(l raster.Layer) bool { return j.leafOf(l) <= level }); len(top) > 0 {
		s = joint{{j.limited(top), tilegrid.UniteBounds(j.stack.Bounds())}, bottom}
	}
	if top := j.stack.Only(func(l raster.Layer) bool { return j.leafOf(l) == level }); len(top.Layers()) > 0 {
		own = j.limited(top)
	}
	return s, own
}

// limited returns what of a source lies inside the options' box and polygons.
func (j *Job) limited(s Source) Source {
	if s = j.clipped(s); j.options.BBox != nil {
		s = boxed{s, *j.options.BBox}
	}
	return s
}

// bridge readies what fills the ground around the sources where the dataset has no data: what they differ from its own filled
// ground, in a slope to nothing.
func (j *Job) bridge(ctx context.Context, leaf uint8) error {
	j.rise = &guide{}
	whole := true
	for _, b := range j.Bounds() {
		s := spacing(leaf)
		wide := b.Pad((reach + renewPad) * s)
		west, south := int64(math.Floor((wide.Min[0]+180)/s)), int64(math.Floor((wide.Min[1]+90)/s))
		cols, rows := int((wide.Max[0]-wide.Min[0])/s)+2, int((wide.Max[1]-wide.Min[1])/s)+2
		ok, err := j.under.whole(ctx, raster.Lattice{Level: leaf, MinI: west, MinJ: south, Cols: cols, Rows: rows})
		if err != nil {
			return err
		}
		whole = whole && ok
	}
	if whole {
		return nil
	}
	top := joint{{j.limited(j.stack), tilegrid.UniteBounds(j.stack.Bounds())}, {surveyed{j.under}, orb.Bound{}}}
	rise, err := newGuide(ctx, difference{top, ground{j.under}}, j.Bounds(), leaf, nil, j.options.Fill)
	if err != nil {
		return fmt.Errorf("survey: %w", err)
	}
	j.rise = rise
	return nil
}

// difference is by how much a source is above another.
type difference struct {
	Source
	from Source
}

func (d difference) Heights(ctx context.Context, l raster.Lattice, dst []float32) error {
	from := make([]float32, len(dst))
	if err := errors.Join(d.Source.Heights(ctx, l, dst), d.from.Heights(ctx, l, from)); err != nil {
		return err
	}
	for k, h := range from {
		dst[k] -= h
	}
	return nil
}

// polesOver returns the heights of the poles: those of the dataset, or of sources that go all the way round.
func (j *Job) polesOver(ctx context.Context) (heights [2]float32, err error) {
	source := Source(ground{j.under})
	if whole := tilegrid.UniteBounds(j.Bounds()); whole.Max[0]-whole.Min[0] >= 360 {
		source, _ = j.sourcesOver(j.Plan.Leaf)
	}
	for k := range heights {
		l := raster.Lattice{Level: j.Plan.Leaf, MinJ: int64(k*64) << j.Plan.Leaf, Cols: 1, Rows: 1}
		if err := source.Heights(ctx, l, heights[k:k+1]); err != nil {
			return heights, err
		}
	}
	return heights, nil
}

// story returns what is kept about the making of a dataset. Of an update the old one's goes on.
func (j *Job) story(r recipe) (json.RawMessage, error) {
	u := j.options.Under
	if u == nil {
		return json.Marshal(r)
	}
	i := u.Info()
	r.Base = &origin{i.Name, i.Version, i.Manifest, nil}
	if !u.Update {
		r.Base.Provenance = i.Provenance
		return json.Marshal(r)
	}
	story := map[string]json.RawMessage{}
	if len(i.Provenance) > 0 {
		if err := json.Unmarshal(i.Provenance, &story); err != nil {
			return nil, fmt.Errorf("provenance of %s: %w", i.Name, err)
		}
	}
	last, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if story["maxErrors"], err = json.Marshal(r.MaxErrors); err != nil {
		return nil, err
	}
	var updates []json.RawMessage
	if had := story["updates"]; had != nil {
		if err := json.Unmarshal(had, &updates); err != nil {
			return nil, fmt.Errorf("provenance of %s: %w", i.Name, err)
		}
	}
	if story["updates"], err = json.Marshal(append(updates, last)); err != nil {
		return nil, err
	}
	return json.Marshal(story)
}

// updated tells whether a version is what a job would make of the version base, given the provenance of each: its last update
// is the job's own, and it is the base itself or was made of that.
func updated(own, version json.RawMessage, base tilestore.Info) bool {
	last := func(p json.RawMessage) (update map[string]any, from string) {
		var story struct{ Updates []map[string]any }
		if json.Unmarshal(p, &story) != nil || len(story.Updates) == 0 {
			return nil, ""
		}
		u := story.Updates[len(story.Updates)-1]
		if origin, ok := u["base"].(map[string]any); ok {
			from, _ = origin["manifest"].(string)
		}
		delete(u, "base")
		return u, from
	}
	x, _ := last(own)
	y, from := last(version)
	return x != nil && reflect.DeepEqual(x, y) && (from == base.Manifest || bytes.Equal(version, base.Provenance))
}

// infoOver describes the sources together with the dataset that they are laid over, given what describes them alone.
func (j *Job) infoOver(i tilestore.Info) tilestore.Info {
	old := j.under.Info()
	i.Title, i.Attribution = cmp.Or(i.Title, old.Title), credits(old.Attribution, i.Attribution)
	i.Bound = tilegrid.UniteBounds([]orb.Bound{old.Bound, i.Bound})
	if slices.Contains(old.Extensions, watermask) && !slices.Contains(i.Extensions, watermask) {
		i.Extensions = append(i.Extensions, watermask)
	}
	if old.Vertical != i.Vertical {
		i.Vertical = "unknown"
	}
	return i
}

// Certain is an error if the sources' heights count from something else than those of the dataset they are laid over.
func (j *Job) Certain() error {
	if j.under == nil || j.under.Info().Vertical == j.Vertical() {
		return nil
	}
	return remedy.New(j.under.Info().Name, fmt.Errorf("%w: its heights are %s, those of the sources %s: they may lie tens of metres apart", ErrOptions,
		j.under.Info().Vertical, j.Vertical()), "--vertical says what the sources count from")
}

// credits joins the credit lines of a dataset and of what is laid over it.
func credits(old, added string) string {
	switch {
	case added == "" || old == added:
		return old
	case old == "":
		return added
	}
	return old + "; " + added
}
