// Package verify reads a whole dataset and says what is wrong with it.
//
// Every tile that the dataset lists is read (its hash is checked by the reader), decoded and validated; both roots and every
// ancestor must be there; the list must equal the tiles where the reader can enumerate them; the manifest must be that of the tiles.
//
// Seams: the borders of neighbours are compared as polylines, both evaluated at the vertices of either. Between tiles of one
// level a gap above rounding is a fault. Where the neighbour of the same level is absent, a client draws a coarser tile beside it; a gap there
// is a fault when it is wider than the skirt that the client hangs from the tile.
//
// Water masks: promised ones must be there; of one byte, 0 or 255, where all pixels are the same; and coasts must carry on from tile to tile, of which a few may
// run along a border.
//
// Error: where the reader keeps the height pyramid, the mesh of each level is compared with the posts of the deepest
// heights stored under it. Heights are linear in longitude and latitude within a triangle, as clients sample them. A
// tile is compared at no more than 256 x 256 intervals, so coarse levels see every second, fourth ... post only. Every grid is
// read and decoded, and where one tile has its heights stored, all must. A reader that holds hashes over the heights and the metadata is asked to check them.
//
// Of a picture dataset every tile is read and decoded, must be square and of the same size as the others, and of the format that the dataset states; below the first
// level that holds any, every tile has its parent; where the sources' own values are kept, those of every tile without a deeper one are
// decoded too. Those by others may have gaps: a list of theirs may be the rectangle around the tiles.
//
// A version most of whose tiles are copies of checked ones need not be read as a whole: see [Options].
//
// It works on anything that is a tilestore.Reader: a store, a folder (internal/importer), an URL ([OpenURL]). Memory is bounded by a row
// of borders and a batch of tiles, plus 16 bytes for each run of tiles in a row.
package verify

import (
	"context"
	"errors"
	"fmt"
	"image"
	"runtime"
	"sync"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// ErrList says that a dataset lists more tiles than can be checked.
var ErrList = errors.New("verify: too many tiles listed")

// Options of [Run]. The zero value checks a dataset of this program's own making.
type Options struct {
	Jobs      int                     // tiles worked on at a time; 0: one a core
	Foreign   bool                    // tiles by others: a mesh must be drawable, need not be as ours; gaps up to the skirt are no faults
	MaxTurn   float64                 // degrees that normals of one place may differ by in two tiles; 0: SmoothTurn
	MaxFaults int                     // faults kept in the report; 0: 100. All are counted
	Progress  func(done, total int64) // called after each batch, or nil

	// Touched tells which tiles are to be read; of the others only the list is checked, and not the manifest and the heights' hashes. It is for a version
	// whose other tiles are copies out of one that was read through when it was made. nil: all are. It is called by several goroutines.
	Touched func(tilegrid.Coord) bool
}

// Fault is a broken rule, at a tile or, with the zero Coord and AtTile false, of the whole dataset.
type Fault struct {
	Tile   tilegrid.Coord
	AtTile bool
	Rule   string // "mesh.cover", "seam.gap", ...
	Detail string
}

// String writes "z/x/y: rule: detail".
func (f Fault) String() string {
	if !f.AtTile {
		return f.Rule + ": " + f.Detail
	}
	return f.Tile.String() + ": " + f.Rule + ": " + f.Detail
}

// Level is what was measured on the tiles of one level. Lengths are metres.
type Level struct {
	Level                      uint8
	Tiles, Vertices, Triangles int64
	SizeBytes                  int64   // stored bytes
	MaxSeam                    float64 // widest gap between neighbours of the level
	MaxCross                   float64 // widest gap to a coarser neighbour, where the fine one is absent
	Open                       int64   // tiles whose gap to a coarser neighbour is wider than the skirt that clients hang: walls in the ground
	MaxTurn                    float64 // widest angle between the normals of one place in two tiles, degrees
	Posts                      int64   // heights compared; RMS and MaxError are theirs
	RMS, MaxError              float64
	Formats                    map[string]int64 // of pictures: how many there are of each MIME type
	Side                       int              // of pictures: pixels a side
}

// Report is the outcome of [Run].
type Report struct {
	Levels     []Level // one for each level of the dataset, from 0
	Faults     []Fault // the first Options.MaxFaults
	FaultCount int64
	Manifest   string // of the tiles as read; equal to Info.Manifest if nothing was changed
}

// OK tells whether no fault was found.
func (r Report) OK() bool { return r.FaultCount == 0 }

// Total sums the levels up: counts are added, gaps, errors and sides are the widest, RMS is that of the deepest level with posts.
func (r Report) Total() Level {
	t := Level{Formats: map[string]int64{}}
	for _, l := range r.Levels {
		t.Level = l.Level
		t.Tiles, t.Vertices, t.Triangles = t.Tiles+l.Tiles, t.Vertices+l.Vertices, t.Triangles+l.Triangles
		t.SizeBytes, t.Posts = t.SizeBytes+l.SizeBytes, t.Posts+l.Posts
		t.MaxSeam, t.MaxCross, t.MaxTurn = max(t.MaxSeam, l.MaxSeam), max(t.MaxCross, l.MaxCross), max(t.MaxTurn, l.MaxTurn)
		t.MaxError, t.Open = max(t.MaxError, l.MaxError), t.Open+l.Open
		t.Side = max(t.Side, l.Side)
		for mime, n := range l.Formats {
			t.Formats[mime] += n
		}
		if l.Posts > 0 {
			t.RMS = l.RMS
		}
	}
	return t
}

// Run checks a dataset. Faults are in the report; the error is for what kept it from checking (ctx, a dead disk or network).
func Run(ctx context.Context, r tilestore.Reader, opt Options) (Report, error) {
	if err := checkRuns(r.Info()); err != nil {
		return Report{}, err
	}
	if opt.Jobs <= 0 {
		opt.Jobs = runtime.GOMAXPROCS(0)
	}
	if opt.MaxFaults <= 0 {
		opt.MaxFaults = 100
	}
	v := newVerifier(r, opt)
	if err := v.tree(ctx); err != nil {
		return v.report, err
	}
	level := v.level
	if v.info.Kind == tilestore.Imagery {
		level = v.pictures
	}
	for z := range v.levels {
		if err := level(ctx, uint8(z)); err != nil {
			return v.report, err
		}
	}
	v.closeManifest()
	if heights, ok := r.(tilestore.Heights); ok && v.info.Kind == tilestore.Terrain {
		if err := v.errors(ctx, heights); err != nil {
			return v.report, err
		}
	}
	return v.report, v.sealed(ctx)
}

// sealed is implemented by readers that keep hashes over more than the tiles. The errors wrap tilestore.ErrCorrupt if what is stored does not match.
type sealed interface {
	CheckHeights(ctx context.Context) error
	CheckMetadata(ctx context.Context) error
}

// sealed checks what the reader holds hashes over besides tiles.
func (v *verifier) sealed(ctx context.Context) error {
	s, ok := v.reader.(sealed)
	if !ok {
		return nil
	}
	for _, c := range []struct {
		rule  string
		check func(context.Context) error
	}{{"heights.differ", s.CheckHeights}, {"metadata.differs", s.CheckMetadata}} {
		if c.rule == "heights.differ" && v.opt.Touched != nil {
			continue
		}
		err := c.check(ctx)
		if errors.Is(err, tilestore.ErrCorrupt) {
			v.fault(Fault{Rule: c.rule, Detail: err.Error()})
		} else if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
	}
	return nil
}

// verifier is a run. Only the goroutine of Run touches the report; workers return what they found.
type verifier struct {
	reader   tilestore.Reader
	info     tilestore.Info
	opt      Options
	levels   []index // the listed tiles of each level
	total    int64
	done     int64
	manifest *tilestore.Manifest
	coarse   coarseTiles
	side     image.Point // of the first picture
	values   keptValues
	report   Report
}

func newVerifier(r tilestore.Reader, opt Options) *verifier {
	v := &verifier{reader: r, info: r.Info(), opt: opt, manifest: tilestore.NewManifest()}
	v.values = keptValuesOf(v.info)
	for z, ranges := range v.info.Available {
		v.levels = append(v.levels, newIndex(ranges))
		v.report.Levels = append(v.report.Levels, Level{Level: uint8(z)})
		for _, r := range ranges {
			v.total += int64(r.Len())
		}
	}
	return v
}

func (v *verifier) has(c tilegrid.Coord) bool {
	return int(c.Z) < len(v.levels) && v.levels[c.Z].has(c.X, c.Y)
}

func (v *verifier) fault(f Fault) {
	v.report.FaultCount++
	if len(v.report.Faults) < v.opt.MaxFaults {
		v.report.Faults = append(v.report.Faults, f)
	}
}

func (v *verifier) tileFault(c tilegrid.Coord, rule, format string, args ...any) {
	v.fault(Fault{c, true, rule, fmt.Sprintf(format, args...)})
}

func (v *verifier) closeManifest() {
	if v.report.Manifest = v.manifest.Sum(); v.opt.Touched != nil {
		v.report.Manifest = v.info.Manifest
		return
	}
	if want := v.info.Manifest; want != "" && want != v.report.Manifest {
		v.fault(Fault{Rule: "manifest.differs", Detail: fmt.Sprintf("the tiles hash to %s, the dataset says %s", v.report.Manifest, want)})
	}
}

// batchPerJob is how many tiles a worker has before all wait for each other.
const batchPerJob = 64

// inBatches runs work on n items by a number of goroutines.
func inBatches(jobs, n int, work func(i int)) {
	var group sync.WaitGroup
	next := make(chan int)
	for range min(jobs, n) {
		group.Go(func() {
			for i := range next {
				work(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}
