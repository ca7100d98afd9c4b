package resample

import (
	"encoding/binary"
	"math"
)

// Four channels of a pixel are weighted at once: each in its own 16 bits of a 64-bit word, which hold 255 times a weight of 256. Red and blue are the lower two, green and alpha the
// upper two.
const (
	lanes = 0x00ff00ff00ff00ff
	lower = 0x00000000ffffffff
	round = 0x0080008000800080
)

// spread gives the channels of two neighbouring pixels their lanes.
func spread(pair uint64) (left, right uint64) {
	even, odd := pair&lanes, pair>>8&lanes
	return even&lower | odd<<32, even>>32 | odd&^lower
}

// pack is the way back for one pixel.
func pack(sum uint64) uint32 { return uint32(sum) | uint32(sum>>32)<<8 }

// level tells whether a run of n pixels stays on its row and reads not many more source pixels than it writes.
func (s steps) level(n int) bool {
	return n >= 8 && s.dx > 0 && s.dx <= 2*whole && (s.y+n*s.dy)>>(places-8) == s.y>>(places-8)
}

// bilinearAlphaRun blends pixels of any alpha; where all four are opaque, or all four wholly transparent, as fast as may be.
func (w *window) bilinearAlphaRun(out []uint8, s steps) {
	const alphas = 0xff000000ff000000
	for i := 0; i+4 <= len(out); i += 4 {
		at := (s.y>>places)*w.stride + (s.x>>places)*4
		top := binary.LittleEndian.Uint64(w.pix[at:])
		low := binary.LittleEndian.Uint64(w.pix[at+w.stride:])
		right, down := uint64(s.x>>(places-8))&255, uint64(s.y>>(places-8))&255
		switch {
		case top&low&alphas == alphas:
			both := (right*down + 128) >> 8
			nw, ne := spread(top)
			sw, se := spread(low)
			sum := nw*(256-right-down+both) + ne*(right-both) + sw*(down-both) + se*both
			binary.LittleEndian.PutUint32(out[i:], pack((sum+round)>>8&lanes))
		case (top|low)&alphas == 0:
			binary.LittleEndian.PutUint32(out[i:], 0)
		default:
			w.bilinear(out[i:i+4], s.placeX(), s.placeY())
		}
		s.x, s.y = s.x+s.dx, s.y+s.dy
	}
}

// pixel draws the pixel at any place, whatever is around it.
func (w *window) pixel(out []uint8, x, y float64) {
	clear(out)
	if !(x >= -nudge && y >= -nudge && x+nudge < float64(w.cols) && y+nudge < float64(w.rows)) {
		return
	}
	switch w.kernel {
	case Nearest:
		at := int(y+nudge)*w.stride + int(x+nudge)*4
		copy(out, w.pix[at:at+4])
	case Cubic:
		if !w.cubic(out, x, y) {
			w.bilinear(out, x, y)
		}
	default:
		w.bilinear(out, x, y)
	}
}

// bilinear draws a pixel whose place is in the window, of what is there of four.
func (w *window) bilinear(out []uint8, x, y float64) {
	clear(out)
	if held := int(y+nudge)*w.stride + int(x+nudge)*4; w.pix[held+3] == 0 {
		return
	}
	col, row := math.Floor(x-0.5), math.Floor(y-0.5)
	right, down := float32(x-0.5-col), float32(y-0.5-row)
	var m mix
	for k, weight := range [4]float32{(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down} {
		c, r := int(col)+k&1, int(row)+k>>1
		if c >= 0 && r >= 0 && c < w.cols && r < w.rows {
			m.add(w.pix[r*w.stride+c*4:], weight)
		}
	}
	m.put(out)
}

// mix adds up weighted pixels: colours by weight and alpha, alpha by weight. Wholly transparent pixels count as missing.
type mix struct{ r, g, b, a, weight float32 }

func (m *mix) add(p []uint8, weight float32) {
	a := float32(p[3])
	if a == 0 {
		return
	}
	wa := weight * a
	m.r += float32(p[0]) * wa
	m.g += float32(p[1]) * wa
	m.b += float32(p[2]) * wa
	m.a += wa
	m.weight += weight
}

func (m *mix) put(out []uint8) {
	if !(m.a > 0 && m.weight > 0) {
		return
	}
	out[0], out[1], out[2], out[3] = level(m.r/m.a), level(m.g/m.a), level(m.b/m.a), level(m.a/m.weight)
}

// level rounds to 0..255.
func level(v float32) uint8 { return uint8(max(0, min(255, v+0.5))) }
