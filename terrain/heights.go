package terrain

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/klauspost/compress/flate"
)

// StoredStep is the step in metres to which stored heights are rounded, 1/64 m: half of it is below a centimetre.
const StoredStep = 1.0 / 64

// StoredSide is the number of posts a side of a stored grid: a tile with its borders, without halo.
const StoredSide = posts

// A stored grid begins with four bytes: layout, shift, number of byte planes, zero. Shift is the binary logarithm of steps a metre.
const (
	heightsLayout = 1
	heightsShift  = 6
	heightsHeader = 4
)

// EncodeHeights packs the grid of one tile, StoredSide squared samples in ellipsoidal metres, row 0 the northern border, for keeping beside
// the mesh. Heights are rounded to StoredStep. Each sample is predicted from its western, northern and north-western neighbours (the median
// rule of JPEG-LS, ITU-T T.87, A.4.2); the differences, signs folded into the lowest bit, are split into planes of their bytes,
// lowest first, and each plane is one deflate run (RFC 1951). It returns [ErrBadHeights] for a wrong size and for values that are not heights.
func EncodeHeights(z []float32) ([]byte, error) {
	if len(z) != posts*posts {
		return nil, fmt.Errorf("%w: %d samples, want %d", ErrBadHeights, len(z), posts*posts)
	}
	c := heightsCodecs.Get().(*heightsCodec)
	defer heightsCodecs.Put(c)
	for i, h := range z {
		if !(h > -20000 && h < 20000) {
			return nil, fmt.Errorf("%w: height %v", ErrBadHeights, h)
		}
		c.steps[i] = int32(math.Floor(float64(h)*(1<<heightsShift) + 0.5))
	}
	var bits uint32
	c.differences(func(i int, predicted int32) {
		d := c.steps[i] - predicted
		folded := uint32(d<<1) ^ uint32(d>>31)
		bits |= folded
		c.folded[i] = folded
	})
	planes := 0
	for ; bits>>(8*planes) != 0; planes++ {
	}
	return c.pack(planes), nil
}

// DecodeHeights unpacks what [EncodeHeights] made into z, which holds StoredSide squared samples. It returns [ErrCorrupt], wrapped, for anything else.
func DecodeHeights(data []byte, z []float32) error {
	if len(z) != posts*posts {
		return fmt.Errorf("%w: room for %d samples, want %d", ErrBadHeights, len(z), posts*posts)
	}
	if len(data) < heightsHeader || data[0] != heightsLayout || data[1] > 16 || data[2] > 4 || data[3] != 0 {
		return fmt.Errorf("%w: heights begin with % x", ErrCorrupt, data[:min(len(data), heightsHeader)])
	}
	c := heightsCodecs.Get().(*heightsCodec)
	defer heightsCodecs.Put(c)
	if err := c.unpack(data[heightsHeader:], int(data[2])); err != nil {
		return fmt.Errorf("%w: heights: %v", ErrCorrupt, err)
	}
	step := float32(math.Exp2(-float64(data[1])))
	c.differences(func(i int, predicted int32) {
		folded := c.folded[i]
		c.steps[i] = predicted + int32(folded>>1^-(folded&1))
		z[i] = float32(c.steps[i]) * step
	})
	return nil
}

var heightsCodecs = sync.Pool{New: func() any {
	c := new(heightsCodec)
	c.entropy, _ = flate.NewWriter(&c.out, flate.HuffmanOnly) // errors are for levels out of range only
	c.fast, _ = flate.NewWriter(&c.out, 1)
	c.inflate = flate.NewReader(&c.in)
	return c
}}

type heightsCodec struct {
	steps         [posts * posts]int32
	folded        [posts * posts]uint32
	plane         [posts * posts]byte
	out           bytes.Buffer
	entropy, fast *flate.Writer
	in            bytes.Reader
	inflate       io.Reader // also a flate.Resetter, which spares its tables and window; it reads from in
}

// differences calls f for each sample in order with its prediction; f may set steps[i] in passing.
func (c *heightsCodec) differences(f func(i int, predicted int32)) {
	f(0, 0)
	for i := 1; i < posts; i++ {
		f(i, c.steps[i-1])
	}
	for i := posts; i < len(c.steps); {
		f(i, c.steps[i-posts])
		i++
		for range posts - 1 {
			west, north, corner := c.steps[i-1], c.steps[i-posts], c.steps[i-posts-1]
			f(i, max(min(west, north), min(max(west, north), west+north-corner)))
			i++
		}
	}
}

// pack deflates the byte planes. The lowest is nearly noise and wants Huffman coding only; the others are mostly zeros.
func (c *heightsCodec) pack(planes int) []byte {
	c.out.Reset()
	c.out.Write([]byte{heightsLayout, heightsShift, byte(planes), 0})
	for p := range planes {
		for i, v := range c.folded {
			c.plane[i] = byte(v >> (8 * p))
		}
		w := c.entropy
		if p > 0 {
			w = c.fast
		}
		w.Reset(&c.out)
		_, _ = w.Write(c.plane[:]) // a bytes.Buffer does not fail
		_ = w.Flush()
	}
	c.out.Write([]byte{1, 0, 0, 0xff, 0xff}) // an empty final block
	return bytes.Clone(c.out.Bytes())
}

func (c *heightsCodec) unpack(data []byte, planes int) error {
	clear(c.folded[:])
	c.in.Reset(data)
	defer c.in.Reset(nil) // the data is the caller's
	r := c.inflate
	if err := r.(flate.Resetter).Reset(&c.in, nil); err != nil {
		return err
	}
	for p := range planes {
		if _, err := io.ReadFull(r, c.plane[:]); err != nil {
			return err
		}
		for i, v := range c.plane {
			c.folded[i] |= uint32(v) << (8 * p)
		}
	}
	var one [1]byte
	if n, err := r.Read(one[:]); n != 0 || err != io.EOF {
		return fmt.Errorf("bytes after the last plane (%v)", err)
	}
	return nil
}
