package region

import (
	"math"

	"github.com/paulmach/orb"
)

// Posts is a window of posts: column c, row r stands at longitude -180 + (West+c)*Spacing, latitude -90 + (North-r)*Spacing.
// Columns may lie beyond the antimeridian on either side. 360 degrees must be a whole number of spacings.
type Posts struct {
	Spacing     float64
	West, North int64
	Cols, Rows  int
}

func (p Posts) lon(i int64) float64 { return float64(i)*p.Spacing - 180 }
func (p Posts) lat(j int64) float64 { return float64(j)*p.Spacing - 90 }

// Inside tells of each post, row by row from the north, whether it lies in the region; its border counts as inside, to the
// precision of a float64. dst has one entry a post.
func (d *Drawer) Inside(r *Region, p Posts, dst []bool) {
	clear(dst)
	if r == nil {
		return
	}
	cols := p.Cols + 1
	if cap(d.winding) < cols*p.Rows {
		d.winding = make([]int32, cols*p.Rows)
	}
	s := scan{Posts: p, winding: d.winding[:cols*p.Rows], inside: dst, circle: int64(math.Round(360 / p.Spacing))}
	clear(s.winding)
	window := orb.Bound{
		Min: orb.Point{p.lon(p.West - 1), p.lat(p.North - int64(p.Rows))}, Max: orb.Point{p.lon(p.West + int64(p.Cols)), p.lat(p.North + 1)},
	}
	r.walk(window, s.segment)
	for y := range p.Rows {
		n := int32(0)
		for x := range p.Cols {
			if n += s.winding[y*cols+x]; n > 0 {
				dst[y*p.Cols+x] = true
			}
		}
	}
}

// scan counts how often a window's rows are crossed.
type scan struct {
	Posts
	winding []int32 // change of the winding number from post to post, a column more than there are posts
	inside  []bool
	circle  int64 // posts round the globe
}

// segment notes the rows that a segment crosses: those south of its upper end, that included, and north of its lower end.
func (s *scan) segment(a, b orb.Point, turn int) {
	sign, lower, upper := int32(-1), a, b // one that runs north has the region on its west
	if a[1] > b[1] {
		sign, lower, upper = 1, b, a
	}
	last := s.North - int64(s.Rows) + 1
	from, to := max(last, int64(math.Floor((lower[1]+90)/s.Spacing))), min(s.North, int64(math.Ceil((upper[1]+90)/s.Spacing)))
	for j := from; j <= to; j++ {
		y := s.lat(j)
		switch {
		case a[1] == b[1] && a[1] == y:
			s.along(j, min(a[0], b[0]), max(a[0], b[0]), turn)
		case lower[1] <= y && y < upper[1]:
			x := lower[0] + (y-lower[1])/(upper[1]-lower[1])*(upper[0]-lower[0])
			s.cross(j, x, sign, turn)
		}
	}
}

// cross changes the winding number of a row from x on. A post on the border is inside: going in it counts already, going out it counts still.
func (s *scan) cross(j int64, x float64, sign int32, turn int) {
	i := s.from(x)
	if sign < 0 && s.lon(i) == x {
		i++
	}
	c := max(0, i+int64(turn)*s.circle-s.West)
	if c < int64(s.Cols) {
		s.winding[(s.North-j)*int64(s.Cols+1)+c] += sign
	}
}

// from returns the first post at or east of x.
func (s *scan) from(x float64) int64 {
	i := int64(math.Ceil((x + 180) / s.Spacing))
	for s.lon(i-1) >= x {
		i--
	}
	for s.lon(i) < x {
		i++
	}
	return i
}

// along marks the posts on a segment that runs along their row.
func (s *scan) along(j int64, west, east float64, turn int) {
	shift := int64(turn)*s.circle - s.West
	for c := max(0, s.from(west)+shift); c < int64(s.Cols) && s.lon(c-shift) <= east; c++ {
		s.inside[(s.North-j)*int64(s.Cols)+c] = true
	}
}
