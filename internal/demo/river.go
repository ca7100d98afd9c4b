package demo

import "math"

// field is a square raster, row 0 in the north, cells of the given width in metres.
type field struct {
	n     int
	cell  float64
	z     []float64 // heights in metres
	shore []float64 // how far inside the coast each cell lies, see shore
}

// flow says where water goes: cells in the order in which a flood that rises from the sea reaches them, the neighbour that each drains to,
// and the level that the flood stands at when it does (Barnes et al. 2014, priority flood). Sea cells drain to themselves.
type flow struct {
	order []int32
	to    []int32
	level []float64
	step  int // makes chance differ from step to step, so that young rivers wander
}

// drain floods f from all cells at or below 0. They must form the rim of f.
func (f *field) drain() flow {
	d := flow{order: make([]int32, 0, len(f.z)), to: make([]int32, len(f.z)), level: make([]float64, len(f.z))}
	var queue heap
	for i, z := range f.z {
		d.to[i] = -1
		if z <= 0 {
			d.to[i] = int32(i)
			if f.onShore(i) {
				queue.push(entry{0, int32(i)})
			}
		}
	}
	for len(queue) > 0 {
		e := queue.pop()
		if f.z[e.cell] > 0 {
			d.order = append(d.order, e.cell)
		}
		f.neighbours(int(e.cell), func(j int, _ float64) {
			if d.to[j] < 0 {
				d.to[j], d.level[j] = e.cell, max(f.z[j], e.level)
				queue.push(entry{d.level[j], int32(j)})
			}
		})
	}
	return d
}

func (f *field) onShore(i int) bool {
	land := false
	f.neighbours(i, func(j int, _ float64) { land = land || f.z[j] > 0 })
	return land
}

// neighbours calls visit for the up to eight cells around i, with their distance in cells.
func (f *field) neighbours(i int, visit func(j int, distance float64)) {
	x, y := i%f.n, i/f.n
	for _, d := range eight {
		if uint(x+d.dx) < uint(f.n) && uint(y+d.dy) < uint(f.n) {
			visit(i+d.dy*f.n+d.dx, d.distance)
		}
	}
}

var eight = [8]struct {
	dx, dy   int
	distance float64
}{
	{-1, -1, math.Sqrt2}, {0, -1, 1}, {1, -1, math.Sqrt2}, {-1, 0, 1}, {1, 0, 1}, {-1, 1, math.Sqrt2}, {0, 1, 1}, {1, 1, math.Sqrt2},
}

// spring is the number of cells whose water makes a river.
const spring = 3

// carve runs rivers for one time step while the ground rises by lift metres a step (Braun and Willett 2013: stream power with slope exponent 1,
// area exponent 0.5, solved implicitly from the sea upwards, so any step is stable). strength is their K dt. Drops gather before they cut:
// the first spring cells of a river do nothing.
func (f *field) carve(lift []float64, strength float64, step int) {
	d := f.drain()
	d.step = step << 32
	area := make([]float64, len(f.z))
	for k := len(d.order) - 1; k >= 0; k-- {
		i := d.order[k]
		area[i]++
		area[d.to[i]] += area[i]
	}
	for _, i := range d.order {
		down, distance := f.steepest(int(i), d)
		pull := strength * math.Sqrt(math.Max(0, area[i]-spring)) / distance
		f.z[i] = max(0.1, (f.z[i]+lift[i]+pull*max(0, f.z[down]))/(1+pull))
	}
}

// steepest is the neighbour that water at i falls to; in a hollow, the one that the flood came from. Slopes count a little more or less
// by chance of place, or smooth ground would drain along the eight directions of the raster.
func (f *field) steepest(i int, d flow) (down int, distance float64) {
	down, distance = int(d.to[i]), 1
	fall := 0.0
	f.neighbours(i, func(j int, far float64) {
		if s := (d.level[i] - d.level[j]) / far * (0.55 + luck(i+d.step, j)); s > fall {
			down, distance, fall = j, far, s
		}
	})
	return down, distance
}

// luck is a number from 0 to 0.9 that belongs to a pair of cells.
func luck(i, j int) float64 {
	h := uint64(i)*0x9e3779b97f4a7c15 ^ uint64(j)*0xc2b2ae3d27d4eb4f
	h = (h ^ h>>31) * 0xbf58476d1ce4e5b9
	return float64(h>>40) / (1 << 24) * 0.9
}

// soften moves each land cell a part of the way to the mean of its neighbours (creep of soil).
func (f *field) soften(part float64) {
	soft := make([]float64, len(f.z))
	f.each(func(i int, _, _ float64) {
		sum, count := 0.0, 0.0
		f.neighbours(i, func(j int, distance float64) { sum, count = sum+math.Max(0, f.z[j])/distance, count+1/distance })
		soft[i] = mix(f.z[i], sum/count, part)
	})
	for i, z := range f.z {
		if z > 0 {
			f.z[i] = math.Max(0.1, soft[i])
		}
	}
}

// fillLakes makes hollows of minCells to maxCells cells flat up to the brim. Others stay as they are.
func (f *field) fillLakes(minCells, maxCells int) {
	d := f.drain()
	wet := func(i int) bool { return f.z[i] > 0 && d.level[i] > f.z[i] }
	seen := make([]bool, len(f.z))
	for i := range f.z {
		if seen[i] || !wet(i) {
			continue
		}
		lake := []int{i}
		seen[i] = true
		for k := 0; k < len(lake); k++ {
			f.neighbours(lake[k], func(j int, _ float64) {
				if !seen[j] && wet(j) {
					seen[j] = true
					lake = append(lake, j)
				}
			})
		}
		if len(lake) >= minCells && len(lake) <= maxCells {
			for _, j := range lake {
				f.z[j] = d.level[j]
			}
		}
	}
}

// slump moves ground down where it is steeper than the slope that loose rock holds, rise over run (thermal erosion).
func (f *field) slump(steepest float64) {
	limit := steepest * f.cell
	moved := make([]float64, len(f.z))
	for i, z := range f.z {
		low, drop := -1, 0.0
		f.neighbours(i, func(j int, distance float64) {
			if over := z - f.z[j] - limit*distance; over > drop {
				low, drop = j, over
			}
		})
		if low >= 0 && z > 0 {
			moved[i] -= drop / 4
			moved[low] += drop / 4
		}
	}
	for i := range f.z {
		f.z[i] += moved[i]
	}
}

// entry is a cell that the flood has reached, and its level.
type entry struct {
	level float64
	cell  int32
}

// less orders by level, then by cell, so that equal levels leave no choice.
func (a entry) less(b entry) bool {
	return a.level < b.level || (a.level == b.level && a.cell < b.cell)
}

// heap is a binary heap with the lowest entry on top.
type heap []entry

func (h *heap) push(e entry) {
	q := append(*h, e)
	i := len(q) - 1
	for i > 0 && e.less(q[(i-1)/2]) {
		q[i] = q[(i-1)/2]
		i = (i - 1) / 2
	}
	q[i] = e
	*h = q
}

func (h *heap) pop() entry {
	q := *h
	top, last := q[0], q[len(q)-1]
	q = q[:len(q)-1]
	i := 0
	for {
		child := 2*i + 1
		if child >= len(q) {
			break
		}
		if child+1 < len(q) && q[child+1].less(q[child]) {
			child++
		}
		if !q[child].less(last) {
			break
		}
		q[i] = q[child]
		i = child
	}
	if len(q) > 0 {
		q[i] = last
	}
	*h = q
	return top
}
