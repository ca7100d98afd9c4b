package terrain

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"
)

// The examples are those of the formats' own descriptions (docs.mapbox.com/data/tilesets/reference/mapbox-terrain-rgb-v1,
// github.com/tilezen/joerd docs/formats.md).
func TestHeightsBecomeTheColoursThatTheFormatsName(t *testing.T) {
	for name, c := range map[string]struct {
		encoding Encoding
		height   float32
		want     [3]byte
	}{
		"mapbox, sea level":          {Mapbox, 0, [3]byte{1, 134, 160}}, // 100 000 tenths
		"mapbox, lowest":             {Mapbox, -10000, [3]byte{0, 0, 0}},
		"mapbox, Everest":            {Mapbox, 8848.9, [3]byte{2, 224, 73}},
		"mapbox, too deep":           {Mapbox, -12000, [3]byte{0, 0, 0}},
		"mapbox, no number":          {Mapbox, float32(math.NaN()), [3]byte{1, 134, 160}},
		"terrarium, sea level":       {Terrarium, 0, [3]byte{128, 0, 0}},
		"terrarium, a quarter up":    {Terrarium, 1.25, [3]byte{128, 1, 64}},
		"terrarium, below sea":       {Terrarium, -1, [3]byte{127, 255, 0}},
		"terrarium, rounded to step": {Terrarium, 0.02, [3]byte{128, 0, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			pixel := []byte{9, 9, 9, 9}
			c.encoding.Paint(pixel, []float32{c.height})
			if [3]byte(pixel[:3]) != c.want || pixel[3] != 255 {
				t.Errorf("got %v, want %v opaque", pixel, c.want)
			}
		})
	}
}

func TestColoursStandForTheHeightsThatWerePainted(t *testing.T) {
	for _, e := range []Encoding{Mapbox, Terrarium} {
		half := map[Encoding]float64{Mapbox: 0.05, Terrarium: StoredStep / 2}[e]
		pixel := make([]byte, 4)
		for h := -9000.0; h < 9000; h += 0.37 {
			e.Paint(pixel, []float32{float32(h)})
			if got := e.Height(pixel[0], pixel[1], pixel[2]); math.Abs(got-h) > half+1e-3 {
				t.Fatalf("%v: %.3f m comes back as %.3f m", e, h, got)
			}
		}
	}
}

func TestHeightmapsHoldFifthsOfAMetreAboveMinusOneThousand(t *testing.T) {
	z := make([]float32, StoredSide*StoredSide)
	z[0], z[1], z[StoredSide], z[len(z)-1] = -1000, 0, 1234.5, 20000
	tile, err := EncodeHeightmap(z, ChildSouthWest|ChildNorthEast, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := 2*StoredSide*StoredSide + 2; len(tile) != want {
		t.Fatalf("%d bytes, want %d", len(tile), want)
	}
	at := func(k int) float64 { return float64(binary.LittleEndian.Uint16(tile[2*k:]))/5 - 1000 }
	for k, want := range map[int]float64{0: -1000, 1: 0, StoredSide: 1234.6, len(z) - 1: HeightmapHighest} {
		if math.Abs(at(k)-want) > 0.1+1e-9 {
			t.Errorf("sample %d is %.2f m, want %.2f m", k, at(k), want)
		}
	}
	if children, water := tile[len(tile)-2], tile[len(tile)-1]; children != 9 || water != 0 {
		t.Errorf("children %b, water %d", children, water)
	}
	z[0] = -4000
	tile, err = EncodeHeightmap(z, 0, make([]byte, 256*256))
	if err != nil || len(tile) != 2*StoredSide*StoredSide+1+65536 || at(0) != -1000 {
		t.Errorf("%d bytes, %v, deep sea %.1f m", len(tile), err, at(0))
	}
}

func TestHeightmapsOfWrongSizesAreRefused(t *testing.T) {
	z := make([]float32, StoredSide*StoredSide)
	if _, err := EncodeHeightmap(z[1:], 0, nil); !errors.Is(err, ErrBadHeights) {
		t.Errorf("too few heights: %v", err)
	}
	if _, err := EncodeHeightmap(z, 0, make([]byte, 100)); !errors.Is(err, ErrBadHeights) {
		t.Errorf("a water mask of 100 bytes: %v", err)
	}
}
