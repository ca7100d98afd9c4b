package style

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"strconv"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/terrane/terrane/internal/picture"
)

// key is a style's legend: how large it wants to be, and how it is drawn.
type key struct {
	width, height int
	draw          func(s *sheet)
}

// LegendSize returns the size in pixels at which the style's legend is drawn best.
func (s Style) LegendSize() (width, height int) { return s.key.width, s.key.height }

// Legend draws the key to a style's colours, and nothing below it: the caller lays it on paper of some colour, or does not. A width or height of 0
// or less stands for that of [Style.LegendSize]. Labels that find no room are left out. The caller bounds the size.
func Legend(s Style, width, height int) picture.Picture {
	if width <= 0 {
		width = s.key.width
	}
	if height <= 0 {
		height = s.key.height
	}
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	if s.key.draw != nil {
		s.key.draw(&sheet{m})
	}
	return picture.Picture{NRGBA: m}
}

// sheet is what a legend is drawn on.
type sheet struct{ *image.NRGBA }

// Measures of legends, pixels.
const (
	edge       = 6
	barWidth   = 26
	lineHeight = 14
	labelAt    = edge + barWidth + 8
	capHeight  = 9 // of a digit
)

var ink = color.NRGBA{40, 40, 40, 255}

// text writes a line with its middle at y. What does not fit is cut by the sheet's edge.
func (s *sheet) text(x, y int, text string) {
	d := font.Drawer{Dst: s, Src: image.NewUniform(ink), Face: basicfont.Face7x13, Dot: fixed.P(x, y+capHeight/2)}
	d.DrawString(text)
}

// fill colours a rectangle.
func (s *sheet) fill(x0, y0, x1, y1 int, c color.Color) {
	draw.Draw(s, image.Rect(x0, y0, x1, y1), image.NewUniform(c), image.Point{}, draw.Src)
}

// bar draws colours from the top to the bottom of a framed bar; at says which colour is at a part of its height, 0 to 1.
func (s *sheet) bar(top, bottom int, at func(part float32) color.NRGBA) {
	s.fill(edge-1, top-1, edge+barWidth+1, bottom+1, ink)
	for y := top; y < bottom; y++ {
		s.fill(edge, y, edge+barWidth, y+1, at((float32(y-top)+0.5)/float32(bottom-top)))
	}
}

// scale is the key to a ramp: its unit, and a bar on which the labelled values are equally far apart, in the order in which they are given from
// the top.
func scale(unit string, r ramp, values []float32) key {
	n := len(values)
	return key{104, 2*edge + (n+1)*lineHeight + 4, func(s *sheet) {
		s.text(edge, edge+lineHeight/2, unit)
		top, bottom := edge+lineHeight+4, max(edge+lineHeight+5, s.Rect.Dy()-edge)
		s.bar(top, bottom, func(part float32) color.NRGBA { return r.color(between(values, part)) })
		free := top // labels may begin here
		for k, v := range values {
			y := top + int((float64(k)+0.5)/float64(n)*float64(bottom-top))
			if y-capHeight/2 < free-capHeight/2 {
				continue
			}
			s.fill(edge+barWidth+1, y, edge+barWidth+5, y+1, ink)
			s.text(labelAt, y, strconv.FormatFloat(float64(v), 'f', -1, 32))
			free = y + capHeight + 2
		}
	}}
}

// between returns the value at a part of a bar whose labels stand in the middles of equal pieces.
func between(values []float32, part float32) float32 {
	at := float64(part)*float64(len(values)) - 0.5
	k := min(len(values)-2, max(0, int(math.Floor(at))))
	t := float32(min(1, max(0, at-float64(k))))
	return values[k] + (values[k+1]-values[k])*t
}

// shadeKey is the key to grey light.
var shadeKey = key{104, 92, func(s *sheet) {
	top, bottom := edge, max(edge+1, s.Rect.Dy()-edge)
	s.bar(top, bottom, func(part float32) color.NRGBA {
		v := byteOf(255 - 254*part)
		return color.NRGBA{v, v, v, 255}
	})
	s.text(labelAt, top+lineHeight/2, "lit")
	s.text(labelAt, top+int(0.3*float64(bottom-top)), "flat")
	s.text(labelAt, bottom-lineHeight/2, "shadow")
}}

// aspectKey is a disc: the colour at a place of its rim is that of slopes that face there.
var aspectKey = key{112, 112, func(s *sheet) {
	w, h := float32(s.Rect.Dx()), float32(s.Rect.Dy())
	radius := max(1, min(w, h)/2-16)
	for y := range s.Rect.Dy() {
		for x := range s.Rect.Dx() {
			dx, dy := float32(x)+0.5-w/2, float32(y)+0.5-h/2
			d := float32(math.Hypot(float64(dx), float64(dy)))
			c := color.NRGBA{uint8(flatGrey[0]), uint8(flatGrey[1]), uint8(flatGrey[2]), byteOf(255 * min(1, radius+0.5-d))}
			if d > radius/4 {
				wheel := aspectColours.color(facing(-dx, dy))
				c.R, c.G, c.B = wheel.R, wheel.G, wheel.B
			}
			s.SetNRGBA(x, y, c)
		}
	}
	middle := int(w/2) - 3
	s.text(middle, int(h/2-radius)-7, "N")
	s.text(middle, int(h/2+radius)+8, "S")
	s.text(int(w/2-radius)-11, int(h/2), "W")
	s.text(int(w/2+radius)+4, int(h/2), "E")
}}

// contourKey shows the four pens.
var contourKey = key{150, 2*edge + 4*(lineHeight+4), func(s *sheet) {
	for k, label := range [...]string{landPen: "contour", landIndexPen: "every fifth", seaPen: "depth", seaIndexPen: "every fifth"} {
		p := pens[k]
		y := edge + k*(lineHeight+4) + (lineHeight+4)/2
		for d := -1; d <= 1; d++ {
			cover := min(1, max(0, p.radius+0.5-float32(max(d, -d))))
			c := color.NRGBA{p.color[0], p.color[1], p.color[2], byteOf(cover * float32(p.color[3]))}
			for x := edge; x < edge+barWidth; x++ {
				s.SetNRGBA(x, y+d, c) // beyond the sheet it sets nothing
			}
		}
		s.text(labelAt, y, label)
	}
}}
