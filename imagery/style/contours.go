package style

import (
	"image"
	"math"
)

// pen is how a contour line is drawn.
type pen struct {
	radius float32 // half its width, pixels
	color  [4]uint8
}

// The pens: brown on land, blue below the sea, each fifth line an index contour.
const (
	landPen = iota
	landIndexPen
	seaPen
	seaIndexPen
)

var pens = [4]pen{
	landPen:      {0.5, [4]uint8{122, 74, 34, 190}},
	landIndexPen: {0.95, [4]uint8{104, 58, 24, 235}},
	seaPen:       {0.5, [4]uint8{40, 98, 156, 190}},
	seaIndexPen:  {0.95, [4]uint8{28, 78, 138, 235}},
}

// everyIndex is how many contours there are from one index contour to the next.
const everyIndex = 5

// Interval returns the metres between contour lines on pictures of a level: of 1, 2, 5, 10, 20 ... the one nearest to 2.2 times the width of a
// pixel at the equator, so that lines on ground of 45 degrees are about two pixels apart.
func Interval(level uint8) float64 {
	perLon, _ := metresPerDegree(0)
	want := 2.2 * perLon * 180 / side / math.Exp2(float64(level))
	best := 1.0
	for _, n := range [...]float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000} {
		if math.Abs(math.Log(n/want)) < math.Abs(math.Log(best/want)) {
			best = n
		}
	}
	return best
}

// paintContours draws lines through the squares between pixel centres (marching squares, Lorensen & Cline 1987, in two dimensions). Every pixel
// keeps the most opaque line that touches it. Overzoomed pictures have the interval of one level beyond the finest: closer lines would tell what
// the heights do not know.
func paintContours(f *field, m *image.NRGBA) {
	d := drawing{m: m, interval: float32(Interval(min(f.level, f.finest+1)))}
	for r := range fieldSide - 1 {
		north, south := f.z[r*fieldSide:][:fieldSide], f.z[(r+1)*fieldSide:][:fieldSide]
		for c := range fieldSide - 1 {
			s := square{c - margin, r - margin, [4]float32{north[c], north[c+1], south[c+1], south[c]}}
			lo, hi := min(s.z[0], s.z[1], s.z[2], s.z[3]), max(s.z[0], s.z[1], s.z[2], s.z[3])
			if !(hi > lo) {
				continue
			}
			first, last := math.Ceil(float64(lo/d.interval)), math.Ceil(float64(hi/d.interval))
			for n := first; n < last; n++ {
				d.line(s, int(n))
			}
		}
	}
}

// square has its corners at the centres of the pixels (c, r), (c+1, r), (c+1, r+1), (c, r+1), and their heights in that order.
type square struct {
	c, r int
	z    [4]float32
}

// point lies in a square, 0 to 1 east and south from its first corner.
type point struct{ x, y float32 }

// crossing returns where a height lies on the side from corner k to the next.
func (s *square) crossing(k int, h float32) point {
	a, b := s.z[k], s.z[(k+1)%4]
	switch t := (h - a) / (b - a); k {
	case 0:
		return point{t, 0}
	case 1:
		return point{1, t}
	case 2:
		return point{1 - t, 1}
	default:
		return point{0, 1 - t}
	}
}

type drawing struct {
	m        *image.NRGBA
	interval float32
}

// line draws contour n through a square. Ground at the very height counts as below, so that a lake or sea of that height has the line at its shore.
func (d *drawing) line(s square, n int) {
	h := float32(n) * d.interval
	var ends [4]point
	count := 0
	for k := range 4 {
		if (s.z[k] > h) != (s.z[(k+1)%4] > h) {
			ends[count] = s.crossing(k, h)
			count++
		}
	}
	p := penOf(n)
	switch count {
	case 2:
		d.segment(s, ends[0], ends[1], p)
	case 4: // a saddle: what its middle is belongs together
		middle := (s.z[0]+s.z[1]+s.z[2]+s.z[3])/4 > h
		if middle == (s.z[0] > h) {
			d.segment(s, ends[0], ends[1], p)
			d.segment(s, ends[2], ends[3], p)
		} else {
			d.segment(s, ends[3], ends[0], p)
			d.segment(s, ends[1], ends[2], p)
		}
	}
}

func penOf(n int) pen {
	k := landPen
	if n < 0 {
		k = seaPen
	}
	if n%everyIndex == 0 {
		k++
	}
	return pens[k]
}

// segment draws a straight line with soft edges. It reckons in the square's own coordinates, so that the pixels of two pictures come out alike.
func (d *drawing) segment(s square, a, b point, p pen) {
	reach := p.radius + 0.5
	x0, x1 := ceil(min(a.x, b.x)-reach), floor(max(a.x, b.x)+reach)
	y0, y1 := ceil(min(a.y, b.y)-reach), floor(max(a.y, b.y)+reach)
	for y := max(y0, -s.r); y <= min(y1, side-1-s.r); y++ {
		for x := max(x0, -s.c); x <= min(x1, side-1-s.c); x++ {
			cover := min(1, reach-distance(point{float32(x), float32(y)}, a, b))
			if cover <= 0 {
				continue
			}
			at := (s.r+y)*d.m.Stride + (s.c+x)*4
			px := d.m.Pix[at : at+4 : at+4]
			if alpha := byteOf(cover * float32(p.color[3])); alpha > px[3] {
				px[0], px[1], px[2], px[3] = p.color[0], p.color[1], p.color[2], alpha
			}
		}
	}
}

func ceil(v float32) int  { return int(math.Ceil(float64(v))) }
func floor(v float32) int { return int(math.Floor(float64(v))) }

// distance returns how far p lies from the line between a and b.
func distance(p, a, b point) float32 {
	dx, dy := b.x-a.x, b.y-a.y
	px, py := p.x-a.x, p.y-a.y
	if long := dx*dx + dy*dy; long > 0 {
		t := min(1, max(0, (px*dx+py*dy)/long))
		px, py = px-t*dx, py-t*dy
	}
	return float32(math.Sqrt(float64(px*px + py*py)))
}
