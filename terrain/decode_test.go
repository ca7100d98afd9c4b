package terrain

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/terrane/terrane/tilegrid"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// plainTile is a small tile with all extensions; its parts begin at known offsets.
func plainTile(t testing.TB) []byte {
	t.Helper()
	m, _ := groundedMesh(1, tilegrid.Coord{Z: 3, X: 8, Y: 5})
	m.Water, m.Metadata = []byte{0}, []byte(`{}`)
	var b bytes.Buffer
	if err := Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Offsets in plainTile: 4 vertices, 2 triangles, 2 vertices a side.
const (
	atVertexCount   = headerBytes
	atVertices      = atVertexCount + 4
	atTriangleCount = atVertices + 6*4
	atTriangles     = atTriangleCount + 4
	atWest          = atTriangles + 2*6
	atNormals       = atWest + 4*(4+2*2)
	atWater         = atNormals + 5 + 8
	atMetadata      = atWater + 5 + 1
)

// corruptTiles are ways to be wrong, one each; the files testdata/invalid-NAME.terrain hold them.
var corruptTiles = []struct {
	name   string
	damage func(tile []byte) []byte
	want   string // part of the reason
}{
	{"empty", func(b []byte) []byte { return nil }, "header at byte 0: needs 88 bytes, 0 are left"},
	{"header-cut", func(b []byte) []byte { return b[:87] }, "header at byte 0"},
	{"vertices-too-many", put32(atVertexCount, 1<<32-1), "vertices at byte 92: 4294967295 of 6 bytes each"},
	{"vertices-cut", func(b []byte) []byte { return b[:atVertices+5] }, "vertices at byte 92"},
	{"vertex-outside", put16(atVertices, 65535), "vertex 0 is at 32768"},
	{"triangles-too-many", put32(atTriangleCount, 1<<31), "triangles at byte 120"},
	{"index-above-highest", put16(atTriangles, 1), "index 0 is -1 of 4 vertices"},
	{"index-beyond-vertices", put16(atTriangles+2*3, 0), "index 5 is 4 of 4 vertices"},
	{"edge-too-long", put32(atWest, 1000), "west edge at byte 136"},
	{"edge-beyond-vertices", put16(atWest+4, 4), "west edge at byte 140: entry 0 is 4 of 4"},
	{"extension-header-cut", func(b []byte) []byte { return b[:atNormals+3] }, "extension header"},
	{"extension-too-long", put32(atNormals+1, 1<<30), "id 1 has 1073741824 bytes"},
	{"extension-twice", func(b []byte) []byte { return append(b, b[atWater:atMetadata]...) }, "id 2 appears twice"},
	{"one-byte-more", func(b []byte) []byte { return append(b, 0) }, "extension header"},
	{"normals-too-few", func(b []byte) []byte {
		return append(append(b[:atNormals:atNormals], 1, 6, 0, 0, 0), make([]byte, 6)...)
	}, "6 bytes for 4 vertices"},
	{"water-of-two-bytes", func(b []byte) []byte { return append(b[:atWater:atWater], 2, 2, 0, 0, 0, 1, 1) }, "2 bytes, not 1 or 65536"},
	{"metadata-length", put32(atMetadata+5, 9), "does not fill"},
	{"metadata-not-json", put16(atMetadata+9, 0x2121), "not JSON"},
	{"gzip-cut", func(b []byte) []byte { z := zipped(b); return z[:len(z)-9] }, "gzip"},
	{"gzip-crc", func(b []byte) []byte { z := zipped(b); z[len(z)-5] ^= 1; return z }, "gzip"},
	{"gzip-header", func(b []byte) []byte { return []byte{0x1f, 0x8b, 9} }, "gzip"},
}

func put32(at int, v uint32) func([]byte) []byte {
	return func(b []byte) []byte { binary.LittleEndian.PutUint32(b[at:], v); return b }
}

func put16(at int, v uint16) func([]byte) []byte {
	return func(b []byte) []byte { binary.LittleEndian.PutUint16(b[at:], v); return b }
}

func zipped(b []byte) []byte {
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, gzip.BestSpeed)
	w.Write(b)
	w.Close()
	return z.Bytes()
}

func TestDecodeRefusesCorruptTilesWithTheReason(t *testing.T) {
	for _, c := range corruptTiles {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join("testdata", "invalid-"+c.name+".terrain")
			if *update {
				if err := os.WriteFile(path, c.damage(plainTile(t)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Decode(bytes.NewReader(data))
			if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestDecodeRefusesABomb(t *testing.T) {
	_, err := Decode(bytes.NewReader(zipped(make([]byte, MaxTileBytes+1))))
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "more than") {
		t.Errorf("got %v", err)
	}
}

func TestDecodePassesOnTheReadersError(t *testing.T) {
	_, err := Decode(iotest.ErrReader(errBroken))
	if !errors.Is(err, errBroken) || errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v", err)
	}
}

func TestDecodeReadsGzipAndPlainAlike(t *testing.T) {
	plain := plainTile(t)
	a, err := Decode(bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Decode(bytes.NewReader(zipped(plain)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a, b); d != "" {
		t.Error(d)
	}
}

// foreign says of each tile by others what is special about it.
var foreign = map[string]struct {
	canonical bool   // encoding what was decoded gives the same bytes
	rule      string // that Validate finds broken
}{
	"cesium-specs/9_759_335/9_759_335.terrain":                   {true, ""},
	"cesium-specs/tile.terrain":                                  {true, ""},
	"cesium-specs/tile.octvertexnormals.terrain":                 {true, ""},
	"cesium-specs/tile.octvertexnormals.watermask.terrain":       {true, ""},
	"cesium-specs/tile.watermask.terrain":                        {true, ""},
	"cesium-specs/tile.metadataavailability.terrain":             {false, ""}, // extension 3 is dropped
	"cesium-specs/tile.unknownext.terrain":                       {false, ""}, // extension 255 is dropped
	"cesium-specs/tile.octvertexnormals.unknownext.terrain":      {false, ""},
	"cesium-specs/tile.vertexnormals.terrain":                    {false, ""}, // big-endian lengths
	"cesium-specs/tile.vertexnormals.unknownext.terrain":         {false, ""},
	"cesium-specs/tile.32bitIndices.terrain":                     {true, "mesh.unused"},
	"heremaps/tile-opentin.terrain":                              {true, "mesh.corners"},
	"quantized-mesh-tile/9_533_383.terrain":                      {true, "horizon.inside"},
	"quantized-mesh-tile/10_1563_590_light_watermask.terrain.gz": {false, ""}, // gzipped
}

func TestTilesByOthersDecodeReencodeAndValidate(t *testing.T) {
	for name, data := range sharedTiles(t) {
		t.Run(name, func(t *testing.T) {
			want, known := foreign[name]
			m, err := Decode(bytes.NewReader(data))
			if err != nil || !known {
				t.Fatalf("known %v: %v", known, err)
			}
			var b bytes.Buffer
			if err := Encode(&b, m); err != nil {
				t.Fatal(err)
			}
			if got := bytes.Equal(b.Bytes(), data); got != want.canonical {
				t.Errorf("encoded again to the same bytes: %v", got)
			}
			again, err := Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(m, again) { // cmp is slow on large meshes
				t.Errorf("decoded again (-first +second)\n%s", cmp.Diff(m, again))
			}
			wantRule(t, m.Validate(), want.rule)
		})
	}
}

func wantRule(t *testing.T, err error, rule string) {
	t.Helper()
	var broken *InvalidError
	got := ""
	if errors.As(err, &broken) {
		got = broken.Rule
	}
	if got != rule || (rule != "") != errors.Is(err, ErrInvalid) {
		t.Errorf("got %v, want rule %q", err, rule)
	}
}

func TestLegacyBigEndianNormalsEqualTheLittleEndianOnes(t *testing.T) {
	tiles := sharedTiles(t)
	little, err := Decode(bytes.NewReader(tiles["cesium-specs/tile.octvertexnormals.terrain"]))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tile.vertexnormals.terrain", "tile.vertexnormals.unknownext.terrain"} {
		big, err := Decode(bytes.NewReader(tiles["cesium-specs/"+name]))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(little.Normals, big.Normals); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestCutTilesAreRefused cuts at every length. The only prefixes that are whole tiles end where an extension does.
func TestCutTilesAreRefused(t *testing.T) {
	for name, data := range sharedTiles(t) {
		if strings.HasSuffix(name, ".gz") || len(data) > 5000 {
			continue
		}
		whole, cut := 0, data
		for n := range len(data) {
			cut = data[:n:n]
			m, err := Decode(bytes.NewReader(cut))
			switch {
			case err == nil && m.ValidateDrawable() == nil:
				whole++
			case err != nil && !errors.Is(err, ErrCorrupt):
				t.Fatalf("%s cut to %d: %v", name, n, err)
			}
		}
		if whole > 2 { // tiles hold up to two extensions
			t.Errorf("%s: %d prefixes pass", name, whole)
		}
	}
}

// TestFlippedBytesNeverPanic: a flipped byte may still be a good tile (a height), but decoding ends with a mesh or a reason.
func TestFlippedBytesNeverPanic(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, data := range sharedTiles(t) {
		if len(data) > 100000 {
			continue
		}
		for range 300 {
			bad := bytes.Clone(data)
			bad[random.IntN(len(bad))] ^= byte(1 + random.IntN(255))
			m, err := Decode(bytes.NewReader(bad))
			if err != nil && !errors.Is(err, ErrCorrupt) {
				t.Fatalf("%s: %v", name, err)
			}
			if err == nil {
				_ = m.ValidateAt(tilegrid.Geodetic.Bound(tilegrid.Coord{Z: 4}))
			}
		}
	}
}
