package terrain

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/terrane/terrane/tilegrid"
)

func TestEncodeWritesTheBytesOfTheSpecification(t *testing.T) {
	m := &Mesh{
		Header:    Header{Min: 1, Max: 2, Radius: 1},
		Vertices:  []Vertex{{0, 0, 0}, {32767, 0, 32767}, {32767, 32767, 1}, {0, 32767, 2}},
		Triangles: []uint32{0, 1, 2, 0, 2, 3},
		Edges:     Edges{West: []uint32{0, 3}, South: []uint32{0, 1}, East: []uint32{1, 2}, North: []uint32{3, 2}},
		Normals:   []Normal{{1, 2}, {3, 4}, {5, 6}, {7, 8}},
		Water:     []byte{255},
		Metadata:  []byte(`{}`),
	}
	var b bytes.Buffer
	if err := Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	want := "04000000" +
		"0000" + "feff" + "0000" + "fdff" + // u: 0, +32767, 0, -32767 as zig-zag
		"0000" + "0000" + "feff" + "0000" +
		"0000" + "feff" + "fbff" + "0200" +
		"02000000" + "0000" + "0000" + "0000" + "0300" + "0100" + "0000" + // 0 marks each new vertex
		"02000000" + "0000" + "0300" + "02000000" + "0000" + "0100" +
		"02000000" + "0100" + "0200" + "02000000" + "0300" + "0200" +
		"01" + "08000000" + "0102030405060708" + "02" + "01000000" + "ff" + "04" + "06000000" + "02000000" + "7b7d"
	if got := hex.EncodeToString(b.Bytes()[headerBytes:]); got != want {
		t.Errorf("after the header\n got %s\nwant %s", got, want)
	}
	if got := hex.EncodeToString(b.Bytes()[24:32]); got != "0000803f00000040" {
		t.Errorf("minimum and maximum height are %s", got)
	}
}

func TestEncodeThenDecodeGivesTheSameMesh(t *testing.T) {
	for _, n := range []int{1, 2, 5, 64, 256} { // 256 x 256 cells need 32-bit indices
		m, _ := groundedMesh(n, tilegrid.Coord{Z: 5, X: 33, Y: 24})
		m.Water, m.Metadata = make([]byte, waterSide*waterSide), []byte(`{"available":[]}`)
		var b bytes.Buffer
		if err := Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		got, err := Decode(&b)
		if err != nil {
			t.Fatalf("%d cells: %v", n, err)
		}
		if !reflect.DeepEqual(m, got) { // cmp is slow on large meshes
			t.Errorf("%d cells: (-want +got)\n%s", n, cmp.Diff(m, got))
		}
	}
}

func TestPaddingCountsFromTheStartOfTheTile(t *testing.T) {
	m, _ := groundedMesh(256, tilegrid.Coord{})
	if (headerBytes+4+6*len(m.Vertices))%4 == 0 {
		t.Fatal("this mesh needs no padding")
	}
	alone, behind := AppendMesh(nil, m), AppendMesh([]byte("x"), m)
	if !bytes.Equal(alone, behind[1:]) {
		t.Error("the tile differs when it does not begin at the start of the slice")
	}
}

func TestAppendMeshAllocatesNothingIntoRoom(t *testing.T) {
	m, b := groundedMesh(14, tilegrid.Coord{Z: 9, X: 535, Y: 387})
	buf := AppendNormals(AppendMesh(nil, m), m)
	allocs := testing.AllocsPerRun(100, func() {
		SetHeader(m, b)
		buf = AppendNormals(AppendMesh(buf[:0], m), m)
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestEncodePassesOnTheWritersError(t *testing.T) {
	m, _ := groundedMesh(1, tilegrid.Coord{})
	if err := Encode(brokenWriter{}, m); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
