package places

import (
	"math"
	"testing"
)

func TestCoordinatesAreReadInAnyNotation(t *testing.T) {
	for text, want := range map[string][2]float64{ // longitude, latitude
		"46.5, 7.9":                   {7.9, 46.5},
		"46.5 7.9":                    {7.9, 46.5},
		"46.5;7.9":                    {7.9, 46.5},
		"(46.5, 7.9)":                 {7.9, 46.5},
		"46.5°, 7.9°":                 {7.9, 46.5},
		"-33.9,151.2":                 {151.2, -33.9},
		"−33.9, 151.2":                {151.2, -33.9}, // a typographic minus
		"151.2, -33.9":                {151.2, -33.9}, // can only be the longitude first
		"0,0":                         {0, 0},
		"90, 180":                     {180, 90},
		"46.5N 7.9E":                  {7.9, 46.5},
		"46.5 n, 7.9 e":               {7.9, 46.5},
		"7.9E 46.5N":                  {7.9, 46.5},
		"N46.5 E7.9":                  {7.9, 46.5},
		"33.5S 70.6W":                 {-70.6, -33.5},
		"48.85N 2.35O":                {-2.35, 48.85}, // ouest, oeste
		"N46 30.5 E7 54":              {7.9, 46 + 30.5/60},
		"46°30'0\"N 7°54'0\"E":        {7.9, 46.5},
		"46°30′00″N 7°54′00″E":        {7.9, 46.5},
		"46° 30’ 00” N, 7° 54’ 00” E": {7.9, 46.5},
		"46º30'N 7º54'E":              {7.9, 46.5},
		"46 30 0 N 7 54 0 E":          {7.9, 46.5},
		"46°30'0\" 7°54'0\"":          {7.9, 46.5},
		"-46°30', -7°54'":             {-7.9, -46.5},
		"46 deg 30' N 7 deg 54' E":    {7.9, 46.5},
		"40°26′46″N 79°58′56″W":       {-79.982222, 40.446111},
		"geo:46.5,7.9":                {7.9, 46.5},
		"46,5 7,9":                    {7.9, 46.5}, // decimal commas
		"46,5; 7,9":                   {7.9, 46.5},
		"46,5, -7,9":                  {-7.9, 46.5},
		"46,5°N 7,9°E":                {7.9, 46.5},
		"–46.5 —7.9":                  {-7.9, -46.5}, // dashes of office programs
		"46d30m N 7d54m E":            {7.9, 46.5},
		"46d30m0s S 7d54m0s W":        {-7.9, -46.5},
		"33 30 0S 70 39 0W":           {-70.65, -33.5},
		"4630N00754E":                 {7.9, 46.5},
		"463000S0075400W":             {-7.9, -46.5},
		"46.5,7.9,1200":               {7.9, 46.5},
		"46.5, 7.9, 1200 m":           {7.9, 46.5},
		"POINT(7.9 46.5)":             {7.9, 46.5},
		"Point Z (7.9 46.5 1200)":     {7.9, 46.5},
		"geo:46.5,7.9;u=35":           {7.9, 46.5},
		"geo:46.5,7.9,1200?z=11":      {7.9, 46.5},
		"32T 417000 5150000":          {7.91833889, 46.49845494}, // cs2cs of PROJ 9.1.1, as all of UTM here
		"utm 32t 417000e 5150000n":    {7.91833889, 46.49845494},
		"56H 334873 6252266":          {151.21499783, -33.85700080},
		"18 T 583960 4507523":         {-74.00596953, 40.71434921},
		"32TMS1700050000":             {7.91833889, 46.49845494},
		"32T MS 17000 50000":          {7.91833889, 46.49845494},
		"4QFJ 1234 5678":              {-157.916819, 21.309478},
	} {
		got, ok := ParseCoordinate(text)
		const tolerance = 1e-5 // a metre: MGRS names the middle of a square
		if !ok || math.Abs(got.Point.Lon()-want[0]) > tolerance || math.Abs(got.Point.Lat()-want[1]) > tolerance {
			t.Errorf("%q: %v, %v, want %v", text, got, ok, want)
		}
		if ok && got.Read == "" {
			t.Errorf("%q: not said how it was read", text)
		}
	}
}

func TestWhatIsNoCoordinateIsAName(t *testing.T) {
	for _, text := range []string{
		"", "Paris", "46", "46.5", "91, 95", "46, 190", "200, 300", "46.5N 7.9N", "46.5N, -7.9E", "46°61'N 7°E", "46.5 30 N 7 54 E", "geo:",
		"geo:a,b", "1 2 3", "1,2,3", "1,2,3,4", "46,5,7,9", "POINT(7.9)", "POINT(200 100)", "4661N00754E", "12,3 Street",
		"32T", "61T 417000 5150000", "32I 417000 5150000", "32C 417000 5150000", "32TZZ1700050000", "32TMS170005000", "42 Street",
		"Route 66, 12", "Neustadt 1", "NaN, NaN", "Inf, Inf",
	} {
		if got, ok := ParseCoordinate(text); ok {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestOIsWestFirstAndEastOtherwise(t *testing.T) {
	w, ok := ParseCoordinate("47°22′N 8°33′O")
	east, other := w.Otherwise()
	if !ok || !other || w.Point[0] != -8.55 || east.Point[0] != 8.55 || east.Point[1] != w.Point[1] || east.Read == w.Read {
		t.Errorf("%v %v, %v %v", w, ok, east, other)
	}
	w, _ = ParseCoordinate("47°22′N 8°33′W")
	if _, other := w.Otherwise(); other {
		t.Error("W has two meanings")
	}
}

func FuzzParseCoordinate(f *testing.F) {
	for _, s := range []string{"46.5, 7.9", "46°30′00″N 7°54′00″E", "32T 417000 5150000", "4QFJ 1234 5678", "geo:46.5,7.9;u=35", "-46°30', -7°54'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := ParseCoordinate(text)
		if ok && !(math.Abs(c.Point.Lon()) <= 180 && math.Abs(c.Point.Lat()) <= 90) {
			t.Errorf("%q: %v", text, c)
		}
	})
}
