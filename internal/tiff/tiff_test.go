package tiff

import (
	"encoding/binary"
	"math"
	"testing"
)

// TestAppend reads the directory back by the rules of TIFF 6.0, section 2.
func TestAppend(t *testing.T) {
	var d Directory
	d.Text(NoData, "-32768")
	d.Longs(StripOffsets, 8, 9)
	d.Shorts(BitsPerSample, 1, 2)
	d.Shorts(ExtraSamples, 7, 8, 9)
	d.Longs(Width, 5)
	d.Place(GeoTag{EPSG: 4326, Geographic: true, West: -3, North: 4, PixelWidth: 0.5, PixelHeight: 0.25})

	const at = 20
	file := append(AppendHeader(nil, at), make([]byte, at-HeaderSize)...)
	file = d.Append(file, at)
	if len(file) != at+d.Size() {
		t.Errorf("%d bytes, Size says %d", len(file)-at, d.Size())
	}
	if string(file[:8]) != "II*\x00\x14\x00\x00\x00" {
		t.Errorf("header % x", file[:8])
	}
	n := int(binary.LittleEndian.Uint16(file[at:]))
	if n != 8 || binary.LittleEndian.Uint32(file[at+2+12*n:]) != 0 {
		t.Fatalf("%d entries, then % x", n, file[at+2+12*n:][:4])
	}
	type row struct {
		kind  uint16
		count uint32
		value []byte // the field itself
	}
	rows := map[uint16]row{}
	last := uint16(0)
	for i := range n {
		e := file[at+2+12*i:]
		tag := binary.LittleEndian.Uint16(e)
		if tag <= last {
			t.Errorf("tag %d after %d", tag, last)
		}
		last = tag
		rows[tag] = row{binary.LittleEndian.Uint16(e[2:]), binary.LittleEndian.Uint32(e[4:]), e[8:12]}
	}
	if w := rows[Width]; w.kind != 4 || w.count != 1 || binary.LittleEndian.Uint32(w.value) != 5 {
		t.Errorf("width %+v", w)
	}
	if b := rows[BitsPerSample]; b.kind != 3 || b.count != 2 || string(b.value) != "\x01\x00\x02\x00" {
		t.Errorf("two shorts %+v, want them in the entry", b)
	}
	outside := func(tag uint16) []byte {
		o := binary.LittleEndian.Uint32(rows[tag].value)
		if o%2 != 0 {
			t.Errorf("tag %d has its values at the odd offset %d", tag, o)
		}
		return file[o:]
	}
	if s := string(outside(NoData)[:7]); s != "-32768\x00" || rows[NoData].count != 7 || rows[NoData].kind != 2 {
		t.Errorf("text %q", s)
	}
	if got := math.Float64frombits(binary.LittleEndian.Uint64(outside(pixelScale)[8:])); got != 0.25 {
		t.Errorf("pixel height %v", got)
	}
	if got := math.Float64frombits(binary.LittleEndian.Uint64(outside(tiepoint)[24:])); got != -3 {
		t.Errorf("west %v", got)
	}
	if keys := outside(geoKeys); binary.LittleEndian.Uint16(keys[14:]) != 2 || binary.LittleEndian.Uint16(keys[24:]) != 2048 || binary.LittleEndian.Uint16(keys[30:]) != 4326 {
		t.Errorf("keys % x", keys[:32])
	}
}
