package doctor

import (
	"encoding/json"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// manyRanges is how many ranges of available clients put into their quadtree without a standstill.
const manyRanges = 20_000

// span is a range as layer.json and the metadata of tiles write it. Signed, so that nonsense can be told.
type span struct{ StartX, StartY, EndX, EndY int64 }

// layerAvailable reads and judges what layer.json says of tiles.
func (d *doctor) layerAvailable(l *layer, f fields) {
	var levels [][]span
	l.listed = f.into("available", &levels)
	if f.into("metadataAvailability", &l.metadata) && d.old() {
		l.metadata = 0
	}
	switch {
	case !l.listed && f["available"] != nil && string(f["available"]) != "null":
		d.found("layer.available", l.at, "available is not a list of lists of ranges")
	case l.listed || l.heightmap:
		d.pass("layer.available")
	case l.metadata == 0:
		d.found("layer.available", l.at, "there is none")
	default:
		d.pass("layer.available")
		d.found("layer.oldclients", l.at, "metadataAvailability without available")
	}
	if !l.listed {
		l.available = [][]tilegrid.Range{wholeLevel(l.grid)}
		return
	}
	d.layerRanges(l, levels)
	d.layerRoots(l)
	d.layerAncestors(l)
	var deepest float64
	if top := len(l.available) - 1; f.into("maxzoom", &deepest) {
		d.unless(int(deepest) < top && !d.old(), "layer.maxzoom", l.at, "maxzoom is %g, available goes to level %d", deepest, top)
	}
	d.layerBounds(l, f)
}

// wholeLevel is all tiles of level 0.
func wholeLevel(g tilegrid.Grid) []tilegrid.Range {
	columns, rows := g.Size(0)
	return []tilegrid.Range{{MaxX: columns - 1, MaxY: rows - 1}}
}

// layerRanges takes the ranges that the grid has.
func (d *doctor) layerRanges(l *layer, levels [][]span) {
	total := 0
	for z, spans := range levels {
		if z > tilegrid.MaxLevel {
			d.found("layer.grid", l.at, "%d levels", len(levels))
			break
		}
		var ranges []tilegrid.Range
		for _, s := range spans {
			r, ok := s.within(l.grid, uint8(z))
			if d.unless(!ok, "layer.grid", l.at, "level %d: x %d-%d, y %d-%d", z, s.StartX, s.EndX, s.StartY, s.EndY) {
				continue
			}
			if total < manyRanges { // beyond it the search would take long, and there is another finding
				d.unless(slices.ContainsFunc(ranges, func(o tilegrid.Range) bool { return meet(o, r) }), "layer.overlap", l.at,
					"level %d: x %d-%d, y %d-%d", z, s.StartX, s.EndX, s.StartY, s.EndY)
			}
			ranges, total = append(ranges, r), total+1
		}
		l.available = append(l.available, ranges)
	}
	for n := len(l.available); n > 1 && len(l.available[n-1]) == 0; n-- {
		l.available = l.available[:n-1]
	}
	d.unless(total > manyRanges, "layer.many", l.at, "%d ranges", total)
}

func (s span) within(g tilegrid.Grid, z uint8) (tilegrid.Range, bool) {
	columns, rows := g.Size(z)
	if s.StartX < 0 || s.StartY < 0 || s.StartX > s.EndX || s.StartY > s.EndY || s.EndX >= int64(columns) || s.EndY >= int64(rows) {
		return tilegrid.Range{}, false
	}
	return tilegrid.Range{Z: z, MinX: uint32(s.StartX), MinY: uint32(s.StartY), MaxX: uint32(s.EndX), MaxY: uint32(s.EndY)}, true
}

func meet(a, b tilegrid.Range) bool {
	return a.MinX <= b.MaxX && b.MinX <= a.MaxX && a.MinY <= b.MaxY && b.MinY <= a.MaxY
}

func (d *doctor) layerRoots(l *layer) {
	columns, rows := l.grid.Size(0)
	n := 0
	for c := range (tilegrid.Range{MaxX: columns - 1, MaxY: rows - 1}).All() {
		if has(l.available, c) {
			n++
		}
	}
	d.unless(n < int(columns*rows), "layer.root", l.at, "available[0] lists %d of %d roots", n, columns*rows)
}

// layerAncestors tells whether the parents of all ranges are listed.
func (d *doctor) layerAncestors(l *layer) {
	total := 0
	for z := 1; z < len(l.available); z++ {
		for _, r := range l.available[z] {
			if total++; total > manyRanges {
				return
			}
			up := tilegrid.Range{Z: r.Z - 1, MinX: r.MinX / 2, MinY: r.MinY / 2, MaxX: r.MaxX / 2, MaxY: r.MaxY / 2}
			left := uncovered(up, l.available[z-1])
			d.unless(len(left) > 0, "layer.ancestors", l.at, "level %d: x %d-%d, y %d-%d have no parents in level %d", z, r.MinX, r.MaxX, r.MinY, r.MaxY, z-1)
		}
	}
}

// uncovered is what of r no range of list holds.
func uncovered(r tilegrid.Range, list []tilegrid.Range) []tilegrid.Range {
	left := []tilegrid.Range{r}
	for _, o := range list {
		if !slices.ContainsFunc(left, func(p tilegrid.Range) bool { return meet(p, o) }) {
			continue
		}
		var next []tilegrid.Range
		for _, p := range left {
			if !meet(p, o) {
				next = append(next, p)
				continue
			}
			if p.MinY < o.MinY {
				next = append(next, tilegrid.Range{Z: p.Z, MinX: p.MinX, MinY: p.MinY, MaxX: p.MaxX, MaxY: o.MinY - 1})
			}
			if p.MaxY > o.MaxY {
				next = append(next, tilegrid.Range{Z: p.Z, MinX: p.MinX, MinY: o.MaxY + 1, MaxX: p.MaxX, MaxY: p.MaxY})
			}
			low, high := max(p.MinY, o.MinY), min(p.MaxY, o.MaxY)
			if p.MinX < o.MinX {
				next = append(next, tilegrid.Range{Z: p.Z, MinX: p.MinX, MinY: low, MaxX: o.MinX - 1, MaxY: high})
			}
			if p.MaxX > o.MaxX {
				next = append(next, tilegrid.Range{Z: p.Z, MinX: o.MaxX + 1, MinY: low, MaxX: p.MaxX, MaxY: high})
			}
		}
		if left = next; len(left) == 0 {
			break
		}
	}
	return left
}

// layerBounds compares bounds with the ground of the deepest tiles: no client reads it, but it tells rows counted from the wrong end.
func (d *doctor) layerBounds(l *layer, f fields) {
	var b []float64
	top := uint8(len(l.available) - 1)
	if !f.into("bounds", &b) || len(b) != 4 || len(l.available) == 0 || len(l.available[top]) == 0 {
		return
	}
	said := orb.Bound{Min: orb.Point{b[0], b[1]}, Max: orb.Point{b[2], b[3]}}
	near, mirrored := false, false
	for _, r := range l.available[top] {
		near = near || ground(l.grid, r).Intersects(said)
		low, high := l.grid.FlipY(tilegrid.Coord{Z: top, X: r.MinX, Y: r.MaxY}), l.grid.FlipY(tilegrid.Coord{Z: top, X: r.MaxX, Y: r.MinY})
		mirrored = mirrored || ground(l.grid, tilegrid.Range{Z: top, MinX: low.X, MinY: low.Y, MaxX: high.X, MaxY: high.Y}).Intersects(said)
	}
	switch {
	case near:
		d.pass("layer.bounds", "layer.rows")
	case mirrored:
		d.found("layer.rows", l.at, "the tiles of level %d lie in bounds only if rows are counted from the north", top)
	default:
		text, _ := json.Marshal(b)
		d.found("layer.bounds", l.at, "bounds is %s, and the tiles of level %d lie outside", text, top)
	}
}

func ground(g tilegrid.Grid, r tilegrid.Range) orb.Bound {
	return g.Bound(tilegrid.Coord{Z: r.Z, X: r.MinX, Y: r.MinY}).Union(g.Bound(tilegrid.Coord{Z: r.Z, X: r.MaxX, Y: r.MaxY}))
}

func has(available [][]tilegrid.Range, c tilegrid.Coord) bool {
	return int(c.Z) < len(available) && slices.ContainsFunc(available[c.Z], func(r tilegrid.Range) bool { return r.Contains(c) })
}

func count(available [][]tilegrid.Range) int64 {
	n := int64(0)
	for _, level := range available {
		for _, r := range level {
			n += int64(r.Len())
		}
	}
	return n
}

// choose lists tiles to read, the same for the same availability, the most telling first: the roots, the way down to the
// middle of the deepest level, that tile's neighbours, the corners of the widest ranges from the deepest level up.
func choose(g tilegrid.Grid, available [][]tilegrid.Range) []tilegrid.Coord {
	var list []tilegrid.Coord
	add := func(c tilegrid.Coord) {
		if g.Valid(c) && has(available, c) && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	columns, rows := g.Size(0)
	for c := range (tilegrid.Range{MaxX: columns - 1, MaxY: rows - 1}).All() {
		add(c)
	}
	top := len(available) - 1
	for top > 0 && len(available[top]) == 0 {
		top--
	}
	if top < 0 || len(available[top]) == 0 {
		return list
	}
	middle := middleOf(widest(available[top]))
	for c := middle; c.Z > 0; c = c.Parent() {
		add(c)
	}
	slices.SortStableFunc(list, func(a, b tilegrid.Coord) int { return int(a.Z) - int(b.Z) })
	for c := middle; c.Z > 0; c = c.Parent() {
		for _, n := range around(g, c) {
			add(n)
		}
		if c.Z+2 <= middle.Z {
			break
		}
	}
	for z := top; z > 0; z-- {
		if len(available[z]) > 0 {
			r := widest(available[z])
			for _, c := range []tilegrid.Coord{{X: r.MinX, Y: r.MinY}, {X: r.MaxX, Y: r.MaxY}, {X: r.MinX, Y: r.MaxY}, {X: r.MaxX, Y: r.MinY}} {
				add(tilegrid.Coord{Z: uint8(z), X: c.X, Y: c.Y})
			}
		}
	}
	return list
}

func widest(ranges []tilegrid.Range) tilegrid.Range {
	return slices.MaxFunc(ranges, func(a, b tilegrid.Range) int { return a.Len() - b.Len() })
}

func middleOf(r tilegrid.Range) tilegrid.Coord {
	return tilegrid.Coord{Z: r.Z, X: r.MinX + (r.MaxX-r.MinX)/2, Y: r.MinY + (r.MaxY-r.MinY)/2}
}

// around is the four neighbours of a tile, east first.
func around(g tilegrid.Grid, c tilegrid.Coord) []tilegrid.Coord {
	columns, _ := g.Size(c.Z)
	return []tilegrid.Coord{
		{Z: c.Z, X: (c.X + 1) % columns, Y: c.Y}, {Z: c.Z, X: c.X, Y: c.Y + 1},
		{Z: c.Z, X: (c.X + columns - 1) % columns, Y: c.Y}, {Z: c.Z, X: c.X, Y: c.Y - 1},
	}
}

// outside lists tiles that are just not available: beside the deepest tiles, and below them.
func outside(g tilegrid.Grid, available [][]tilegrid.Range) []tilegrid.Coord {
	var list []tilegrid.Coord
	for z := len(available) - 1; z > 0 && len(list) < 6; z-- {
		if len(available[z]) == 0 {
			continue
		}
		r := widest(available[z])
		m := middleOf(r)
		if z == len(available)-1 && z < tilegrid.MaxLevel {
			list = append(list, tilegrid.Coord{Z: uint8(z) + 1, X: 2 * m.X, Y: 2 * m.Y})
		}
		for _, c := range []tilegrid.Coord{{X: r.MaxX + 1, Y: m.Y}, {X: m.X, Y: r.MaxY + 1}, {X: r.MinX - 1, Y: m.Y}, {X: m.X, Y: r.MinY - 1}} {
			c.Z = uint8(z)
			if g.Valid(c) && !has(available, c) && has(available, c.Parent()) {
				list = append(list, c)
			}
		}
	}
	return list[:min(len(list), 6)]
}
