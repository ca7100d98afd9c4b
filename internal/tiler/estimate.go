package tiler

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/terrane/terrane/tilegrid"
)

// Estimate is a guess at what a plan costs, good to a factor of two where the pictures are much the same all over.
type Estimate struct {
	Tiles     []int // of each level that hold anything
	First     uint8 // the first level that shows anything
	SizeBytes int64
	Time      time.Duration
}

// Total returns the number of tiles of all levels.
func (e Estimate) Total() int {
	total := 0
	for _, n := range e.Tiles {
		total += n
	}
	return total
}

const (
	samples  = 32                      // tiles that are painted for each fineness
	looks    = 1024                    // places that are looked at where much is blank
	tileTime = 3500 * time.Microsecond // measured on photographs in compressed GeoTIFFs
	webpTime = 12 * time.Millisecond   // libwebp is thorough
	bandTime = 4 * time.Millisecond    // of values kept under a tile
	leadTime = 200 * time.Millisecond

	fixedBytes = 6 * page // tables, indices and metadata
)

// Estimate says what the work costs on so many goroutines. It paints a few tiles spread over the ground of each fineness: how large they
// are, and how many of them hold anything, stands for all.
func (j *Job) Estimate(ctx context.Context, jobs int) (Estimate, error) {
	e := Estimate{Tiles: make([]int, len(j.Plan.Tiles)), First: j.first()}
	blocks := 0
	finer := make([]int, len(j.Plan.Tiles)) // tiles that are counted already
	for _, g := range j.Plan.Grounds {
		s, err := j.sample(ctx, g)
		if err != nil {
			return Estimate{}, fmt.Errorf("estimate: %w", err)
		}
		weight := 0.0 // of the tiles of a level, bytes
		for z := int(g.Deepest); z >= int(e.First); z-- {
			all := j.Plan.count(uint8(z), g.Deepest)
			n := float64(all-finer[z]) * s.share
			e.Tiles[z], finer[z] = e.Tiles[z]+int(math.Round(n)), all
			if weight *= above; z == int(g.Deepest) {
				weight, blocks = n*s.picture, blocks+int(n)
				e.SizeBytes += int64(n * s.values)
			}
			if n > 0 {
				e.SizeBytes += int64(n * rowSize(weight/n))
			}
		}
	}
	for z := int(e.First); z < len(e.Tiles); z++ {
		e.Tiles[z] = max(min(j.Plan.Tiles[z], 1), e.Tiles[z])
	}
	e.SizeBytes += fixedBytes
	each := tileTime
	if j.options.Format == WebP {
		each = webpTime
	}
	work := time.Duration(e.Total())*each + time.Duration(blocks*j.pictures.ValueForm().Bands)*bandTime
	e.Time = leadTime + work/time.Duration(max(1, min(jobs, runtime.GOMAXPROCS(0))))
	return e, nil
}

// sampled is what was found out about tiles of a ground.
type sampled struct {
	share   float64 // that hold anything, more than 0
	picture float64 // bytes of one that does, the mean
	values  float64 // the same of the values kept under it, in the file
}

// sample paints tiles of a ground. Where some places are known to be blank, more are looked at, so that a sparse ground is not taken for an
// empty one.
func (j *Job) sample(ctx context.Context, g Ground) (sampled, error) {
	o := j.oven(nil)
	all := samples
	spots, err := o.spots(ctx, g, all)
	if err == nil && len(spots) < samples {
		all = looks
		spots, err = o.spots(ctx, g, all)
	}
	held, painted := 0, min(samples, len(spots))
	var found sampled
	for k := range painted {
		c := spots[k*len(spots)/painted]
		tiles, err := o.bake(ctx, Stage{Base: c.Z, Top: c.Z, Root: c.Z, Fresh: true}, c)
		if err != nil {
			return sampled{}, err
		}
		for _, t := range tiles {
			held, found.picture = held+1, found.picture+float64(len(t.data))
			if t.values != nil {
				found.values += rowSize(float64(len(t.values)))
			}
		}
	}
	share := float64(len(spots)) / float64(all) * float64(held) / float64(max(painted, 1))
	found.share = max(share, 0.5/float64(all))
	found.picture, found.values = found.picture/float64(max(held, 1)), found.values/float64(max(held, 1))
	return found, err
}

// spots returns those of so many tiles of a ground that are not known to be blank; of fewer, if it has fewer.
func (o *oven) spots(ctx context.Context, g Ground, n int) ([]tilegrid.Coord, error) {
	var covers []tilegrid.Range
	total := 0
	for _, b := range g.Bounds {
		r := o.plan.Grid.Cover(b, g.Deepest)
		covers, total = append(covers, r), total+r.Len()
	}
	var out []tilegrid.Coord
	for k := range n {
		c := spot(covers, total, k, n)
		blank, err := o.painter.Blank(ctx, o.ground(c.Z, pixelsBelow(o.plan.Grid, c, c.Z)))
		if err != nil {
			return nil, err
		}
		if !blank {
			out = append(out, c)
		}
	}
	return out, nil
}

// spot picks the k-th of n tiles to sample out of all that ranges hold: row after row, and where a row has several, columns by the golden
// ratio. Of few tiles each is picked as often.
func spot(covers []tilegrid.Range, total, k, n int) tilegrid.Coord {
	at := (2*k + 1) * total / (2 * n)
	i := 0
	for at >= covers[i].Len() {
		at -= covers[i].Len()
		i++
	}
	r := covers[i]
	width := int(r.MaxX-r.MinX) + 1
	column := at % width
	if total > n {
		_, across := math.Modf(float64(k) * (math.Sqrt(5) - 1) / 2)
		column = int(across * float64(width))
	}
	return tilegrid.Coord{Z: r.Z, X: r.MinX + uint32(column), Y: r.MaxY - uint32(at/width)}
}
