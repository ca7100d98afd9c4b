package resample

import (
	"encoding/binary"
	"image"
)

// Halve fills dst with averages of 2 x 2 pixels of src: pixel (c, r) from those at 2c, 2c+1 and 2r, 2r+1, each picture's Rect saying which pixels it has. It is the plain average of the stored
// values, as gdaladdo -r average takes it, not of the light that they stand for; colours are weighted with their alpha, and alpha is the average of all four, a missing one being 0.
func Halve(dst *image.NRGBA, src Source) {
	r := dst.Rect
	if src.empty() || !doubled(r, 1, 1).In(src.Pix.Rect) {
		Shrink(dst, src, 1, 1)
		return
	}
	halve := halveRow
	if src.Opaque {
		halve = halveOpaque
	}
	for row := r.Min.Y; row < r.Max.Y; row++ {
		at := src.Pix.PixOffset(2*r.Min.X, 2*row)
		top := src.Pix.Pix[at:][:8*r.Dx()]
		low := src.Pix.Pix[at+src.Pix.Stride:][:8*r.Dx()]
		halve(dst.Pix[dst.PixOffset(r.Min.X, row):][:4*r.Dx()], top, low)
	}
}

func doubled(r image.Rectangle, x, y uint) image.Rectangle {
	return image.Rect(r.Min.X<<x, r.Min.Y<<y, r.Max.X<<x, r.Max.Y<<y)
}

func halveRow(out, top, low []uint8) {
	const alphas, round = 0xff000000ff000000, 0x0002000200020002
	for len(out) >= 4 && len(top) >= 8 && len(low) >= 8 {
		a, b := binary.LittleEndian.Uint64(top), binary.LittleEndian.Uint64(low)
		switch {
		case a&b&alphas == alphas:
			rb, ga := a&lanes+b&lanes, a>>8&lanes+b>>8&lanes
			sum := (rb+rb>>32)&lower | (ga+ga>>32)<<32
			binary.LittleEndian.PutUint32(out, pack((sum+round)>>2&lanes))
		case (a|b)&alphas == 0:
			binary.LittleEndian.PutUint32(out, 0)
		default:
			var s sum
			s.add(top)
			s.add(top[4:])
			s.add(low)
			s.add(low[4:])
			s.put(out, 4)
		}
		out, top, low = out[4:], top[8:], low[8:]
	}
}

// Shrink is [Halve] for other factors: 1<<x columns and 1<<y rows become one pixel.
func Shrink(dst *image.NRGBA, src Source, x, y uint) {
	r := dst.Rect
	if src.empty() {
		clearRect(dst, r)
		return
	}
	for row := r.Min.Y; row < r.Max.Y; row++ {
		out := dst.Pix[dst.PixOffset(r.Min.X, row):]
		for col := r.Min.X; col < r.Max.X; col++ {
			from := doubled(image.Rect(col, row, col+1, row+1), x, y)
			average(out[:4], src, from, 1<<(x+y))
			out = out[4:]
		}
	}
}

// average writes the average of a rectangle of n pixels, of which some may be missing.
func average(out []uint8, src Source, from image.Rectangle, n uint64) {
	from = from.Intersect(src.Pix.Rect)
	if from.Empty() {
		clear(out)
		return
	}
	at, stride := src.Pix.PixOffset(from.Min.X, from.Min.Y), src.Pix.Stride
	if src.Opaque && uint64(from.Dx()*from.Dy()) == n {
		averageOpaque(out, src.Pix.Pix[at:], from.Size(), stride)
		return
	}
	var s sum
	for range from.Dy() {
		for p := src.Pix.Pix[at:][:4*from.Dx()]; len(p) >= 4; p = p[4:] {
			s.add(p)
		}
		at += stride
	}
	s.put(out, n)
}

func averageOpaque(out, pix []uint8, size image.Point, stride int) {
	var rb, ga int
	for row := range size.Y {
		for p := pix[row*stride:][:4*size.X]; len(p) >= 4; p = p[4:] {
			a, b := pairs(binary.LittleEndian.Uint32(p))
			rb, ga = rb+a, ga+b
		}
	}
	n := size.X * size.Y
	half := n / 2
	out[0], out[1], out[2], out[3] = uint8((int(int32(rb))+half)/n), uint8((int(int32(ga))+half)/n), uint8((rb>>32+half)/n), 255
}

// sum adds up colours times alpha, and alpha.
type sum struct{ r, g, b, a uint64 }

func (s *sum) add(p []uint8) {
	a := uint64(p[3])
	s.r += uint64(p[0]) * a
	s.g += uint64(p[1]) * a
	s.b += uint64(p[2]) * a
	s.a += a
}

// put writes the average of n pixels. A trace of alpha too faint to be kept leaves nothing.
func (s *sum) put(out []uint8, n uint64) {
	alpha := (s.a + n/2) / n
	if alpha == 0 {
		clear(out[:4])
		return
	}
	half := s.a / 2
	out[0], out[1], out[2], out[3] = uint8((s.r+half)/s.a), uint8((s.g+half)/s.a), uint8((s.b+half)/s.a), uint8(alpha)
}
