package ingest

import (
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// pyramid is the ground of one unit at its stage's base level and at each level above it down to the unit's root.
//
// A coarser level is the low pass of the 5/3 wavelet (Le Gall & Tabatabai 1988): each kept post takes a quarter of what the posts dropped on either side of
// it deviate from the straight line, along rows, then along columns. What is dropped is thus carried up: against the DEM's own posts the levels above the
// deepest are a fifth better than with every second post as it is, and half the height of a lone peak between posts survives.
type pyramid struct {
	levels []window // base first
	half   []float32
}

// margins returns how many posts beyond the unit's borders each level needs, base first: the halo at the root, and two posts more than
// twice that for each level below it.
func margins(levels int) []int {
	m := make([]int, levels)
	m[levels-1] = terrain.Halo
	for k := levels - 2; k >= 0; k-- {
		m[k] = 2*m[k+1] + 2
	}
	return m
}

// around places the windows of all levels on a unit. The base gets extra posts beyond what the levels need.
func (p *pyramid) around(unit tilegrid.Coord, base uint8, extra int) {
	n := int(base-unit.Z) + 1
	for len(p.levels) < n {
		p.levels = append(p.levels, window{})
	}
	p.levels = p.levels[:n]
	for k, m := range margins(n) {
		if k == 0 {
			m += extra
		}
		p.levels[k].around(unit, base-uint8(k), m)
	}
}

// base returns the finest window.
func (p *pyramid) base() *window { return &p.levels[0] }

// at returns the window of a level.
func (p *pyramid) at(z uint8) *window { return &p.levels[p.levels[0].level-z] }

// raise computes every level from the one below it. poles sets the rows at and beyond the poles.
func (p *pyramid) raise(poles func(*window)) {
	for k := 1; k < len(p.levels); k++ {
		p.halve(&p.levels[k-1], &p.levels[k])
		poles(&p.levels[k])
		p.levels[k].round()
	}
}

// halve computes the coarser window from the finer: rows first, into half, then columns. A post has data where it has in the finer one.
func (p *pyramid) halve(fine, coarse *window) {
	n := coarse.side * fine.side
	if cap(p.half) < n {
		p.half = make([]float32, n)
	}
	half := p.half[:n]
	left := int(2*coarse.west - fine.west)
	for r := range fine.side {
		lowPassRow(half[r*coarse.side:][:coarse.side], fine.z[r*fine.side+left-2:])
	}
	top := int(fine.north - 2*coarse.north)
	for r := range coarse.side {
		at := (top + 2*r) * coarse.side
		lowPassColumns(coarse.z[r*coarse.side:][:coarse.side], half[at-2*coarse.side:], coarse.side)
		row := fine.data[(top+2*r)*fine.side+left:]
		for c := range coarse.side {
			coarse.data[r*coarse.side+c] = row[2*c]
		}
	}
}

// lowPassRow filters a row; src begins two posts before the first post that is kept.
func lowPassRow(dst, src []float32) {
	src = src[:2*len(dst)+3]
	for k := range dst {
		s := src[2*k : 2*k+5 : 2*k+5]
		dst[k] = 0.75*s[2] + 0.25*(s[1]+s[3]) - 0.125*(s[0]+s[4])
	}
}

// lowPassColumns filters five rows into one; src begins two rows above the row that is kept.
func lowPassColumns(dst, src []float32, side int) {
	a, b, c, d, e := src[:side], src[side:2*side], src[2*side:3*side], src[3*side:4*side], src[4*side:5*side]
	for k := range dst {
		dst[k] = 0.75*c[k] + 0.25*(b[k]+d[k]) - 0.125*(a[k]+e[k])
	}
}
