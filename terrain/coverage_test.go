package terrain

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestACoverageComesBackAndTheHeightsStay(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	z, got := make([]float32, posts*posts), make([]float32, posts*posts)
	for k := range z {
		z[k] = float32(r.IntN(1000))
	}
	grid, err := EncodeHeights(z)
	if err != nil {
		t.Fatal(err)
	}
	back := make([]bool, posts*posts)
	if _, known, err := DecodeCoverage(grid, back); known || err != nil {
		t.Errorf("a grid that does not tell: known %v, %v", known, err)
	}
	for name, has := range map[string]func(k int) bool{
		"all":      func(int) bool { return true },
		"none":     func(int) bool { return false },
		"a half":   func(k int) bool { return k%posts > 30 },
		"speckled": func(int) bool { return r.IntN(2) == 0 },
	} {
		data := make([]bool, posts*posts)
		for k := range data {
			data[k] = has(k)
		}
		stored, err := AppendCoverage(bytes.Clone(grid), data)
		if err != nil {
			t.Fatal(err)
		}
		all, known, err := DecodeCoverage(stored, back)
		if err != nil || !known || all != (name == "all") || !slices.Equal(back, data) {
			t.Errorf("%s: all %v, known %v, %v", name, all, known, err)
		}
		if err := DecodeHeights(stored, got); err != nil || !slices.Equal(got, z) {
			t.Errorf("%s: the heights are others, %v", name, err)
		}
	}
}

func TestACorruptCoverageIsRefused(t *testing.T) {
	grid, err := EncodeHeights(make([]float32, posts*posts))
	if err != nil {
		t.Fatal(err)
	}
	data := make([]bool, posts*posts)
	for name, end := range map[string][]byte{
		"an unknown kind": {7}, "longer than the grid": {0xff, 0xff, 2}, "no run": {0, 0, 2}, "noise": {9, 9, 9, 3, 0, 2},
	} {
		if _, _, err := DecodeCoverage(append(bytes.Clone(grid), end...), data); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
