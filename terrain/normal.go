package terrain

import "math"

// EncodeNormal packs a unit vector into two bytes as Cesium's AttributeCompression.octEncode does: the sphere is folded onto an
// octahedron, the octahedron onto a square, the square cut in 255 steps a side. The error is below 0.95 degrees.
func EncodeNormal(n Vec) Normal {
	sum := math.Abs(n[0]) + math.Abs(n[1]) + math.Abs(n[2])
	x, y := n[0]/sum, n[1]/sum
	if n[2] < 0 {
		x, y = fold(x, y)
	}
	return Normal{octByte(x), octByte(y)}
}

// Vec returns the unit vector.
func (n Normal) Vec() Vec {
	x, y := float64(n[0])/255*2-1, float64(n[1])/255*2-1
	z := 1 - math.Abs(x) - math.Abs(y)
	if z < 0 {
		x, y = fold(x, y)
	}
	v := Vec{x, y, z}
	return v.Scale(1 / v.Len())
}

// fold swaps the inner diamond of the square (the upper half of the octahedron) and its four outer corners (the lower half).
func fold(x, y float64) (fx, fy float64) {
	return (1 - math.Abs(y)) * signNotZero(x), (1 - math.Abs(x)) * signNotZero(y)
}

func signNotZero(v float64) float64 {
	if v < 0 {
		return -1
	}
	return 1
}

// octByte maps -1..1 to 0..255, halves up as JavaScript's Math.round.
func octByte(v float64) uint8 {
	return uint8((max(-1, min(1, v))*0.5+0.5)*255 + 0.5)
}
