package raster

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lukeroth/gdal"
)

// small writes a good little DEM.
func small(t testing.TB, path string) string {
	return made{cols: 20, rows: 20, kind: gdal.Float32, transform: degrees(10, 47, 0.01), epsg: 4326, pixel: wavy, file: path}.write(t)
}

func tryOpen(path string, opt Options) error {
	s, err := OpenStack(context.Background(), []string{path}, opt)
	if err == nil {
		s.Close()
	}
	return err
}

func TestWhatIsNoFileNeverReachesGDAL(t *testing.T) {
	dir := t.TempDir()
	fifo, empty, text := filepath.Join(dir, "fifo.tif"), filepath.Join(dir, "empty.tif"), filepath.Join(dir, "text.tif")
	if err := errors.Join(syscall.Mkfifo(fifo, 0o666), os.WriteFile(empty, nil, 0o666), os.WriteFile(text, []byte("<GDAL_WMS></GDAL_WMS>"), 0o666)); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"missing": filepath.Join(dir, "none.tif"), "a folder": dir, "a pipe": fifo, "a device": "/dev/zero", "empty": empty, "not a raster": text,
		"network": "/vsicurl/http://127.0.0.1:9/x.tif", "a URL": "http://127.0.0.1:9/x.tif", "memory": "MEM:::DATAPOINTER=1,PIXELS=2,LINES=2",
		"a subdataset": "GTIFF_DIR:1:" + small(t, filepath.Join(dir, "good.tif")), "an XML text": "<VRTDataset/>", "a NUL": "a\x00b", "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			if err := tryOpen(path, Options{}); !errors.Is(err, ErrOpen) || !errors.Is(err, ErrInput) {
				t.Errorf("got %v, want %v", err, ErrOpen)
			}
		})
	}
	if err := tryOpen("", Options{}); err == nil {
		t.Error("an empty name opened")
	}
}

func TestNotADEM(t *testing.T) {
	good := func() made {
		return made{cols: 20, rows: 20, kind: gdal.Float32, transform: degrees(10, 47, 0.01), epsg: 4326, pixel: wavy}
	}
	for name, c := range map[string]struct {
		change func(*made)
		want   error
	}{
		"good":              {func(*made) {}, nil},
		"one pixel":         {func(m *made) { m.cols, m.rows = 1, 1 }, nil},
		"one row":           {func(m *made) { m.rows = 1 }, nil},
		"grey bytes":        {func(m *made) { m.kind = gdal.Byte }, nil},
		"three bands":       {func(m *made) { m.bands = 3 }, ErrNotDEM},
		"a red band":        {func(m *made) { m.options = []string{"PHOTOMETRIC=RGB"}; m.bands = 3; m.kind = gdal.Byte }, ErrNotDEM},
		"complex":           {func(m *made) { m.kind = gdal.CFloat32 }, ErrNotDEM},
		"unknown unit":      {func(m *made) { m.unit = "kelvin" }, ErrNotDEM},
		"no CRS":            {func(m *made) { m.epsg = 0 }, ErrNoCRS},
		"no georeferencing": {func(m *made) { m.transform = [6]float64{} }, ErrNoCRS},
		"all nodata":        {func(m *made) { m.nodata = pointer(5); m.pixel = func(int, int) float64 { return 5 } }, ErrEmpty},
		"all NaN":           {func(m *made) { m.pixel = func(int, int) float64 { return nanPixel } }, ErrEmpty},
		"metres as degrees": {func(m *made) { m.transform = [6]float64{500000, 30, 0, 5e6, 0, -30} }, ErrCRS},
		"no inverse":        {func(m *made) { m.transform = [6]float64{10, 0.01, 0.01, 47, 0.01, 0.01} }, ErrCRS},
		"nowhere":           {func(m *made) { m.epsg = 32632; m.transform = [6]float64{1e12, 30, 0, 1e12, 0, -30} }, ErrCRS},
	} {
		t.Run(name, func(t *testing.T) {
			m := good()
			c.change(&m)
			path := m.write(t)
			err := tryOpen(path, Options{})
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err != nil {
				checkRefusal(t, err, path)
			}
		})
	}
}

var nanPixel = float64(nan32)

func TestOneHeightInAVoidRasterIsFound(t *testing.T) {
	m := made{cols: 3000, rows: 3000, kind: gdal.Int16, transform: degrees(10, 47, 0.001), epsg: 4326, nodata: pointer(0),
		pixel: func(c, r int) float64 { return map[bool]float64{true: 7}[c == 1501 && r == 1237] }}
	if err := tryOpen(m.write(t), Options{}); err != nil {
		t.Error(err)
	}
}

func TestSrcCRSIsACodeAndNothingElse(t *testing.T) {
	path := made{cols: 20, rows: 20, kind: gdal.Float32, transform: degrees(10, 47, 0.01), pixel: wavy}.write(t)
	for text, want := range map[string]error{
		"EPSG:4326": nil, "epsg:4258": nil, "EPSG:4326+5773": nil,
		"EPSG:5773": ErrCRS, "EPSG:4326+4326": ErrCRS, "EPSG:999999": ErrCRS, "EPSG:30100": ErrCRS, "WGS84": ErrCRS,
		"/etc/passwd": ErrCRS, "http://127.0.0.1:9/crs": ErrCRS, "+proj=longlat +datum=WGS84": ErrCRS, "EPSG:4326 ": ErrCRS, "EPSG:4326\n": ErrCRS,
	} {
		if err := tryOpen(path, Options{SrcCRS: text}); !errors.Is(err, want) || want != nil && err == nil {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	s := open(t, Options{SrcCRS: "EPSG:4326+5773", Vertical: "auto"}, path)
	if v := s.Files()[0].Vertical; v.EPSG != 5773 || !s.layers[0].plain {
		t.Errorf("vertical %+v", v)
	}
}

const vrtHead = `<VRTDataset rasterXSize="20" rasterYSize="20"><SRS>EPSG:4326</SRS><GeoTransform>10,0.01,0,47,0,-0.01</GeoTransform>`

func vrtOver(source string) string {
	return vrtHead + `<VRTRasterBand dataType="Float32" band="1"><SimpleSource>` + source + `<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>`
}

func TestVRTStaysInItsFolder(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	small(t, filepath.Join(dir, "a.tif"))
	away := small(t, filepath.Join(elsewhere, "b.tif"))
	if err := errors.Join(os.Symlink(away, filepath.Join(dir, "link.tif")), os.WriteFile(filepath.Join(dir, "inner.vrt"), []byte(vrtOver("")), 0o666),
		syscall.Mkfifo(filepath.Join(dir, "pipe.tif"), 0o666)); err != nil {
		t.Fatal(err)
	}
	name := func(text, relative string) string {
		return fmt.Sprintf(`<SourceFilename relativeToVRT="%s">%s</SourceFilename>`, relative, text)
	}
	for what, c := range map[string]struct {
		xml  string
		want error
	}{
		"beside":             {vrtOver(name("a.tif", "1")), nil},
		"absolute beside":    {vrtOver(name(filepath.Join(dir, "a.tif"), "0")), nil},
		"elsewhere":          {vrtOver(name(away, "0")), ErrUnsafe},
		"upwards":            {vrtOver(name("../"+filepath.Base(elsewhere)+"/b.tif", "1")), ErrUnsafe},
		"by a link":          {vrtOver(name("link.tif", "1")), ErrUnsafe},
		"to the working dir": {vrtOver(name("a.tif", "0")), ErrUnsafe},
		"the network":        {vrtOver(name("/vsicurl/http://127.0.0.1:9/a.tif", "0")), ErrUnsafe},
		"a URL":              {vrtOver(name("http://127.0.0.1:9/a.tif", "1")), ErrUnsafe},
		"another VRT":        {vrtOver(name("inner.vrt", "1")), ErrUnsafe},
		"a pipe":             {vrtOver(name("pipe.tif", "1")), ErrUnsafe},
		"cut by a comment":   {vrtOver(name(away+"<!-- -->/../a.tif", "1")), ErrUnsafe},
		"a warp":             {strings.Replace(vrtOver(name("a.tif", "1")), "<VRTDataset", `<VRTDataset subClass="VRTWarpedDataset"`, 1), ErrUnsafe},
		"code":               {strings.Replace(vrtOver(name("a.tif", "1")), "<SimpleSource>", "<PixelFunctionType>x</PixelFunctionType><SimpleSource>", 1), ErrUnsafe},
		"open options":       {vrtOver(name("a.tif", "1") + `<OpenOptions><OOI key="x">y</OOI></OpenOptions>`), ErrUnsafe},
		"no source":          {vrtHead + "</VRTDataset>", ErrOpen},
		"no XML":             {"<VRTDataset", ErrUnsafe},
	} {
		for _, file := range []string{"x.vrt", "x.tif"} {
			t.Run(what+" "+file, func(t *testing.T) {
				path := filepath.Join(dir, file)
				if err := os.WriteFile(path, []byte(c.xml), 0o666); err != nil {
					t.Fatal(err)
				}
				if err := tryOpen(path, Options{}); !errors.Is(err, c.want) || c.want != nil && err == nil {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		}
	}
}

func TestSidecarsAreNoWayOut(t *testing.T) {
	tif, err := os.ReadFile(small(t, filepath.Join(t.TempDir(), "a.tif")))
	if err != nil {
		t.Fatal(err)
	}
	const hfa = "EHFA_HEADER_TAG"
	for name, c := range map[string]struct {
		sides map[string]string // extension of a.tif: content
		want  error
	}{
		"none":                         {nil, nil},
		"overviews":                    {map[string]string{".ovr": string(tif)}, nil},
		"overviews of overviews":       {map[string]string{".ovr": string(tif), ".ovr.ovr": string(tif)}, nil},
		"VRT as overviews":             {map[string]string{".ovr": vrtOver("")}, ErrUnsafe},
		"VRT as mask":                  {map[string]string{".msk": vrtOver("")}, ErrUnsafe},
		"VRT behind Erdas's tag":       {map[string]string{".ovr": hfa + vrtOver("")}, ErrUnsafe},
		"VRT behind the tag as .aux":   {map[string]string{".aux": hfa + vrtOver("")}, ErrUnsafe},
		"VRT behind a NUL":             {map[string]string{".aux": hfa + "\x00" + vrtOver("")}, ErrUnsafe},
		"VRT as spill file":            {map[string]string{".ige": vrtOver("")}, ErrUnsafe},
		"VRT in capitals":              {map[string]string{".OVR": vrtOver("")}, ErrUnsafe},
		"VRT in any case":              {map[string]string{".oVr": vrtOver("")}, ErrUnsafe},
		"VRT as overviews' overviews":  {map[string]string{".ovr": string(tif), ".ovr.ovr": vrtOver("")}, ErrUnsafe},
		"VRT as mask of overviews":     {map[string]string{".ovr": string(tif), ".ovr.msk": vrtOver("")}, ErrUnsafe},
		"Erdas as overviews":           {map[string]string{".ovr": hfa + "\x00"}, ErrUnsafe},
		"the tag goes on":              {map[string]string{".aux": hfa + "S"}, ErrUnsafe},
		"text as .aux":                 {map[string]string{".aux": "no TIFF"}, ErrUnsafe},
		"text as spill file":           {map[string]string{".ige": "no TIFF"}, ErrUnsafe},
		"a web service in a .rrd file": {map[string]string{".rrd": "<GDAL_WMS></GDAL_WMS>"}, ErrUnsafe},
	} {
		for _, stem := range []string{"a.tif", "a"} {
			t.Run(name+" of "+stem, func(t *testing.T) {
				path := small(t, filepath.Join(t.TempDir(), "a.tif"))
				for side, text := range c.sides {
					if err := os.WriteFile(filepath.Join(filepath.Dir(path), stem+side), []byte(text), 0o666); err != nil {
						t.Fatal(err)
					}
				}
				if err := tryOpen(path, Options{}); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		}
	}
}

func TestGeoreferencingIsNoPipe(t *testing.T) {
	path := small(t, filepath.Join(t.TempDir(), "a.tif"))
	if err := syscall.Mkfifo(strings.TrimSuffix(path, ".tif")+".tfw", 0o666); err != nil {
		t.Fatal(err)
	}
	if err := tryOpen(path, Options{}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("a pipe as world file: %v", err)
	}
}

func TestZipHoldsExactlyOneRasterAndIsNeverWritten(t *testing.T) {
	tif, err := os.ReadFile(small(t, filepath.Join(t.TempDir(), "a.tif")))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		members []string
		want    error
	}{
		"one":               {[]string{"readme.txt", "deep/a.tif"}, nil},
		"two":               {[]string{"a.tif", "b.tif"}, ErrOpen},
		"none":              {[]string{"readme.txt"}, ErrOpen},
		"upwards":           {[]string{"../a.tif"}, ErrUnsafe},
		"braces":            {[]string{"}/a.tif"}, ErrUnsafe},
		"macOS's shadow":    {[]string{"a.tif", "__MACOSX/._a.tif"}, nil},
		"a picture besides": {[]string{"a.tif", "a.jpg"}, nil},
		"overviews besides": {[]string{"a.tif", "a.tif.ovr"}, nil},
		"a TIFF as .aux":    {[]string{"a.tif", "a.aux"}, ErrUnsafe},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "x.zip")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			z := zip.NewWriter(f)
			for _, m := range c.members {
				w, err := z.Create(m)
				if err != nil {
					t.Fatal(err)
				}
				w.Write(tif)
			}
			if err := errors.Join(z.Close(), f.Close()); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(path)
			if err := tryOpen(path, Options{}); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			after, _ := os.ReadFile(path)
			if entries, _ := os.ReadDir(dir); string(before) != string(after) || len(entries) != 1 {
				t.Error("the zip or its folder was written to")
			}
		})
	}
}

func TestNothingAsksTheNetwork(t *testing.T) {
	asked := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.URL.Path
		http.NotFound(w, r)
	}))
	defer server.Close()
	remote := "/vsicurl/" + server.URL + "/x.tif"
	reach := vrtOver(`<SourceFilename relativeToVRT="0">` + remote + `</SourceFilename>`)
	for name, prepare := range map[string]func(path string) error{
		"overviews":                   func(path string) error { return os.WriteFile(path+".ovr", []byte("EHFA_HEADER_TAG"+reach), 0o666) },
		"overviews named in metadata": func(path string) error { return nameOverviews(path, remote) },
		"overviews named in metadata of a source": func(path string) error {
			vrt := vrtOver(`<SourceFilename relativeToVRT="1">b.tif</SourceFilename>`)
			b := filepath.Join(filepath.Dir(path), "b.tif")
			return errors.Join(os.Rename(path, b), nameOverviews(b, remote), os.WriteFile(path, []byte(vrt), 0o666))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := small(t, filepath.Join(t.TempDir(), "a.tif"))
			if err := prepare(path); err != nil {
				t.Fatal(err)
			}
			if err := tryOpen(path, Options{}); !errors.Is(err, ErrUnsafe) {
				t.Errorf("got %v, want %v", err, ErrUnsafe)
			}
		})
	}
	setup(0)
	if ds, err := gdal.Open(remote, gdal.ReadOnly); err == nil {
		ds.Close()
		t.Error("GDAL itself opened a remote file")
	}
	close(asked)
	for request := range asked {
		t.Errorf("the server was asked %s", request)
	}
}

// nameOverviews writes into a GeoTIFF's metadata where its overviews are.
func nameOverviews(path, overviews string) error {
	ds, err := gdal.Open(path, gdal.Update)
	if err != nil {
		return err
	}
	defer ds.Close()
	return ds.SetMetadataItem("OVERVIEW_FILE", overviews, "OVERVIEWS")
}

func TestOnlyHgtMayBeLargeInsideAZip(t *testing.T) {
	for member, want := range map[string]error{"a.tif": ErrSize, "a.bil": ErrSize, "N47E010.HGT": ErrOpen} {
		path := filepath.Join(t.TempDir(), "x.zip")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		z := zip.NewWriter(f)
		_, err = z.CreateRaw(&zip.FileHeader{Name: member, Method: zip.Deflate, UncompressedSize64: 300 << 20})
		if err := errors.Join(err, z.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
		if err := tryOpen(path, Options{}); errors.Is(err, ErrSize) != (want == ErrSize) || err == nil {
			t.Errorf("%s: got %v, want %v", member, err, want)
		}
	}
}
