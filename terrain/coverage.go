package terrain

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
)

// The last byte of a stored grid tells which of its posts have data. A grid that does not tell ends with the ff of its closing block.
const (
	coverNone = 0
	coverAll  = 1
	coverSome = 2 // before it, the bits of the posts as a deflate run, and the run's length in two bytes
)

// coverageBytes are the bits of all posts.
const coverageBytes = (posts*posts + 7) / 8

// AppendCoverage adds to a grid of [EncodeHeights] which of its posts a source has data for, StoredSide squared of them, row 0 the
// northern border; the others were filled in. [DecodeHeights] takes what comes out as well. It returns [ErrBadHeights] for a wrong size.
func AppendCoverage(grid []byte, data []bool) ([]byte, error) {
	if len(data) != posts*posts {
		return nil, fmt.Errorf("%w: coverage of %d posts, want %d", ErrBadHeights, len(data), posts*posts)
	}
	var bits [coverageBytes]byte
	n := 0
	for k, ok := range data {
		if ok {
			bits[k/8] |= 1 << (k % 8)
			n++
		}
	}
	switch n {
	case 0:
		return append(grid, coverNone), nil
	case len(data):
		return append(grid, coverAll), nil
	}
	c := heightsCodecs.Get().(*heightsCodec)
	defer heightsCodecs.Put(c)
	c.out.Reset()
	c.fast.Reset(&c.out)
	_, _ = c.fast.Write(bits[:]) // a bytes.Buffer does not fail
	_ = c.fast.Close()
	grid = append(grid, c.out.Bytes()...)
	return append(binary.LittleEndian.AppendUint16(grid, uint16(c.out.Len())), coverSome), nil
}

// DecodeCoverage unpacks what [AppendCoverage] added to a stored grid into data, which holds StoredSide squared posts, and tells
// whether all of them have data. known is false where the grid does not tell: then nothing is unpacked. It returns
// [ErrCorrupt], wrapped, for anything that was not made so.
func DecodeCoverage(stored []byte, data []bool) (all, known bool, err error) {
	if len(data) != posts*posts {
		return false, false, fmt.Errorf("%w: room for %d posts, want %d", ErrBadHeights, len(data), posts*posts)
	}
	n := len(stored) - 3
	if n < heightsHeader {
		return false, false, fmt.Errorf("%w: heights of %d bytes", ErrCorrupt, len(stored))
	}
	switch stored[n+2] {
	case 0xff:
		return false, false, nil
	case coverNone, coverAll:
		all = stored[n+2] == coverAll
		for k := range data {
			data[k] = all
		}
		return all, true, nil
	case coverSome:
		size := int(binary.LittleEndian.Uint16(stored[n:]))
		if size > n-heightsHeader {
			return false, false, fmt.Errorf("%w: coverage of %d bytes", ErrCorrupt, size)
		}
		return false, true, unpackCoverage(stored[n-size:n], data)
	}
	return false, false, fmt.Errorf("%w: coverage of kind %d", ErrCorrupt, stored[n+2])
}

func unpackCoverage(run []byte, data []bool) error {
	c := heightsCodecs.Get().(*heightsCodec)
	defer heightsCodecs.Put(c)
	c.in.Reset(run)
	defer c.in.Reset(nil) // the run is the caller's
	var bits [coverageBytes]byte
	err := c.inflate.(flate.Resetter).Reset(&c.in, nil)
	if err == nil {
		_, err = io.ReadFull(c.inflate, bits[:])
	}
	if err != nil {
		return fmt.Errorf("%w: coverage: %v", ErrCorrupt, err)
	}
	for k := range data {
		data[k] = bits[k/8]>>(k%8)&1 == 1
	}
	return nil
}
