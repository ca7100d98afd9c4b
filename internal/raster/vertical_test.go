package raster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/remedy"
)

// auto reads heights as a user gets them: by whatever datum is found.
var auto = Options{Vertical: "auto"}

func TestVerticalReferencesAreFound(t *testing.T) {
	for file, want := range map[string]Vertical{
		"N42E001.hgt.zip":                        {"EGM96 height", 5773, "SRTM by convention", false},
		"n43.dt0":                                {"EGM96 height", 5773, "DTED header, which says mean sea level", true},
		"pyrenees_crop_epsg4326+5773.tif":        {"EGM96 height", 5773, "compound CRS", false},
		"bigtujunga_utm11n_30m_int16.tif":        {},
		"slovenia_lidar_dtm_1m_epsg3794_nan.tif": {},
	} {
		f := open(t, auto, shared(t, "dem", file)).Files()[0]
		if f.Vertical != want {
			t.Errorf("%s: %+v, want %+v", file, f.Vertical, want)
		}
		if shifted := want.EPSG == 5773; f.Ellipsoidal() != shifted || (f.Shift.Model != "") != shifted || shifted && f.Shift.Covered != 1 {
			t.Errorf("%s: shift %+v", file, f.Shift)
		}
	}
}

func TestVerticalReferencesAreFoundInProductsNamesAndMetadata(t *testing.T) {
	setup(0)
	for name, want := range map[string]int{
		"Copernicus_DSM_COG_10_N46_00_E010_00_DEM.tif": 3855,
		"Copernicus_DSM_30_S03_00_W078_00_DEM.tif":     3855,
		"N46E010_FABDEM_V1-2.tif":                      3855,
		"ETOPO_2022_v1_60s_N90W180_surface.tif":        3855,
		"ALPSMLC30_N046E010_DSM.tif":                   5773,
		"NASADEM_HGT_n46e010.tif":                      5773,
		"ASTGTMV003_N46E010_dem.tif":                   5773,
		"n46_e010_1arc_v3.tif":                         5773,
		"srtm_38_03.tif":                               5773,
		"TDM1_DEM__30_N46E010_DEM.tif":                 4979,
		"ETOPO1_Ice_g_geotiff.tif":                     0,
		"USGS_13_n47w120.tif":                          0,
		"my_srtm_38_03.tif":                            0,
		"alps.tif":                                     0,
	} {
		file := made{cols: 9, rows: 9, kind: gdal.Float32, transform: degrees(10, 47, 0.01), epsg: 4326, pixel: wavy,
			file: filepath.Join(t.TempDir(), name)}.write(t)
		s, err := OpenStack(t.Context(), []string{file}, Options{})
		if want == 3855 {
			if !errors.Is(err, ErrVertical) || !strings.Contains(err.Error(), "us_nga_egm08_25.tif") {
				t.Errorf("%s: %v, want an error that names EGM2008's grid", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := s.Files()[0].Vertical; got.EPSG != want {
			t.Errorf("%s: %+v, want code %d", name, got, want)
		}
		s.Close()
	}
	for text, want := range map[string]int{
		"EGM96": 5773, "EPSG:5773": 5773, "egm96 geoid": 5773, "WGS84 ellipsoid": 4979, "unknown": 0, "sea level": 0,
	} {
		if got := verticalByName(text); got.EPSG != want {
			t.Errorf("%q: %+v, want code %d", text, got, want)
		}
	}
}

func TestThreeDimensionalReferencesAreEllipsoidal(t *testing.T) {
	m := made{cols: 9, rows: 9, kind: gdal.Float32, transform: degrees(10, 47, 0.01), epsg: 4979, pixel: wavy}
	if f := open(t, auto, m.write(t)).Files()[0]; f.Vertical.EPSG != 4979 || !f.Ellipsoidal() || f.Shift.Model != "" {
		t.Errorf("3D CRS: %+v, %+v", f.Vertical, f.Shift)
	}
}

func TestHeightsThatPROJWouldLeaveAsTheyAreWithoutAWordAreRefused(t *testing.T) {
	dhhn := shared(t, "dem", "nrw_dsm_1m_epsg25832+7837.tif")
	flat := made{cols: 9, rows: 9, kind: gdal.Float32, transform: degrees(-100, 40, 0.01), epsg: 4326, pixel: wavy}.write(t)
	for _, c := range []struct {
		name, file string
		opt        Options
		say, try   []string
	}{
		{"DHHN2016, of whose grid PROJ knows no file", dhhn, Options{}, []string{dhhn, "DHHN2016 height", "GCG2016"},
			[]string{"--vertical GRIDFILE", "--vertical de_bkg_gcg2016.tif"}},
		{"NAVD88 in the reference given", flat, Options{SrcCRS: "EPSG:4326+5703"}, []string{flat, "NAVD88 height", "us_noaa_g2018u0.tif"},
			[]string{"PROJ_DATA", "projsync --file us_noaa_g2018u0.tif", "--vertical GRIDFILE"}},
		{"NAVD88 asked for", flat, Options{Vertical: "EPSG:5703"}, []string{"EPSG:5703", "us_noaa_g2018u0.tif"}, []string{"PROJ_DATA"}},
		{"EGM2008 asked for", flat, Options{Vertical: "egm2008"},
			[]string{"egm2008", "us_nga_egm08_25.tif"}, []string{"projsync --file us_nga_egm08_25.tif"}},
		{"a datum that PROJ has no way from", flat, Options{SrcCRS: "EPSG:4326+5730"},
			[]string{flat, "EVRF2000 height", "no grid"}, []string{"--vertical GRIDFILE"}},
		{"no such datum", flat, Options{Vertical: "foo"}, []string{"--vertical", `"foo"`}, []string{"egm96"}},
		{"a code of something else", flat, Options{Vertical: "EPSG:4326"}, []string{"--vertical", "EPSG:4326"}, []string{"egm96"}},
		{"a grid that lies elsewhere", flat, Options{Vertical: shared(t, "geoid", "de_bkg_gcg2016.tif")},
			[]string{flat, "de_bkg_gcg2016.tif", "no value"}, []string{"--vertical"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := OpenStack(t.Context(), []string{c.file}, c.opt)
			if !errors.Is(err, ErrVertical) || !errors.Is(err, ErrInput) {
				t.Fatalf("got %v", err)
			}
			for _, s := range c.say {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q does not say %q", err, s)
				}
			}
			for _, s := range c.try {
				if !strings.Contains(remedy.Try(err), s) {
					t.Errorf("%q does not say %q", remedy.Try(err), s)
				}
			}
		})
	}
}

func TestGermanTileIsRightWithItsGridFile(t *testing.T) {
	dem := shared(t, "dem", "nrw_dsm_1m_epsg25832+7837.tif")
	centre := windowAt(18, 6.93578, 51.42851, 3, 3)
	raw := heights(t, open(t, Options{}, dem), centre)
	s := open(t, Options{Vertical: shared(t, "geoid", "de_bkg_gcg2016.tif")}, dem)
	for i, h := range heights(t, s, centre) {
		if math.Abs(float64(h-raw[i])-45.609) > 0.001 {
			t.Errorf("post %d: +%.4f m, want +45.609", i, h-raw[i])
		}
	}
	f := s.Files()[0]
	if f.Vertical.From != "--vertical" || f.Shift.Grid != "de_bkg_gcg2016.tif" || f.Shift.Covered != 1 || !(f.Shift.Min > 45.5 && f.Shift.Max < 45.7) {
		t.Errorf("%+v, %+v", f.Vertical, f.Shift)
	}
}

func TestPyreneesRiseByTheGeoid(t *testing.T) {
	dem := shared(t, "dem", "pyrenees_crop_epsg4326+5773.tif")
	l := windowAt(12, 1.5, 42.6, 600, 360)
	least, greatest := func(z []float32) (lo, hi float32) {
		lo, hi = 9000, -9000
		for _, h := range z {
			if h == h {
				lo, hi = min(lo, h), max(hi, h)
			}
		}
		return lo, hi
	}, windowAt(12, 1.5, 42.5, 1, 1)
	lo, hi := least(heights(t, open(t, Options{}, dem), l))
	low, high := least(heights(t, open(t, auto, dem), l))
	if math.Abs(float64(low-lo)-52) > 1.5 || math.Abs(float64(high-hi)-52.5) > 1.5 {
		t.Errorf("%.1f..%.1f m became %.1f..%.1f", lo, hi, low, high)
	}
	n := heights(t, open(t, auto, dem), greatest)[0] - heights(t, open(t, Options{}, dem), greatest)[0]
	if math.Abs(float64(n)-52.83) > 0.01 {
		t.Errorf("+%.3f m at 1.5E 42.5N, want +52.83", n)
	}
}

func TestShiftedHeightsDoNotDependOnTheWindow(t *testing.T) {
	s := open(t, auto, shared(t, "dem", "pyrenees_crop_epsg4326+5773.tif"), shared(t, "dem", "N42E001.hgt.zip"))
	whole := windowAt(11, 1.5, 42.5, 120, 120)
	all := heights(t, s, whole)
	for _, w := range []Lattice{windowAt(11, 1.5, 42.5, 120, 1), windowAt(11, 1.5, 42.5, 7, 90), windowAt(11, 1.51, 42.49, 33, 35)} {
		for _, turn := range []int64{-1, 0, 1} {
			v := w
			v.MinI += turn * int64(128) << w.Level
			for i, h := range heights(t, s, v) {
				x, y := w.MinI-whole.MinI+int64(i%w.Cols), whole.MinJ+119-(w.MinJ+int64(w.Rows-1-i/w.Cols))
				if want := all[y*120+x]; math.Float32bits(h) != math.Float32bits(want) && h == h {
					t.Fatalf("%+v: post %d is %g, in the large window %g", v, i, h, want)
				}
			}
		}
	}
}

// TestEachSourceHasItsOwnDatum lays a small ellipsoidal DEM over one above EGM96, both 100 m high by their own datum.
func TestEachSourceHasItsOwnDatum(t *testing.T) {
	level := func(int, int) float64 { return 100 }
	above := made{cols: 20, rows: 20, kind: gdal.Float32, transform: degrees(10, 47, 0.01), epsg: 4979, pixel: level}.write(t)
	below := made{cols: 40, rows: 40, kind: gdal.Float32, transform: degrees(9.5, 47.5, 0.05), epsg: 4326, pixel: level,
		file: filepath.Join(t.TempDir(), "srtm_38_03.tif")}.write(t)
	s := open(t, auto, above, below)
	g, err := OpenGeoid(t.Context(), "egm96")
	if err != nil {
		t.Fatal(err)
	}
	for p, base := range map[orb.Point]bool{{10.1, 46.9}: false, {10.5, 46.5}: true} {
		l := windowAt(11, p[0], p[1], 1, 1)
		want := 100.0
		if base {
			n, _ := g.Undulation(l.Post(l.MinI, l.MinJ))
			want += n
		}
		if got := heights(t, s, l)[0]; math.Abs(float64(got)-want) > 0.001 {
			t.Errorf("at %v: %.3f, want %.3f", p, got, want)
		}
	}
	if l := s.Layers(); len(l) != 2 || l[0].Geoid != nil || l[1].Geoid == nil || l[1].Geoid.EPSG != 5773 {
		t.Errorf("layers %+v", l)
	}
	named := open(t, Options{Vertical: "ellipsoid,srtm_*.tif=EPSG:5773"}, above, below)
	if f := named.Files(); f[0].Vertical.EPSG != 4979 || f[1].Vertical.EPSG != 5773 || f[1].Vertical.From != "--vertical" {
		t.Errorf("by pattern: %+v, %+v", f[0].Vertical, f[1].Vertical)
	}
}

func TestGroundBesideTheGridIsVoidAndSaidSo(t *testing.T) {
	file := made{cols: 100, rows: 100, kind: gdal.Float32, transform: degrees(14.5, 52, 0.01), epsg: 4326, pixel: wavy}.write(t)
	s := open(t, Options{Vertical: shared(t, "geoid", "de_bkg_gcg2016.tif")}, file)
	f := s.Files()[0]
	if !(f.Shift.Covered > 0 && f.Shift.Covered < 1) || !strings.Contains(fmt.Sprint(f.Survey.Suspicions), "which is void") {
		t.Errorf("%+v, %v", f.Shift, f.Survey.Suspicions)
	}
	if h := heights(t, s, windowAt(11, 15.3, 51.5, 1, 1))[0]; h == h {
		t.Errorf("%g m where the grid has no value", h)
	}
	if h := heights(t, s, windowAt(11, 14.6, 51.9, 1, 1))[0]; h != h {
		t.Error("void where the grid has a value")
	}
}

func TestDepthsBecomeNegativeHeights(t *testing.T) {
	sea := made{cols: 9, rows: 9, kind: gdal.Float32, transform: degrees(10, 47, 0.01), epsg: 4326, pixel: func(int, int) float64 { return 250 }}
	for name, opt := range map[string]Options{
		"told":                              {Depth: true},
		"the reference's axis points down":  {SrcCRS: "EPSG:4326+5715"},
		"both":                              {SrcCRS: "EPSG:4326+5715", Depth: true},
		"told, and in hundredths of a foot": {Depth: true, NoData: pointer(0)},
	} {
		m := sea
		want := float32(-250)
		if strings.Contains(name, "foot") {
			m.scale, m.unit, want = 0.01, "ft", -250*0.01*0.3048
		}
		s := open(t, opt, m.write(t))
		if h := heights(t, s, windowAt(11, 10.05, 46.95, 1, 1))[0]; math.Abs(float64(h-want)) > 1e-4 || !s.Files()[0].Depth {
			t.Errorf("%s: %g, want %g", name, h, want)
		}
	}
}

func TestFeetOfAVerticalReferenceAreShiftedInMetres(t *testing.T) {
	file := made{cols: 9, rows: 9, kind: gdal.Float32, transform: degrees(10, 47, 0.01), epsg: 4326, unit: "ft",
		pixel: func(int, int) float64 { return 1000 }}.write(t)
	l := windowAt(11, 10.05, 46.95, 1, 1)
	g, err := OpenGeoid(context.Background(), "egm96")
	if err != nil {
		t.Fatal(err)
	}
	n, _ := g.Undulation(l.Post(l.MinI, l.MinJ))
	if h := heights(t, open(t, Options{Vertical: "egm96"}, file), l)[0]; math.Abs(float64(h)-304.8-n) > 0.001 {
		t.Errorf("%g, want %g", h, 304.8+n)
	}
}

func TestWhatIsAskedOfHeightsIsReadByFile(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "a,b=c.gtx")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, name, want string }{
		{"", "a.tif", ""},
		{"auto", "a.tif", ""},
		{"EGM96", "a.tif", "EGM96"},
		{"a*.tif=egm96", "b.tif", ""},
		{"a*.tif=egm96", "ab.tif", "egm96"},
		{"ellipsoid, a*.tif = egm96", "ab.tif", "egm96"},
		{"ellipsoid,a*.tif=egm96", "b.tif", "ellipsoid"},
		{"egm96,a*.tif=auto", "a.tif", ""},
		{file, "a.tif", file},
	} {
		rules, err := parseVertical(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
		if got := asked(rules, c.name); got != c.want {
			t.Errorf("%q of %s: %q, want %q", c.text, c.name, got, c.want)
		}
	}
	for _, text := range []string{",", "a=", "[=egm96"} {
		if _, err := parseVertical(text); !errors.Is(err, ErrVertical) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheThirdAxisSaysUnitAndDirection(t *testing.T) {
	tif := made{cols: 9, rows: 9, kind: gdal.Float32, transform: degrees(10, 47, 0.01), epsg: 4326,
		pixel: func(int, int) float64 { return 100 }}.write(t)
	const head = `GEOGCRS["WGS 84 (3D)",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563]],CS[ellipsoidal,3],` +
		`AXIS["latitude",north,ORDER[1],ANGLEUNIT["degree",0.0174532925199433]],AXIS["longitude",east,ORDER[2],ANGLEUNIT["degree",0.0174532925199433]],`
	for _, c := range []struct {
		name, axis string
		want       float64
	}{
		{"metres up", `AXIS["ellipsoidal height (h)",up,ORDER[3],LENGTHUNIT["metre",1]]]`, 100},
		{"feet up", `AXIS["ellipsoidal height (h)",up,ORDER[3],LENGTHUNIT["foot",0.3048]]]`, 30.48},
		{"survey feet up", `AXIS["ellipsoidal height (h)",up,ORDER[3],LENGTHUNIT["US survey foot",0.304800609601219]]]`, 100 * 1200.0 / 3937},
		{"metres down", `AXIS["ellipsoidal depth",down,ORDER[3],LENGTHUNIT["metre",1]]]`, -100},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(filepath.Dir(tif), c.name+".vrt")
			text := fmt.Sprintf(`<VRTDataset rasterXSize="9" rasterYSize="9"><SRS dataAxisToSRSAxisMapping="2,1,3">%s</SRS>
				<GeoTransform>10,0.01,0,47,0,-0.01</GeoTransform><VRTRasterBand dataType="Float32" band="1"><SimpleSource>
				<SourceFilename relativeToVRT="1">%s</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>`,
				head+c.axis, filepath.Base(tif))
			if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			s := open(t, auto, file)
			f := s.Files()[0]
			if h := heights(t, s, windowAt(11, 10.05, 46.95, 1, 1))[0]; math.Abs(float64(h)-c.want) > 1e-4 {
				t.Errorf("%g m, want %g", h, c.want)
			}
			if !f.Ellipsoidal() || f.Depth != (c.want < 0) {
				t.Errorf("%+v, depth %v", f.Vertical, f.Depth)
			}
		})
	}
}

func TestAUnitIsToldWhereNoneIsStated(t *testing.T) {
	file := func(unit string) string {
		return made{cols: 9, rows: 9, kind: gdal.Float32, transform: degrees(10, 47, 0.01), epsg: 4326, unit: unit,
			pixel: func(int, int) float64 { return 1000 }}.write(t)
	}
	for _, c := range []struct {
		stated string
		opt    Options
		want   float64 // 0: refused
	}{
		{"", Options{}, 1000},
		{"", Options{Unit: "m"}, 1000},
		{"", Options{Unit: "ft"}, 304.8},
		{"", Options{Unit: "us-ft"}, 1000 * 1200.0 / 3937},
		{"", Options{Unit: "ft", Depth: true}, -304.8},
		{"ft", Options{Unit: "ft"}, 304.8},
		{"ft", Options{Unit: "m"}, 0},
		{"m", Options{Unit: "ft"}, 0},
		{"", Options{SrcCRS: "EPSG:4326+5773", Unit: "ft"}, 0},
		{"", Options{Unit: "furlong"}, 0},
	} {
		s, err := OpenStack(t.Context(), []string{file(c.stated)}, c.opt)
		if c.want == 0 {
			if !errors.Is(err, ErrInput) || remedy.Try(err) == "" {
				t.Errorf("%q, %+v: %v", c.stated, c.opt, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if h := heights(t, s, windowAt(11, 10.05, 46.95, 1, 1))[0]; math.Abs(float64(h)-c.want) > 1e-3 {
			t.Errorf("%q, %+v: %g m, want %g", c.stated, c.opt, h, c.want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
