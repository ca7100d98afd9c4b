package terrain

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// relief is a deterministic rough terrain: hills of several wavelengths and noise, StoredSide squared.
func relief(seed uint64, amplitude, noise float64) []float32 {
	r := rand.New(rand.NewPCG(seed, 7))
	z := make([]float32, StoredSide*StoredSide)
	for i := range z {
		x, y := float64(i%StoredSide), float64(i/StoredSide)
		z[i] = float32(amplitude*(math.Sin(x/9+float64(seed))*math.Cos(y/7)+math.Sin((x+2*y)/23)) + noise*r.NormFloat64())
	}
	return z
}

func TestStoredHeightsComeBackWithinHalfAStep(t *testing.T) {
	cases := map[string][]float32{
		"flat sea":            make([]float32, StoredSide*StoredSide),
		"hills":               relief(1, 400, 0),
		"rough mountains":     relief(2, 3000, 200),
		"lidar noise":         relief(3, 20, 0.02),
		"deepest and highest": relief(4, 10000, 0),
	}
	for name, z := range cases {
		t.Run(name, func(t *testing.T) {
			data, err := EncodeHeights(z)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, len(z))
			if err := DecodeHeights(data, got); err != nil {
				t.Fatal(err)
			}
			for i := range z {
				if d := math.Abs(float64(got[i] - z[i])); d > StoredStep/2+1e-3*math.Abs(float64(z[i]))/1000 {
					t.Fatalf("sample %d: got %v, want %v", i, got[i], z[i])
				}
			}
			t.Logf("%d bytes", len(data))
		})
	}
}

func TestStoredHeightsThatAreDamagedAreRefused(t *testing.T) {
	data, err := EncodeHeights(relief(5, 100, 1))
	if err != nil {
		t.Fatal(err)
	}
	z := make([]float32, StoredSide*StoredSide)
	for n := range len(data) {
		if err := DecodeHeights(data[:n], z); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut at %d: got %v, want ErrCorrupt", n, err)
		}
	}
	if err := DecodeHeights(append(data, 0), z[:10]); !errors.Is(err, ErrBadHeights) {
		t.Fatalf("short room: got %v", err)
	}
}

func TestValuesThatAreNoHeightsAreRefused(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), -32768, 3.4e38} {
		z := relief(6, 10, 0)
		z[99] = bad
		if _, err := EncodeHeights(z); !errors.Is(err, ErrBadHeights) {
			t.Errorf("%v: got %v, want ErrBadHeights", bad, err)
		}
	}
}

func FuzzDecodeHeights(f *testing.F) {
	for _, z := range [][]float32{relief(1, 400, 0), relief(2, 10, 3), make([]float32, StoredSide*StoredSide)} {
		data, err := EncodeHeights(z)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = DecodeHeights(data, make([]float32, StoredSide*StoredSide))
	})
}

func BenchmarkEncodeHeights(b *testing.B) {
	z := relief(2, 300, 5)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := EncodeHeights(z); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeHeights(b *testing.B) {
	data, _ := EncodeHeights(relief(2, 300, 5))
	z := make([]float32, StoredSide*StoredSide)
	b.ReportAllocs()
	for b.Loop() {
		if err := DecodeHeights(data, z); err != nil {
			b.Fatal(err)
		}
	}
}
