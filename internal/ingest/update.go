package ingest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
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
	if j.options.Under != nil {
		j.under, err = newDataset(ctx, j.options.Under)
	}
	return err
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
func (j *Job) planRenewal(grounds []Ground) (Plan, error) {
	deepest := uint8(0)
	for _, g := range grounds {
		if len(g.Bounds) > 0 {
			deepest = max(deepest, g.Leaf)
		}
	}
	if bounds := j.boundsUnder(); j.options.MaxError > 0 && int(deepest) < len(bounds) {
		return Plan{}, remedy.New("--max-error", fmt.Errorf("%w: level %d and those above it keep the bound with which %s was made, %g m",
			ErrOptions, len(bounds)-1, j.under.Info().Name, bounds[len(bounds)-1]), "leave it out")
	}
	if own := j.deepestUnder(); own > deepest {
		grounds = append(grounds, Ground{Bounds: j.Bounds(), Leaf: own})
	}
	return newPlan(grounds, renewPad)
}

// deepestUnder returns the deepest level at which the dataset has a tile where the sources are.
func (j *Job) deepestUnder() uint8 {
	available := j.under.Info().Available
	for z := len(available) - 1; z > 0; z-- {
		for _, b := range j.Bounds() {
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
		sources: j.sourcesOver, guide: &guide{poles: poles}, plan: j.Plan, errors: j.tolerances(), water: j.water.over(j.base(ctx)), old: j.under,
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
	bottom := part{ground{j.under}, orb.Bound{}}
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

// updated tells whether the last update in a provenance is that in another, whatever version either began from.
func updated(a, b json.RawMessage) bool {
	last := func(p json.RawMessage) map[string]any {
		var story struct{ Updates []map[string]any }
		if json.Unmarshal(p, &story) != nil || len(story.Updates) == 0 {
			return nil
		}
		u := story.Updates[len(story.Updates)-1]
		delete(u, "base")
		return u
	}
	x, y := last(a), last(b)
	return x != nil && reflect.DeepEqual(x, y)
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
