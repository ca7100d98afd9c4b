//go:build !serveonly

package main

import (
	"testing"

	"github.com/paulmach/orb"
)

func TestBoxesMayCrossTheAntimeridian(t *testing.T) {
	for name, c := range map[string]struct {
		flag []float64
		want orb.Bound // the zero value: refused
	}{
		"on one side":                       {[]float64{10, 46, 11, 47}, orb.Bound{Min: orb.Point{10, 46}, Max: orb.Point{11, 47}}},
		"west beyond east":                  {[]float64{170, -20, -170, 20}, orb.Bound{Min: orb.Point{170, -20}, Max: orb.Point{190, 20}}},
		"east beyond 180":                   {[]float64{170, -20, 190, 20}, orb.Bound{Min: orb.Point{170, -20}, Max: orb.Point{190, 20}}},
		"both beyond 180":                   {[]float64{190, -20, 200, 20}, orb.Bound{Min: orb.Point{-170, -20}, Max: orb.Point{-160, 20}}},
		"across Greenwich, of 0..360":       {[]float64{350, -20, 10, 20}, orb.Bound{Min: orb.Point{-10, -20}, Max: orb.Point{10, 20}}},
		"the globe":                         {[]float64{-180, -90, 180, 90}, orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}},
		"the globe, 0..360":                 {[]float64{0, -90, 360, 90}, orb.Bound{Min: orb.Point{0, -90}, Max: orb.Point{360, 90}}},
		"more than once round":              {[]float64{-180, 0, 190, 1}, orb.Bound{}},
		"without width":                     {[]float64{10, 0, 10, 1}, orb.Bound{}},
		"south beyond north":                {[]float64{10, 1, 11, 0}, orb.Bound{}},
		"beyond every way to count degrees": {[]float64{400, 0, 410, 1}, orb.Bound{}},
	} {
		got, err := (&generalFlags{bbox: c.flag}).box()
		if (err != nil) != c.want.IsZero() || err == nil && *got != c.want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
}
