package style

import "image/color"

// stop is a colour at a value of a ramp.
type stop struct {
	value float32
	color [3]uint8
}

// ramp is colours over a value, straight lines in sRGB between stops that rise strictly. Values beyond its ends have the end's colour.
type ramp []stop

// at returns the colour of a value. near is the piece of the ramp where the search begins, and then the one where it ended: neighbouring pixels
// have near values.
func (r ramp) at(v float32, near *int) (red, green, blue float32) {
	k := *near
	for k > 0 && v < r[k].value {
		k--
	}
	for k < len(r)-2 && v >= r[k+1].value {
		k++
	}
	*near = k
	lo, hi := &r[k], &r[k+1]
	t := min(1, max(0, (v-lo.value)/(hi.value-lo.value)))
	r0, g0, b0 := float32(lo.color[0]), float32(lo.color[1]), float32(lo.color[2])
	return r0 + (float32(hi.color[0])-r0)*t, g0 + (float32(hi.color[1])-g0)*t, b0 + (float32(hi.color[2])-b0)*t
}

// color returns at's colour for drawing.
func (r ramp) color(v float32) color.NRGBA {
	red, green, blue := r.at(v, new(int))
	return color.NRGBA{byteOf(red), byteOf(green), byteOf(blue), 255}
}

// byteOf rounds a channel; below 0 is 0, above 255 is 255.
func byteOf(v float32) uint8 { return uint8(min(max(int32(v+0.5), 0), 255)) }

// set writes an opaque pixel.
func set(p []uint8, red, green, blue float32) {
	p = p[:4:4]
	p[0], p[1], p[2], p[3] = byteOf(red), byteOf(green), byteOf(blue), 255
}
