package imagery

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/klauspost/compress/flate"
)

// ErrValues says that bytes are no block of values, or that values cannot be stored as one.
var ErrValues = errors.New("imagery: bad block of values")

// ValueType is what a block stores each value as.
type ValueType string

// valueTypes lists the types; the place in the list is what a block says. valueForms says what they are.
var (
	valueTypes = []ValueType{"uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"}
	valueForms = []valueForm{
		{1, false, false}, {1, true, false}, {2, false, false}, {2, true, false}, {4, false, false}, {4, true, false}, {4, true, true}, {8, true, true},
	}
)

// valueForm is a type of numbers.
type valueForm struct {
	bytes         int
	signed, float bool
}

// key turns a value into a number that has no more bytes and the same order, and tells whether nothing is lost.
func (f valueForm) key(v float64) (key uint64, exact bool) {
	switch {
	case f.float && f.bytes == 4:
		b := math.Float32bits(float32(v))
		b ^= uint32(int32(b)>>31) | 1<<31
		return uint64(b), float64(float32(v)) == v
	case f.float:
		b := math.Float64bits(v)
		return b ^ (uint64(int64(b)>>63) | 1<<63), true
	}
	low, size := 0.0, float64(uint64(1)<<(8*f.bytes))
	if f.signed {
		low = -size / 2
	}
	n := int64(v)
	return uint64(n - int64(low)), float64(n) == v && v >= low && v < low+size
}

// value is the reverse of key.
func (f valueForm) value(key uint64) float64 {
	switch {
	case f.float && f.bytes == 4:
		b := uint32(key)
		return float64(math.Float32frombits(b ^ (^uint32(int32(b)>>31) | 1<<31)))
	case f.float:
		return math.Float64frombits(key ^ (^uint64(int64(key)>>63) | 1<<63))
	case f.signed:
		return float64(int64(key) - 1<<(8*f.bytes-1))
	}
	return float64(key)
}

// Values is a square of the sources' own numbers, kept beside the picture of a tile.
type Values struct {
	Side  int // pixels; a power of two, at most 2048
	Type  ValueType
	Bands [][]float64 // of each band Side * Side values, row 0 the northern one; NaN where there is none
}

// A block begins with four bytes: layout, type, bands, binary logarithm of the side.
const (
	valuesLayout    = 2 // 1 is that of terrain.EncodeHeights, which lies in the same table of another kind of dataset
	valuesHeader    = 4
	mostBands       = 64
	mostBlockLog    = 11
	mostBlockValues = 1 << 24
)

// EncodeValues packs a block without loss. For each band come the bits that tell where there is a value, and then the planes of its
// numbers: each number is predicted as heights are (see terrain.EncodeHeights), in whole numbers modulo its size, and the difference, its
// sign folded in, is split into bytes, highest first. All of it is one deflate run. Values that the type cannot hold exactly are
// [ErrValues].
func EncodeValues(v Values) ([]byte, error) {
	log := slices.Index([]int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048}, v.Side)
	kind := slices.Index(valueTypes, v.Type)
	if log < 0 || kind < 0 || len(v.Bands) < 1 || len(v.Bands) > mostBands {
		return nil, fmt.Errorf("%w: %d bands of %q, side %d", ErrValues, len(v.Bands), v.Type, v.Side)
	}
	var out bytes.Buffer
	out.Write([]byte{valuesLayout, byte(kind), byte(len(v.Bands)), byte(log)})
	w, err := flate.NewWriter(&out, flate.DefaultCompression)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrValues, err)
	}
	p := newPlanes(v.Side, valueForms[kind])
	for _, band := range v.Bands {
		if err := p.take(band); err != nil {
			return nil, fmt.Errorf("%w as %s", err, v.Type)
		}
		_, _ = w.Write(p.packed) // a bytes.Buffer does not fail
	}
	_ = w.Close()
	return out.Bytes(), nil
}

// DecodeValues unpacks what [EncodeValues] made; anything else is [ErrValues].
func DecodeValues(data []byte) (Values, error) {
	var v Values
	if len(data) < valuesHeader || data[0] != valuesLayout || int(data[1]) >= len(valueTypes) || data[2] < 1 || data[2] > mostBands ||
		data[3] > mostBlockLog {
		return v, fmt.Errorf("%w: it begins with % x", ErrValues, data[:min(len(data), valuesHeader)])
	}
	v.Side, v.Type = 1<<data[3], valueTypes[data[1]]
	if int(data[2])*v.Side*v.Side > mostBlockValues {
		return Values{}, fmt.Errorf("%w: %d bands, side %d", ErrValues, data[2], v.Side)
	}
	r := flate.NewReader(bytes.NewReader(data[valuesHeader:]))
	defer r.Close()
	p := newPlanes(v.Side, valueForms[data[1]])
	for range data[2] {
		if _, err := io.ReadFull(r, p.packed); err != nil {
			return Values{}, fmt.Errorf("%w: %v", ErrValues, err)
		}
		v.Bands = append(v.Bands, p.give())
	}
	var one [1]byte
	if n, err := r.Read(one[:]); n != 0 || err != io.EOF {
		return Values{}, fmt.Errorf("%w: bytes after the last band (%v)", ErrValues, err)
	}
	return v, nil
}

// planes is one band, packed and as keys.
type planes struct {
	form   valueForm
	side   int
	keys   []uint64
	packed []byte // bits of presence, then byte planes
}

func newPlanes(side int, form valueForm) *planes {
	n := side * side
	return &planes{form: form, side: side, keys: make([]uint64, n), packed: make([]byte, (n+7)/8+n*form.bytes)}
}

// take packs a band.
func (p *planes) take(band []float64) error {
	n := p.side * p.side
	if len(band) != n {
		return fmt.Errorf("%w: %d values, want %d", ErrValues, len(band), n)
	}
	clear(p.packed)
	size, at := p.form.bytes, (n+7)/8
	for i, v := range band {
		predicted := p.predicted(i)
		if v != v {
			p.keys[i] = predicted // nothing to say
			continue
		}
		key, exact := p.form.key(v)
		if !exact {
			return fmt.Errorf("%w: %v cannot be stored", ErrValues, v)
		}
		p.packed[i/8] |= 1 << (i % 8)
		p.keys[i] = key
		d := int64(key-predicted) << (64 - 8*size) >> (64 - 8*size)
		folded := uint64(d<<1) ^ uint64(d>>63)
		for b := range size {
			p.packed[at+b*n+i] = byte(folded >> (8 * (size - 1 - b)))
		}
	}
	return nil
}

// give unpacks a band.
func (p *planes) give() []float64 {
	n := p.side * p.side
	size, at := p.form.bytes, (n+7)/8
	band, mask := make([]float64, n), ^uint64(0)>>(64-8*size)
	for i := range band {
		predicted := p.predicted(i)
		if p.packed[i/8]>>(i%8)&1 == 0 {
			p.keys[i], band[i] = predicted, math.NaN()
			continue
		}
		folded := uint64(0)
		for b := range size {
			folded = folded<<8 | uint64(p.packed[at+b*n+i])
		}
		p.keys[i] = (predicted + (folded>>1 ^ -(folded & 1))) & mask
		band[i] = p.form.value(p.keys[i])
	}
	return band
}

// predicted is the median of west, north and west + north - north-west (ITU-T T.87, A.4.2); the neighbour in the first row and column.
func (p *planes) predicted(i int) uint64 {
	switch {
	case i == 0:
		return 0
	case i < p.side:
		return p.keys[i-1]
	case i%p.side == 0:
		return p.keys[i-p.side]
	}
	west, north, corner := p.keys[i-1], p.keys[i-p.side], p.keys[i-p.side-1]
	low, high := min(west, north), max(west, north)
	switch {
	case corner >= high:
		return low
	case corner <= low:
		return high
	}
	return west + north - corner
}
