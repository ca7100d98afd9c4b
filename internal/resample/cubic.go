package resample

import (
	"encoding/binary"
	"math"
)

// Weights of the cubic kernel are whole numbers that add up to cubicOne, one row for each 256th of the way from one pixel to the next.
const (
	cubicBits = 10
	cubicOne  = 1 << cubicBits
)

var cubicWeights = newCubicWeights()

// newCubicWeights rounds Keys' kernel with a = -0.5 (IEEE Trans. ASSP 29, 1981). What rounding leaves goes to the nearer pixel.
func newCubicWeights() *[257][4]int {
	var table [257][4]int
	for i := range table {
		t := float64(i) / 256
		exact := [4]float64{
			t * (-0.5 + t*(1-0.5*t)),
			1 + t*t*(-2.5+1.5*t),
			t * (0.5 + t*(2-1.5*t)),
			t * t * (-0.5 + 0.5*t),
		}
		left := cubicOne
		for k, w := range exact {
			table[i][k] = int(math.Round(w * cubicOne))
			left -= table[i][k]
		}
		table[i][1+min(i/128, 1)] += left
	}
	return &table
}

// Two channels are weighted at once as one signed word, value + value<<32: sums and products with weights of either sign come out right in both, once the borrow from the lower
// is given back.
//
// pairs splits a pixel into red and blue, and green and alpha.
func pairs(p uint32) (rb, ga int) {
	v := uint64(p)
	return int(v&0xff | v&0xff0000<<16), int(v>>8&0xff | v&0xff000000<<8)
}

// cubicRun draws a run whose 16 pixels lie in the window from end to end; each pixel's are opaque, or it is drawn by itself.
func (w *window) cubicRun(out []uint8, s steps) {
	if w.opaque && s.level(len(out)/4) {
		w.levelCubicRun(out, s)
		return
	}
	for i := 0; i+4 <= len(out); i += 4 {
		at := (s.y>>places-1)*w.stride + (s.x>>places-1)*4
		across, down := &cubicWeights[s.x>>(places-8)&255], &cubicWeights[s.y>>(places-8)&255]
		if w.opaque || w.solid(at) {
			w.cubicOpaque(out[i:i+4], at, across, down)
		} else {
			w.pixel(out[i:i+4], s.placeX(), s.placeY())
		}
		s.x, s.y = s.x+s.dx, s.y+s.dy
	}
}

// levelCubicRun draws opaque pixels of a run that stays on its row: four source rows become one, a piece at a time, and then what stands side by side is weighted. The sums are the same.
func (w *window) levelCubicRun(out []uint8, s steps) {
	const most = 256
	var rbs, gas [most]int
	down := &cubicWeights[s.y>>(places-8)&255]
	for len(out) >= 4 {
		n := min(len(out)/4, (most-6)*whole/s.dx)
		first := s.x>>places - 1
		count := (s.x+(n-1)*s.dx)>>places + 3 - first
		at := (s.y>>places-1)*w.stride + first*4
		for i := range count {
			rb0, ga0 := pairs(binary.LittleEndian.Uint32(w.pix[at:]))
			rb1, ga1 := pairs(binary.LittleEndian.Uint32(w.pix[at+w.stride:]))
			rb2, ga2 := pairs(binary.LittleEndian.Uint32(w.pix[at+2*w.stride:]))
			rb3, ga3 := pairs(binary.LittleEndian.Uint32(w.pix[at+3*w.stride:]))
			rbs[i%most] = rb0*down[0] + rb1*down[1] + rb2*down[2] + rb3*down[3]
			gas[i%most] = ga0*down[0] + ga1*down[1] + ga2*down[2] + ga3*down[3]
			at += 4
		}
		x := s.x & (whole - 1)
		for i := range n {
			across, p := &cubicWeights[x>>(places-8)&255], x>>places
			rb, ga := rbs[p:p+4:p+4], gas[p:p+4:p+4]
			out[4*i+3] = 255
			sum := rb[0]*across[0] + rb[1]*across[1] + rb[2]*across[2] + rb[3]*across[3]
			out[4*i], out[4*i+2] = cubicLevel(int32(sum)), cubicLevel(upper(sum))
			out[4*i+1] = cubicLevel(int32(ga[0]*across[0] + ga[1]*across[1] + ga[2]*across[2] + ga[3]*across[3]))
			x += s.dx
		}
		s.x, out = s.x+n*s.dx, out[4*n:]
	}
}

// solid tells whether the 4 x 4 pixels from at on are opaque.
func (w *window) solid(at int) bool {
	all := uint8(255)
	for range 4 {
		p := w.pix[at : at+16 : at+16]
		all &= p[3] & p[7] & p[11] & p[15]
		at += w.stride
	}
	return all == 255
}

func (w *window) cubicOpaque(out []uint8, at int, across, down *[4]int) {
	var rb, ga int
	for _, weight := range down {
		p := w.pix[at : at+16 : at+16]
		rb0, ga0 := pairs(binary.LittleEndian.Uint32(p))
		rb1, ga1 := pairs(binary.LittleEndian.Uint32(p[4:]))
		rb2, ga2 := pairs(binary.LittleEndian.Uint32(p[8:]))
		rb3, ga3 := pairs(binary.LittleEndian.Uint32(p[12:]))
		rb += (rb0*across[0] + rb1*across[1] + rb2*across[2] + rb3*across[3]) * weight
		ga += (ga0*across[0] + ga1*across[1] + ga2*across[2] + ga3*across[3]) * weight
		at += w.stride
	}
	out[0], out[1], out[2], out[3] = cubicLevel(int32(rb)), cubicLevel(int32(ga)), cubicLevel(upper(rb)), 255
}

// upper returns the upper of two signed numbers in a word.
func upper(v int) int32 { return int32((v - int(int32(v))) >> 32) }

func cubicLevel(v int32) uint8 {
	return uint8(max(0, min(255, (v+1<<(2*cubicBits-1))>>(2*cubicBits))))
}

// cubic draws a pixel whose place is in the window; false if one of its 16 pixels is missing or wholly transparent.
func (w *window) cubic(out []uint8, x, y float64) bool {
	col, row := int(math.Floor(x-0.5)), int(math.Floor(y-0.5))
	if col < 1 || row < 1 || col+2 >= w.cols || row+2 >= w.rows {
		return false
	}
	across, down := cubicWeights[nearest256(x-0.5-float64(col))], cubicWeights[nearest256(y-0.5-float64(row))]
	var m mix
	for r, dw := range down {
		p := w.pix[(row-1+r)*w.stride+(col-1)*4:][:16]
		for c, aw := range across {
			if p[4*c+3] == 0 {
				return false
			}
			m.add(p[4*c:], float32(dw*aw)/(cubicOne*cubicOne))
		}
	}
	m.put(out)
	return true
}

// nearest256 rounds a share of 0 to 1 to 256ths.
func nearest256(share float64) int { return max(0, min(256, int(share*256+0.5))) }
