package tiler

import (
	"context"
	"fmt"
	"image"
	"math"
	"runtime"
	"time"

	"github.com/terrane/terrane/tilegrid"
)

// Estimate is a guess at what a plan costs, good to a factor of two where the pictures are much the same all over.
type Estimate struct {
	Tiles     []int // of each level that hold anything
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
	samples  = 16
	rowBytes = 130                     // of a tile beside its data: keys, hashes, what pages leave empty
	tileTime = 3500 * time.Microsecond // measured on photographs in compressed GeoTIFFs
	webpTime = 12 * time.Millisecond   // libwebp is thorough
	leadTime = 200 * time.Millisecond
)

// Estimate says what the work costs on so many goroutines. It paints a few tiles spread over the ground: how large they are, and how many of them hold anything,
// stands for all.
func (j *Job) Estimate(ctx context.Context, jobs int) (Estimate, error) {
	o := j.oven(nil)
	held, size := 0, int64(0)
	for k := range samples {
		c := j.Plan.spot(k)
		s := Stage{Base: c.Z, Top: c.Z, Root: c.Z}
		tiles, err := o.bake(ctx, s, c)
		if err != nil {
			return Estimate{}, fmt.Errorf("estimate: %w", err)
		}
		for _, t := range tiles {
			held, size = held+1, size+int64(len(t.data))
		}
	}
	share := max(float64(held)/samples, 0.5/samples)
	e := Estimate{Tiles: make([]int, len(j.Plan.Tiles))}
	for z, n := range j.Plan.Tiles {
		e.Tiles[z] = max(min(n, 1), int(math.Round(float64(n)*share)))
	}
	e.SizeBytes = int64(e.Total()) * (size/int64(max(held, 1)) + rowBytes)
	each := tileTime
	if j.options.Format == WebP {
		each = webpTime
	}
	e.Time = leadTime + time.Duration(e.Total())*each/time.Duration(max(1, min(jobs, runtime.GOMAXPROCS(0))))
	return e, nil
}

// spot picks the k-th of the tiles to sample: rows from north to south through the bounds, columns by the golden ratio. Of many bounds each gives a tile or none.
func (p Plan) spot(k int) tilegrid.Coord {
	r := p.Grid.Cover(p.Bounds[k*len(p.Bounds)/samples], p.Max)
	_, across := math.Modf(float64(k) * (math.Sqrt(5) - 1) / 2)
	_, down := math.Modf(float64(k)/samples + float64(k)*math.Sqrt2*float64(min(len(p.Bounds)-1, 1)))
	size := image.Pt(int(r.MaxX-r.MinX)+1, int(r.MaxY-r.MinY)+1)
	return tilegrid.Coord{Z: p.Max, X: r.MinX + uint32(across*float64(size.X)), Y: r.MaxY - uint32(down*float64(size.Y))}
}
