// Package gzrun writes and cuts gzip members made of runs.
//
// A terrain tile is asked for with and without its extensions (normals, water mask). Storing it as one gzip member whose parts are deflate runs
// that refer to nothing before themselves lets the server join just the parts asked for, without inflating anything, while every
// other reader sees an ordinary gzip file (RFC 1952, RFC 1951). bgzip and dictzip use the header's extra field in the same way.
//
// Layout: a gzip header with FEXTRA and one subfield "TR" that holds one entry a run:
//
//	u8      id of the run, unique in the member
//	uvarint deflated bytes of the run, its sync flush included
//	uvarint plain bytes of the run
//	u32     CRC-32 (IEEE) of the plain bytes, little endian
//
// then the runs, each ended by a sync flush, then the empty final block 01 00 00 ff ff, then CRC-32 and length of the whole.
package gzrun

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"
)

// ErrPlain says that the bytes are a gzip member without a table of runs: it can be inflated, not cut.
var ErrPlain = errors.New("gzrun: gzip member without runs")

// ErrCorrupt says that the bytes are not a gzip member, or that its table of runs does not fit them.
var ErrCorrupt = errors.New("gzrun: corrupt member")

// Run is one part of a member: its plain bytes and a number that names them. Runs without bytes are not stored.
//
// Noise, if not empty, is the part of Data, first byte and end, in which no sequence repeats, as in a list of heights. It is Huffman coded with
// a table of its own and not searched: smaller, and several times faster.
type Run struct {
	ID    uint8
	Data  []byte
	Noise [2]int
}

const (
	fixedHeader = 10                  // RFC 1952, section 2.3
	entrySize   = 1 + 5 + 5 + 4       // most of one row of the table
	tailSize    = 5 + 8               // final block, CRC-32, length
	tableStart  = fixedHeader + 2 + 4 // XLEN, then the subfield's id and length
	maxRuns     = 255
	level       = 6
	leastNoise  = 200 // a shorter stretch does not pay for a table of its own
)

// A gzip header of ours: deflate, FEXTRA, no time, no name, unknown system: equal input gives equal bytes.
var header = [fixedHeader]byte{0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255}

var finalBlock = [5]byte{1, 0, 0, 0xff, 0xff}

type entry struct {
	id            uint8
	packed, plain uint32
	crc           uint32
}

type packer struct {
	out             bytes.Buffer
	search, huffman *flate.Writer
}

var packers = sync.Pool{New: func() any {
	p := new(packer)
	p.search, _ = flate.NewWriter(&p.out, level) // the error is for levels out of range only
	p.huffman, _ = flate.NewWriter(&p.out, flate.HuffmanOnly)
	return p
}}

// Pack deflates each run and returns one gzip member that holds them all, in the order given.
func Pack(runs []Run) []byte {
	p := packers.Get().(*packer)
	defer packers.Put(p)
	p.out.Reset()
	var entries [maxRuns]entry
	n, crc := 0, uint32(0)
	for _, r := range runs {
		if len(r.Data) == 0 {
			continue
		}
		crc = crc32.Update(crc, crc32.IEEETable, r.Data)
		before := p.out.Len()
		p.deflate(r)
		entries[n] = entry{r.ID, uint32(p.out.Len() - before), uint32(len(r.Data)), crc32.ChecksumIEEE(r.Data)}
		n++
	}
	member := appendHead(make([]byte, 0, tableStart+n*entrySize+p.out.Len()+tailSize), entries[:n])
	member = append(member, p.out.Bytes()...)
	return appendTail(member, entries[:n], crc)
}

// deflate writes one run.
func (p *packer) deflate(r Run) {
	from, to := r.Noise[0], r.Noise[1]
	if to-from < leastNoise {
		p.write(p.search, r.Data)
		return
	}
	p.write(p.search, r.Data[:from])
	p.write(p.huffman, r.Data[from:to])
	p.write(p.search, r.Data[to:])
}

func (p *packer) write(w *flate.Writer, data []byte) {
	if len(data) == 0 {
		return
	}
	w.Reset(&p.out)
	_, _ = w.Write(data) // a bytes.Buffer does not fail
	_ = w.Flush()
}

func appendHead(dst []byte, entries []entry) []byte {
	dst = append(dst, header[:]...)
	dst = append(dst, 0, 0, 'T', 'R', 0, 0)
	start := len(dst)
	for _, e := range entries {
		dst = append(dst, e.id)
		dst = binary.AppendUvarint(dst, uint64(e.packed))
		dst = binary.AppendUvarint(dst, uint64(e.plain))
		dst = binary.LittleEndian.AppendUint32(dst, e.crc)
	}
	length := len(dst) - start
	binary.LittleEndian.PutUint16(dst[start-6:], uint16(4+length))
	binary.LittleEndian.PutUint16(dst[start-2:], uint16(length))
	return dst
}

func appendTail(dst []byte, entries []entry, crc uint32) []byte {
	var size uint32
	for _, e := range entries {
		size += e.plain
	}
	dst = append(dst, finalBlock[:]...)
	dst = binary.LittleEndian.AppendUint32(dst, crc)
	return binary.LittleEndian.AppendUint32(dst, size)
}

// IDs returns the runs of a member in stored order, or [ErrPlain] or [ErrCorrupt].
func IDs(member []byte) ([]uint8, error) {
	entries, _, err := table(member)
	if err != nil {
		return nil, err
	}
	ids := make([]uint8, len(entries))
	for i, e := range entries {
		ids[i] = e.id
	}
	return ids, nil
}

// Join returns a member with only the named runs, in stored order, without inflating anything. Names that the member does not hold are
// passed over. A member that holds nothing else is returned as it is, not copied.
func Join(member []byte, ids ...uint8) ([]byte, error) {
	entries, runs, err := table(member)
	if err != nil {
		return nil, err
	}
	kept := make([]entry, 0, 4)
	size := 0
	for _, e := range entries {
		if slices.Contains(ids, e.id) {
			kept = append(kept, e)
			size += int(e.packed)
		}
	}
	if len(kept) == len(entries) {
		return member, nil
	}
	out := appendHead(make([]byte, 0, tableStart+len(kept)*entrySize+size+tailSize), kept)
	for _, e := range entries {
		if slices.Contains(ids, e.id) {
			out = append(out, runs[:e.packed]...)
		}
		runs = runs[e.packed:]
	}
	var crc uint32
	for _, e := range kept {
		crc = combine(crc, e.crc, e.plain)
	}
	return appendTail(out, kept, crc), nil
}

// Inflate returns the plain bytes of the named runs, of all if none is named. It reads any gzip member when none is named; with
// names the member must have runs.
func Inflate(member []byte, ids ...uint8) ([]byte, error) {
	if len(ids) > 0 {
		joined, err := Join(member, ids...)
		if err != nil {
			return nil, err
		}
		member = joined
	}
	return inflate(member)
}

// table reads the runs' entries and returns them with the bytes of the runs.
func table(member []byte) ([]entry, []byte, error) {
	if len(member) < fixedHeader+2 || member[0] != 0x1f || member[1] != 0x8b || member[2] != 8 {
		return nil, nil, fmt.Errorf("%w: no gzip header", ErrCorrupt)
	}
	if member[3] != 4 || len(member) < tableStart || member[12] != 'T' || member[13] != 'R' {
		return nil, nil, ErrPlain
	}
	length := int(binary.LittleEndian.Uint16(member[14:]))
	if int(binary.LittleEndian.Uint16(member[10:])) != length+4 {
		return nil, nil, ErrPlain
	}
	if len(member) < tableStart+length+tailSize {
		return nil, nil, fmt.Errorf("%w: %d bytes cannot hold its table", ErrCorrupt, len(member))
	}
	entries, rest := make([]entry, 0, 4), member[tableStart+length:len(member)-tailSize]
	total := uint64(0)
	for t := member[tableStart : tableStart+length]; len(t) > 0; {
		e, size := readEntry(t)
		if size == 0 {
			return nil, nil, fmt.Errorf("%w: its table breaks off", ErrCorrupt)
		}
		entries, t = append(entries, e), t[size:]
		total += uint64(e.packed)
	}
	if total != uint64(len(rest)) {
		return nil, nil, fmt.Errorf("%w: table speaks of %d bytes, there are %d", ErrCorrupt, total, len(rest))
	}
	return entries, rest, nil
}

// readEntry reads one row of the table and returns its size, 0 if t holds no whole row.
func readEntry(t []byte) (e entry, size int) {
	e.id = t[0]
	packed, n := binary.Uvarint(t[1:])
	if n <= 0 || packed > math.MaxUint32 {
		return e, 0
	}
	plain, m := binary.Uvarint(t[1+n:])
	if m <= 0 || plain > math.MaxUint32 || len(t) < 1+n+m+4 {
		return e, 0
	}
	e.packed, e.plain, e.crc = uint32(packed), uint32(plain), binary.LittleEndian.Uint32(t[1+n+m:])
	return e, 1 + n + m + 4
}
