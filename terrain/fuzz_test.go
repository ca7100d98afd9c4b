package terrain

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/terrane/terrane/tilegrid"
)

// FuzzDecode: any bytes give a mesh or ErrCorrupt. A mesh that decodes encodes to bytes that decode to it, and may be validated.
func FuzzDecode(f *testing.F) {
	f.Add(plainTile(f))
	for _, folder := range []string{"testdata", sharedOrNone()} {
		paths, _ := filepath.Glob(filepath.Join(folder, "*.terrain*"))
		for _, path := range paths {
			if data, err := os.ReadFile(path); err == nil && len(data) < 100000 {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		_ = m.ValidateAt(tilegrid.Geodetic.Bound(tilegrid.Coord{Z: 3, X: 5, Y: 2}))
		var b bytes.Buffer
		if err := Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		again, err := Decode(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatalf("encoded again it does not decode: %v", err)
		}
		var c bytes.Buffer
		if err := Encode(&c, again); err != nil || !bytes.Equal(b.Bytes(), c.Bytes()) { // bytes, since NaN is unlike itself
			t.Fatalf("encoded twice it differs: %v", err)
		}
	})
}

func sharedOrNone() string {
	root := os.Getenv("TERRANE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	return filepath.Join(root, "data", "qmesh", "cesium-specs")
}

// FuzzParseLayer: any text gives a layer or ErrLayer. What is read is written so that it reads the same.
func FuzzParseLayer(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "layer.json.golden"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte(`{"format":"quantized-mesh-1.0","tiles":["{z}"],"version":2,"maxzoom":3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ParseLayer(data)
		if err != nil {
			if !errors.Is(err, ErrLayer) {
				t.Fatal(err)
			}
			return
		}
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseLayer(text)
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if d := cmp.Diff(l.Ranges(), again.Ranges()); d != "" || again.Grid() != l.Grid() {
			t.Error(d)
		}
	})
}
