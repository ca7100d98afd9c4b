package resample

import (
	"encoding/binary"
	"image"
)

// Over paints src over dst in r, as far as both have it. Alpha is straight in both.
func Over(dst, src *image.NRGBA, r image.Rectangle) {
	r = r.Intersect(dst.Rect).Intersect(src.Rect)
	for row := r.Min.Y; row < r.Max.Y; row++ {
		d := dst.Pix[dst.PixOffset(r.Min.X, row):][:4*r.Dx()]
		s := src.Pix[src.PixOffset(r.Min.X, row):][:4*r.Dx()]
		for len(d) >= 4 && len(s) >= 4 {
			switch s[3] {
			case 0:
			case 255:
				binary.LittleEndian.PutUint32(d, binary.LittleEndian.Uint32(s))
			default:
				over(d, s)
			}
			d, s = d[4:], s[4:]
		}
	}
}

// over paints one pixel. The alphas are 255 times what they are, to stay whole: above + below * (1 - above).
func over(d, s []uint8) {
	above, below := uint32(s[3])*255, uint32(d[3])*uint32(255-s[3])
	both := above + below
	for c := range 3 {
		d[c] = uint8((uint32(s[c])*above + uint32(d[c])*below + both/2) / both)
	}
	d[3] = uint8((both + 127) / 255)
}

// Opaque tells whether no pixel of r is less than opaque.
func Opaque(m *image.NRGBA, r image.Rectangle) bool {
	r = r.Intersect(m.Rect)
	for row := r.Min.Y; row < r.Max.Y; row++ {
		all := ^uint64(0)
		p := m.Pix[m.PixOffset(r.Min.X, row):][:4*r.Dx()]
		for ; len(p) >= 16; p = p[16:] {
			all &= binary.LittleEndian.Uint64(p) & binary.LittleEndian.Uint64(p[8:])
		}
		for ; len(p) >= 4; p = p[4:] {
			all &= uint64(binary.LittleEndian.Uint32(p)) | lower<<32
		}
		if (all>>24)&(all>>56)&255 != 255 {
			return false
		}
	}
	return true
}
