package raster

import (
	"math"
	"testing"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"
)

// plane is a height that is linear in longitude and latitude, so that bilinear interpolation is exact.
func plane(lon, lat float64) float64 { return 100*(lon-10) + 1000*(lat-46) }

// planeIn returns the pixels of a plane under a geotransform, divided by unit, as (value-offset)/scale.
func planeIn(t [6]float64, toPixel func(h float64) float64) func(c, r int) float64 {
	return func(c, r int) float64 {
		x, y := apply(t, float64(c)+0.5, float64(r)+0.5)
		return toPixel(plane(x, y))
	}
}

func same(h float64) float64 { return h }

func pointer(v float64) *float64 { return &v }

func TestHeightsOfEveryFormOfRaster(t *testing.T) {
	north := degrees(10, 47, 0.01)
	south := [6]float64{10, 0.01, 0, 46, 0, 0.01}
	west := [6]float64{11, -0.01, 0, 47, 0, -0.01}
	rotated := [6]float64{10.5, 0.006, 0.004, 46, -0.004, 0.006}
	for name, c := range map[string]struct {
		made
		toPixel func(float64) float64
		within  float64
	}{
		"north-up Float32":          {made{transform: north, kind: gdal.Float32}, same, 0.01},
		"south-up":                  {made{transform: south, kind: gdal.Float32}, same, 0.01},
		"east to west":              {made{transform: west, kind: gdal.Float32}, same, 0.01},
		"rotated":                   {made{transform: rotated, kind: gdal.Float32}, same, 0.02},
		"Float64":                   {made{transform: north, kind: gdal.Float64}, same, 0.01},
		"Int32 in millimetres":      {made{transform: north, kind: gdal.Int32, unit: "mm"}, func(h float64) float64 { return math.Round(h * 1000) }, 0.01},
		"Int16 rounded":             {made{transform: north, kind: gdal.Int16}, func(h float64) float64 { return math.Round(h) }, 0.51},
		"UInt16 scaled":             {made{transform: north, kind: gdal.UInt16, scale: 0.5, offset: -1000}, func(h float64) float64 { return math.Round((h + 1000) / 0.5) }, 0.26},
		"Byte scaled":               {made{transform: north, kind: gdal.Byte, scale: 8, offset: -100}, func(h float64) float64 { return math.Round((h + 100) / 8) }, 4.1},
		"signed bytes":              {made{transform: north, kind: gdal.Byte, scale: 10, offset: 500, options: []string{"PIXELTYPE=SIGNEDBYTE"}}, func(h float64) float64 { return float64(uint8(int8(math.Round((h - 500) / 10)))) }, 5.1},
		"feet":                      {made{transform: north, kind: gdal.Float32, unit: "ft"}, func(h float64) float64 { return h / 0.3048 }, 0.03},
		"US survey feet":            {made{transform: north, kind: gdal.Float32, unit: "US survey foot"}, func(h float64) float64 { return h * 3937 / 1200 }, 0.03},
		"tiled and deflated":        {made{transform: north, kind: gdal.Float32, options: []string{"TILED=YES", "COMPRESS=DEFLATE", "BLOCKXSIZE=32", "BLOCKYSIZE=32"}}, same, 0.01},
		"NAD83, the same degrees":   {made{transform: north, kind: gdal.Float32, epsg: 4269}, same, 0.01},
		"ETRS89, the same degrees":  {made{transform: north, kind: gdal.Float32, epsg: 4258}, same, 0.01},
		"ellipsoidal 3D CRS":        {made{transform: north, kind: gdal.Float32, epsg: 4979}, same, 0.01},
		"0..360 in another turn":    {made{transform: degrees(370, 47, 0.01), kind: gdal.Float32}, func(h float64) float64 { return h - 36000 }, 0.01},
		"Erdas Imagine":             {made{transform: north, kind: gdal.Float32, driver: "HFA"}, same, 0.01},
		"ENVI, no extension needed": {made{transform: north, kind: gdal.Float32, driver: "ENVI"}, same, 0.01},
	} {
		t.Run(name, func(t *testing.T) {
			m := c.made
			m.cols, m.rows = 100, 100
			if m.epsg == 0 {
				m.epsg = 4326
			}
			m.pixel = planeIn(m.transform, c.toPixel)
			s := open(t, Options{}, m.write(t))
			l := windowAt(9, 10.5, 46.5, 40, 40)
			if name == "rotated" {
				l = windowAt(10, 11, 46.1, 20, 20)
			}
			for i, h := range heights(t, s, l) {
				p := l.Post(l.MinI+int64(i%l.Cols), l.MinJ+int64(l.Rows-1-i/l.Cols))
				if want := plane(p[0], p[1]); !(math.Abs(float64(h)-want) <= c.within) {
					t.Fatalf("at %v: %g, want %g", p, float64(h), want)
				}
			}
		})
	}
}

func TestNoDataOfEveryKindIsVoid(t *testing.T) {
	for name, c := range map[string]struct {
		kind     gdal.DataType
		declared *float64
		void     float64
		opt      Options
	}{
		"-32768 as Int16":                   {gdal.Int16, pointer(-32768), -32768, Options{}},
		"NaN":                               {gdal.Float32, pointer(math.NaN()), math.NaN(), Options{}},
		"NaN that is not declared":          {gdal.Float32, nil, math.NaN(), Options{}},
		"infinity":                          {gdal.Float32, nil, math.Inf(1), Options{}},
		"-3.4028234663852886e+38":           {gdal.Float32, pointer(-3.4028234663852886e+38), -3.4028234663852886e+38, Options{}},
		"0.1 that no float32 is":            {gdal.Float32, pointer(0.1), 0.1, Options{}},
		"zero":                              {gdal.Int16, pointer(0), 0, Options{}},
		"zero by option":                    {gdal.Int16, nil, 0, Options{NoData: pointer(0)}},
		"-9999 that is not declared":        {gdal.Float32, nil, -9999, Options{}},
		"-32767 that is not declared":       {gdal.Int16, nil, -32767, Options{}},
		"3.4e38 that is not declared":       {gdal.Float32, nil, 3.4028235e38, Options{}},
		"-1.8e308 as Float64":               {gdal.Float64, pointer(-1.7976931348623157e308), -1.7976931348623157e308, Options{}},
		"-2147483648 as Int32":              {gdal.Int32, pointer(-2147483648), -2147483648, Options{}},
		"255 as Byte":                       {gdal.Byte, pointer(255), 255, Options{}},
		"65535 as UInt16, not declared":     {gdal.UInt16, nil, 65535, Options{}},
		"a large integer, exact in Float64": {gdal.Float64, pointer(16777217), 16777217, Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			m := made{cols: 64, rows: 64, kind: c.kind, transform: degrees(10, 47, 0.01), epsg: 4326, nodata: c.declared,
				pixel: func(col, row int) float64 {
					if col >= 32 {
						return c.void
					}
					return 100
				}}
			s := open(t, c.opt, m.write(t))
			l := windowAt(12, 10.3, 46.7, 60, 3)
			for i, h := range heights(t, s, l) {
				u := (l.Post(l.MinI+int64(i%l.Cols), 0)[0] - 10) / 0.01
				if u < 32-1e-3 && h != 100 || u > 32+1e-3 && h == h {
					t.Fatalf("%g at column %g, want 100 up to column 32 and void beyond", h, u)
				}
			}
		})
	}
}

func TestMaskBandAndAlphaMakeVoids(t *testing.T) {
	mask := make([]uint8, 64*64)
	for i := range mask {
		if i%64 < 32 {
			mask[i] = 255
		}
	}
	m := made{cols: 64, rows: 64, kind: gdal.Int16, transform: degrees(10, 47, 0.01), epsg: 4326, mask: mask,
		pixel: func(int, int) float64 { return 100 }}
	got := heights(t, open(t, Options{}, m.write(t)), windowAt(12, 10.32, 46.7, 30, 1))
	if got[0] != 100 || got[29] == got[29] {
		t.Errorf("left %g, right %g; want 100 and void", got[0], got[29])
	}
}

func TestGlobalGridsMeetAtTheAntimeridian(t *testing.T) {
	round := func(lon float64) float64 { return 1000 * math.Cos(lon*math.Pi/180) }
	for name, m := range map[string]made{
		"-180..180":                           {cols: 360, rows: 180, transform: degrees(-180, 90, 1)},
		"0..360":                              {cols: 360, rows: 180, transform: degrees(0, 90, 1)},
		"centres on the meridians":            {cols: 360, rows: 181, transform: degrees(-180.5, 90.5, 1)},
		"centres, first column repeated":      {cols: 361, rows: 181, transform: degrees(-180.5, 90.5, 1)},
		"0..360, centres on the meridians":    {cols: 360, rows: 181, transform: degrees(-0.5, 90.5, 1)},
		"a strip across the antimeridian":     {cols: 40, rows: 180, transform: degrees(160, 90, 1)},
		"a strip across it, counted from 360": {cols: 40, rows: 180, transform: degrees(-200, 90, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			m.kind, m.epsg = gdal.Float32, 4326
			m.pixel = func(c, _ int) float64 { return round(m.transform[0] + float64(c) + 0.5) }
			s := open(t, Options{}, m.write(t))
			for _, turn := range []int64{0, 1, -1} {
				l := Lattice{Level: 3, MinI: -20 + turn*128<<3, MinJ: 64 << 2, Cols: 41, Rows: 2}
				for i, h := range heights(t, s, l) {
					p := l.Post(l.MinI+int64(i%l.Cols), l.MinJ)
					if want := round(p[0]); !(math.Abs(float64(h)-want) < 0.1) {
						t.Fatalf("turn %d at %v: %g, want %g", turn, p, h, want)
					}
				}
			}
			b := s.Bounds()[0]
			whole := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
			if strip := m.cols == 40; strip && (b.Min[0] != 160 || b.Max[0] != 200) || !strip && b != whole {
				t.Errorf("bound %v", b)
			}
		})
	}
}

func TestPolesHaveHeightsAndPostsBeyondHaveNone(t *testing.T) {
	for name, transform := range map[string][6]float64{"edges at the poles": degrees(-180, 90, 1), "centres at the poles": degrees(-180.5, 90.5, 1)} {
		t.Run(name, func(t *testing.T) {
			rows := int(2*transform[3] + 0.5)
			m := made{cols: 360, rows: rows, kind: gdal.Float32, transform: transform, epsg: 4326, pixel: func(int, int) float64 { return 7 }}
			s := open(t, Options{}, m.write(t))
			got := heights(t, s, Lattice{Level: 0, MinI: 5, MinJ: -1, Cols: 1, Rows: 67})
			if got[0] == got[0] || got[66] == got[66] {
				t.Errorf("beyond the poles: %g and %g, want void", got[0], got[66])
			}
			for i := 1; i < 66; i++ {
				if got[i] != 7 {
					t.Errorf("row %d: %g, want 7", i, got[i])
				}
			}
		})
	}
}

func TestSeaFloorMayPassThroughMinus9999(t *testing.T) {
	deep := func(c, _ int) float64 { return -9900 - float64(c) }
	m := made{cols: 200, rows: 10, kind: gdal.Int16, transform: degrees(142, 12, 0.01), epsg: 4326, pixel: deep}
	s := open(t, Options{}, m.write(t))
	for i, h := range heights(t, s, windowAt(13, 143, 11.95, 90, 1)) {
		if h != h {
			t.Fatalf("post %d is void", i)
		}
	}
}

func TestSurveyReportsWhatAPersonShouldSee(t *testing.T) {
	for name, c := range map[string]struct {
		pixel func(c, r int) float64
		want  int
	}{
		"plain ground":       {wavy, 0},
		"undeclared -9999":   {func(c, r int) float64 { return map[bool]float64{true: -9999, false: wavy(c, r)}[c == 3] }, 1},
		"a rim of zeros":     {func(c, r int) float64 { return map[bool]float64{true: 0, false: 500}[c*r == 0 || c == 99 || r == 99] }, 1},
		"one spike":          {func(c, r int) float64 { return map[bool]float64{true: 17000, false: wavy(c, r)}[c == 3 && r == 5] }, 1},
		"sea level all over": {func(c, r int) float64 { return 0 }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := made{cols: 100, rows: 100, kind: gdal.Float32, transform: degrees(10, 47, 0.01), epsg: 4326, pixel: c.pixel}
			s, err := open(t, Options{}, m.write(t)).Survey(t.Context())
			if err != nil || len(s.Files) != 1 || len(s.Files[0].Suspicions) != c.want {
				t.Errorf("%+v, %v; want %d suspicions", s, err, c.want)
			}
		})
	}
}
