package terrain

import (
	"encoding/binary"
	"math"
)

// Little-endian floats, in the order in which the format holds them.

func appendFloat32(dst []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
}

func appendFloat64(dst []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
}

func appendVec(dst []byte, v Vec) []byte {
	return appendFloat64(appendFloat64(appendFloat64(dst, v[0]), v[1]), v[2])
}

func float32At(b []byte, at int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(b[at:]))
}

func float64At(b []byte, at int) float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(b[at:]))
}

func vecAt(b []byte, at int) Vec {
	return Vec{float64At(b, at), float64At(b, at+8), float64At(b, at+16)}
}
