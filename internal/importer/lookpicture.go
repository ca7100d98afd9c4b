package importer

import (
	"context"
	"errors"
	"image"
	"math"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

const (
	cells     = 16 // a side, of which means are compared
	contrast  = 4  // RMS difference of means, of 255, below which two quarters look alike
	agreement = 3  // answers that are enough
)

// means are the mean colours of cells x cells parts of a picture, premultiplied.
type means [cells * cells][4]float64

// lookAtPictures compares a few tiles with the two quarters of their parents that they may show, the deepest levels first, and counts the answers.
func (s *Source) lookAtPictures(ctx context.Context) (south, north int, err error) {
	for z := len(s.coords) - 1; z > 0 && south+north < agreement; z-- {
		for _, c := range few(s.coords[z]) {
			if !s.has(c.Parent()) {
				continue
			}
			child, err := s.decode(ctx, c)
			if err != nil {
				return 0, 0, err
			}
			parent, err := s.decode(ctx, c.Parent())
			if err != nil {
				return 0, 0, err
			}
			if child == nil || parent == nil {
				continue
			}
			// An odd row is the northern one of two if they count from the south.
			ifSouth, ifNorth := likeness(child, parent, c.X&1, 0), likeness(child, parent, c.X&1, 1)
			if c.Y&1 == 0 {
				ifSouth, ifNorth = ifNorth, ifSouth
			}
			switch {
			case ifSouth < ifNorth/2 && ifNorth > contrast:
				south++
			case ifNorth < ifSouth/2 && ifSouth > contrast:
				north++
			}
		}
	}
	return south, north, nil
}

// decode returns a picture of the pile, nil for one that is absent or broken: whoever reads all tiles will say so.
func (s *Source) decode(ctx context.Context, c tilegrid.Coord) (*image.NRGBA, error) {
	data, err := s.pile.tile(ctx, c)
	if errors.Is(err, tilestore.ErrNotFound) || errors.Is(err, tilestore.ErrCorrupt) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := picture.Decode(data, MaxSide*MaxSide)
	if err != nil || min(p.Rect.Dx(), p.Rect.Dy()) < 2*cells {
		return nil, nil
	}
	return p.NRGBA, nil
}

// likeness returns how far a child is from a quarter of its parent, RMS of means: column 0 is the west, row 0 the north.
func likeness(child, parent *image.NRGBA, column, row uint32) float64 {
	half := image.Pt(parent.Rect.Dx()/2, parent.Rect.Dy()/2)
	corner := parent.Rect.Min.Add(image.Pt(int(column)*half.X, int(row)*half.Y))
	a, b := meansOf(child, child.Rect), meansOf(parent, image.Rectangle{Min: corner, Max: corner.Add(half)})
	sum := 0.0
	for i := range a {
		for k := range a[i] {
			sum += (a[i][k] - b[i][k]) * (a[i][k] - b[i][k])
		}
	}
	return math.Sqrt(sum / (4 * cells * cells))
}

func meansOf(p *image.NRGBA, r image.Rectangle) (m means) {
	for j := range cells {
		for i := range cells {
			part := image.Rect(r.Min.X+i*r.Dx()/cells, r.Min.Y+j*r.Dy()/cells, r.Min.X+(i+1)*r.Dx()/cells, r.Min.Y+(j+1)*r.Dy()/cells)
			sum := &m[j*cells+i]
			for y := part.Min.Y; y < part.Max.Y; y++ {
				for x := part.Min.X; x < part.Max.X; x++ {
					c := p.NRGBAAt(x, y)
					a := float64(c.A) / 255
					sum[0], sum[1], sum[2], sum[3] = sum[0]+a*float64(c.R), sum[1]+a*float64(c.G), sum[2]+a*float64(c.B), sum[3]+float64(c.A)
				}
			}
			for k := range sum {
				sum[k] /= float64(part.Dx() * part.Dy())
			}
		}
	}
	return m
}
