package imagery

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// extremes of each type, and one beyond.
func TestValuesOfEveryTypeComeBackAsTheyAre(t *testing.T) {
	nan := math.NaN()
	for kind, c := range map[ValueType]struct{ values, beyond []float64 }{
		"uint8":   {[]float64{0, 1, 255, nan}, []float64{-1, 256, 0.5}},
		"int8":    {[]float64{-128, 127, nan, 0}, []float64{-129, 128, 1.25}},
		"uint16":  {[]float64{0, 65535, 1, nan}, []float64{-1, 65536, 7.1}},
		"int16":   {[]float64{-32768, 32767, nan, -1}, []float64{-32769, 32768, 0.1}},
		"uint32":  {[]float64{0, 4294967295, nan, 9}, []float64{-1, 4294967296, 1e300}},
		"int32":   {[]float64{-2147483648, 2147483647, nan, -7}, []float64{-2147483649, 2147483648, math.Inf(1)}},
		"float32": {[]float64{-math.MaxFloat32, math.SmallestNonzeroFloat32, float64(float32(0.1)), nan}, []float64{0.1, 1e300}},
		"float64": {[]float64{-math.MaxFloat64, math.SmallestNonzeroFloat64, 0.1, nan}, nil},
	} {
		data, err := EncodeValues(Values{Side: 2, Type: kind, Bands: [][]float64{c.values, {nan, nan, nan, nan}}})
		if err != nil {
			t.Fatal(err)
		}
		v, err := DecodeValues(data)
		if err != nil || v.Type != kind || len(v.Bands) != 2 {
			t.Fatalf("%s: %v, %+v", kind, err, v)
		}
		for i, want := range c.values {
			if got := v.Bands[0][i]; got != want && (got == got || want == want) || v.Bands[1][i] == v.Bands[1][i] {
				t.Errorf("%s: %v came back as %v", kind, want, got)
			}
		}
		for _, beyond := range c.beyond {
			if _, err := EncodeValues(Values{Side: 1, Type: kind, Bands: [][]float64{{beyond}}}); !errors.Is(err, ErrValues) {
				t.Errorf("%s took %v: %v", kind, beyond, err)
			}
		}
	}
}

func TestAnyValuesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.IntRange(0, len(valueTypes)-1).Draw(t, "type")
		kind, form := valueTypes[code], valueForms[code]
		side := 1 << rapid.IntRange(0, 4).Draw(t, "log")
		v := Values{Side: side, Type: kind}
		for range rapid.IntRange(1, 3).Draw(t, "bands") {
			keys := rapid.SliceOfN(rapid.Uint64(), side*side, side*side).Draw(t, "keys")
			band := make([]float64, len(keys))
			for i, k := range keys {
				if band[i] = form.value(k & (^uint64(0) >> (64 - 8*form.bytes))); k%5 == 0 || math.IsInf(band[i], 0) {
					band[i] = math.NaN()
				}
			}
			v.Bands = append(v.Bands, band)
		}
		data, err := EncodeValues(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeValues(data)
		if err != nil {
			t.Fatal(err)
		}
		for b := range v.Bands {
			for i, want := range v.Bands[b] {
				if math.Float64bits(got.Bands[b][i]) != math.Float64bits(want) && (want == want || got.Bands[b][i] == got.Bands[b][i]) {
					t.Fatalf("band %d, %d: %v came back as %v", b, i, want, got.Bands[b][i])
				}
			}
		}
	})
}

func TestBlocksThatAreNoneAreRefused(t *testing.T) {
	good, err := EncodeValues(Values{Side: 4, Type: "int16", Bands: [][]float64{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}}})
	if err != nil {
		t.Fatal(err)
	}
	with := func(at int, b byte) []byte {
		bad := append([]byte{}, good...)
		bad[at] = b
		return bad
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "three bytes": good[:3], "the layout of heights": with(0, 1), "no such type": with(1, 8), "no band": with(2, 0),
		"two bands": with(2, 2), "too many bands": with(2, 65),
		"a side of 4096": with(3, 12), "a larger side": with(3, 3), "a smaller side": with(3, 1), "cut short": good[:len(good)-2],
		"far too many values": {2, 7, 64, 11, 3, 0},
	} {
		if _, err := DecodeValues(data); !errors.Is(err, ErrValues) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, v := range map[string]Values{
		"no bands": {Side: 1, Type: "uint8"}, "an odd side": {Side: 3, Type: "uint8", Bands: [][]float64{make([]float64, 9)}},
		"a type that is none": {Side: 1, Type: "text", Bands: [][]float64{{1}}},
		"a short band":        {Side: 2, Type: "uint8", Bands: [][]float64{{1, 2}}},
	} {
		if _, err := EncodeValues(v); !errors.Is(err, ErrValues) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecodeValues(f *testing.F) {
	for _, kind := range valueTypes {
		data, err := EncodeValues(Values{Side: 2, Type: kind, Bands: [][]float64{{1, 2, math.NaN(), 3}}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 3 && data[3] > 8 {
			t.Skip("a large side takes long")
		}
		v, err := DecodeValues(data)
		if err != nil {
			return
		}
		for b, band := range v.Bands {
			for i, x := range band {
				if math.IsInf(x, 0) { // no encoder of ours writes it
					v.Bands[b][i] = math.NaN()
				}
			}
		}
		again, err := EncodeValues(v)
		if err != nil {
			t.Fatal(err)
		}
		if w, err := DecodeValues(again); err != nil || w.Side != v.Side || len(w.Bands) != len(v.Bands) {
			t.Fatalf("%v, %+v", err, w)
		}
	})
}
