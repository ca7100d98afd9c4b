//go:build !serveonly

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// refusal is a command line that cannot work, and what the program has to say to it.
type refusal struct {
	name string
	args string // of "ingest terrain"; IN is the folder of sources, DATA the data folder
	code int
	says string // that the first line of the error holds, beside the file
}

// refusals need no files by others: they are about the command line, or about files that the test makes.
var refusals = []refusal{
	{"no source", "", exitUsage, "requires at least 1 arg"},
	{"a missing file", "IN/missing.tif", exitInput, "missing.tif: cannot open: no such file"},
	{"a folder", "IN", exitInput, "a folder"},
	{"zero bytes", "IN/zero.tif", exitInput, "zero.tif: cannot open: the file is empty"},
	{"a pipe that nobody writes", "IN/fifo.tif", exitInput, "fifo.tif: cannot open: not a regular file"},
	{"a text file", "IN/text.tif", exitInput, "text.tif: cannot open"},
	{"the network", "/vsicurl/http://127.0.0.1:1/x.tif", exitInput, "/vsicurl/http://127.0.0.1:1/x.tif: cannot open"},
	{"somebody's memory", "MEM:::DATAPOINTER=1,PIXELS=1,LINES=1", exitInput, "MEM:::DATAPOINTER=1,PIXELS=1,LINES=1: cannot open"},
	{"a VRT over a file outside its folder", "IN/outside.vrt", exitInput, "outside.vrt: refers to something outside"},
	{"a VRT over the network", "IN/network.vrt", exitInput, "network.vrt: refers to something outside"},
	{"a VRT that is named .tif", "IN/vrt.tif", exitInput, "vrt.tif: refers to something outside"},
	{"no fill of that name", "--fill sand IN/zero.tif", exitUsage, `--fill "sand"`},
	{"no priority of that name", "--priority best IN/zero.tif", exitUsage, `--priority "best"`},
	{"a box of three numbers", "--bbox 1,2,3 IN/zero.tif", exitUsage, "--bbox [1 2 3]"},
	{"a box of words", "--bbox north IN/zero.tif", exitUsage, "--bbox"},
	{"a box upside down", "--bbox 1,2,2,1 IN/zero.tif", exitUsage, "-90 <= S < N <= 90"},
	{"a box without width", "--bbox 2,0,2,1 IN/zero.tif", exitUsage, "W > E crosses the antimeridian"},
	{"a box of more than a turn", "--bbox -180,0,181,1 IN/zero.tif", exitUsage, "longitudes -180 to 180, or 0 to 360"},
	{"a box nowhere", "--bbox 361,0,362,1 IN/zero.tif", exitUsage, "longitudes -180 to 180, or 0 to 360"},
	{"levels that do not begin at 0", "--levels 5-9 IN/zero.tif", exitUsage, `--levels "5-9"`},
	{"an error bound below 0", "--max-error -1 IN/zero.tif", exitUsage, `--max-error "-1"`},
	{"an error bound that is none", "--max-error NaN IN/zero.tif", exitUsage, `--max-error "NaN"`},
	{"a datum that is none", "--vertical foo IN/zero.tif", exitUsage, `--vertical: unusable vertical datum: "foo" is no vertical system`},
	{"nodata that is no number", "--nodata x IN/zero.tif", exitUsage, `--nodata "x"`},
	{"less memory than it takes", "--memory 1MB IN/zero.tif", exitUsage, `--memory "1MB"`},
	{"no jobs", "--jobs 0 IN/zero.tif", exitUsage, "--jobs 0"},
	{"a way to show progress that is none", "--progress loud IN/zero.tif", exitUsage, `--progress "loud"`},
	{"a pattern that matches nothing", "IN/*.jp2", exitInput, "*.jp2: no file matches this pattern"},
	{"a pattern that the shell was kept from", "IN/z*.tif", exitInput, "z*.tif: a pattern, not a file"},
	{"a level that no grid has", "--levels 29 IN/zero.tif", exitUsage, `--levels "29": the deepest is 28`},
	{"a file that no name can be made of", "IN/¿.tif", exitUsage, "no dataset name can be made"},
	{"a name that leads elsewhere", "--name ../x IN/zero.tif", exitUsage, `bad dataset name "../x"`},
	{"an unknown flag", "--tippecanoe IN/zero.tif", exitUsage, "--tippecanoe"},
	{"the folder above the data folder is missing", "--data DATA/a/b IN/zero.tif", exitFailed, "DATA/a/b: no such data folder"},
	{"a data folder that is a file", "--data IN/zero.tif IN/zero.tif", exitFailed, "zero.tif: a file, where a data folder is due"},
}

// realRefusals are about files by others.
var realRefusals = []refusal{
	{"a reference that is none", "--src-crs foo IN/n43.dt0", exitUsage, `"foo" is not of the form EPSG:n`},
	{"a reference that nobody knows", "--src-crs EPSG:1 IN/n43.dt0", exitUsage, "EPSG:1"},
	{"a box beside the data", "--bbox 1,2,3,4 IN/n43.dt0", exitUsage, "no source reaches into --bbox"},
	{"levels deeper than there are", "--levels 99 IN/n43.dt0", exitUsage, `--levels "99"`},
	{"degrees taken for metres", "--src-crs EPSG:25832 IN/n43.dt0", exitInput, "n43.dt0: unusable spatial reference: EPSG:25832 counts metres"},
	{"one good source and one without reference", "IN/n43.dt0 IN/frontrange_srtm3.asc", exitInput, "frontrange_srtm3.asc: no spatial reference"},
	{"doubts under --strict", "--strict IN/n43.dt0", exitAmbiguous, "n43.dt0: ambiguous input: vertical datum"},
	{"no datum at all under --strict", "--strict --src-crs EPSG:4326 IN/frontrange_srtm3.asc", exitAmbiguous,
		"frontrange_srtm3.asc: ambiguous input: vertical datum is not stated"},
	{"a grid that PROJ has no file for", "IN/nrw_dsm_1m_epsg25832+7837.tif", exitInput, "missing grid GCG2016.txt"},
	{"a datum whose grid is missing", "--src-crs EPSG:4326+5703 IN/n43.dt0", exitInput, "NAVD88 height: PROJ has no grid, missing: us_noaa_g2018u0.tif"},
	{"a datum asked for whose grid is missing", "--vertical egm2008 IN/n43.dt0", exitInput, "egm2008: unusable vertical datum: EGM2008 height"},
	{"a datum for files that are not there", "--vertical x*.tif=ellipsoid IN/n43.dt0", exitUsage, `no source is named "x*.tif"`},
	{"a DEM as a grid", "--vertical IN/nrw_dsm_1m_epsg25832+7837.tif IN/n43.dt0", exitInput, "it does not lie in degrees"},
	{"levels that no disk holds", "--levels 21 IN/n43.dt0", exitDisk, "DATA: no space left: about "},
	{"one good source and one missing", "IN/n43.dt0 IN/missing.tif", exitInput, "missing.tif: cannot open"},
	{"no reference", "IN/frontrange_srtm3.asc", exitInput, "frontrange_srtm3.asc: no spatial reference"},
	{"red, green and blue", "IN/landsat_bahamas_rgb_nodata0_utm18n.tif", exitInput, "landsat_bahamas_rgb_nodata0_utm18n.tif: not an elevation model"},
	{"a palette", "IN/palette_cog_epsg3857.tif", exitInput, "palette_cog_epsg3857.tif: not an elevation model"},
	{"complex values", "IN/complex.tif", exitInput, "complex.tif: not an elevation model: its values are complex"},
	{"all nodata", "IN/void.tif", exitInput, "void.tif: no valid height"},
	{"a moon of Jupiter", "IN/europa_moon_crs.tif", exitInput, "europa_moon_crs.tif: unusable spatial reference"},
	{"65 535 x 65 535 pixels in 401 bytes", "IN/huge4GB.tif", exitInput, "huge4GB.tif: truncated or corrupt"},
}

// broken are the files of data/broken and the exit code of each; two are odd but whole.
var broken = map[string]int{
	"39109h1_truncated.dem": exitDone, "spaf27_brokengdal.tif": exitDone,
	"all-nodata.tif": exitInput, "byte_truncated.nc": exitInput, "byte_truncated.tif": exitInput, "corrupt_cog.tif": exitInput,
	"corrupted_deflate_singlestrip.tif": exitInput, "europa_moon_crs.tif": exitInput, "huge4GB.tif": exitInput, "hugeblocksize.tif": exitInput,
	"invalid-tile-format.mbtiles": exitInput, "invalid.mbtiles": exitInput, "lzw_corrupted.tif": exitInput, "n43_bad_crc.dt0": exitInput,
	"small_world_truncated.jp2": exitInput, "tif_webp_huge_single_strip.tif": exitInput,
}

func TestBadInputIsRefusedOnOneScreen(t *testing.T) {
	program := buildProgram(t)
	t.Run("whatever the source", func(t *testing.T) { refuseAnyData(t, program) })
	t.Run("real files", func(t *testing.T) { refuseRealFiles(t, program) })
	t.Run("broken files", func(t *testing.T) { refuseBrokenFiles(t, program) })
	t.Run("a read-only data folder", func(t *testing.T) { refuseReadOnly(t, program) })
	for _, s := range []sample{dem, globe} {
		t.Run("a small disk for "+s.kind, func(t *testing.T) { refuseSmallDisk(t, program, s) })
		t.Run("a disk that fills up with "+s.kind, func(t *testing.T) { stopAtFullDisk(t, program, s) })
	}
	t.Run("a name that is taken", func(t *testing.T) { refuseOtherWork(t, program) })
}

func refuseAnyData(t *testing.T, program string) {
	in := t.TempDir()
	makeSources(t, in)
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) { r.check(t, program, in) })
	}
}

func refuseRealFiles(t *testing.T, program string) {
	in := t.TempDir()
	for _, name := range []string{
		"dem/n43.dt0", "dem/nrw_dsm_1m_epsg25832+7837.tif", "dem/frontrange_srtm3.asc", "imagery/landsat_bahamas_rgb_nodata0_utm18n.tif",
		"imagery/palette_cog_epsg3857.tif", "broken/europa_moon_crs.tif", "broken/huge4GB.tif"} {
		copyShared(t, name, in)
	}
	makeRasters(t, in)
	for _, r := range realRefusals {
		t.Run(r.name, func(t *testing.T) { r.check(t, program, in) })
	}
	t.Run("no reference, but the user knows it", func(t *testing.T) {
		succeed(t, program, "ingest", "terrain", "--data", filepath.Join(t.TempDir(), "data"), "--src-crs", "EPSG:4326", filepath.Join(in, "frontrange_srtm3.asc"))
	})
}

func refuseBrokenFiles(t *testing.T, program string) {
	in := t.TempDir()
	files, err := os.ReadDir(sharedFile(t, "broken"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		copyShared(t, "broken/"+f.Name(), in)
	}
	for _, f := range files {
		code, known := broken[f.Name()]
		if !known {
			t.Errorf("%s: what should happen to it?", f.Name())
			continue
		}
		t.Run(f.Name(), func(t *testing.T) {
			refusal{f.Name(), "IN/" + f.Name(), code, f.Name() + ": "}.check(t, program, in)
		})
	}
}

// check runs the command line and holds that the answer is one screen and that nothing is left behind.
func (r refusal) check(t *testing.T, program, in string) {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	fill := strings.NewReplacer("IN", in, "DATA", data)
	args := []string{"ingest", "terrain", "--data", data, "--progress", "none"}
	if strings.Contains(r.args, "/missing.tif") || r.code == exitDisk { // what is said before the failure is talk, and not counted
		args = append(args, "--quiet")
	}
	before := listing(t, in)
	o := invoke(t, program, append(args, strings.Fields(fill.Replace(r.args))...)...)
	if r.code == exitDone && o.code == exitDone {
		return
	}
	o.checkScreen(t, r.code, fill.Replace(r.says))
	if after := listing(t, in); after != before {
		t.Errorf("the sources' folder was\n%s and is\n%s", before, after)
	}
	if left := names(t, data); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

var stack = regexp.MustCompile(`goroutine \d|panic:|runtime error|\.go:\d+`)

// checkScreen holds that a run failed with the code, and said in a few lines which file, why and what to try.
func (o outcome) checkScreen(t *testing.T, code int, says string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exit %d, want %d", o.code, code)
	}
	lines := strings.Split(strings.TrimSuffix(o.stderr, "\n"), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "terrane: ") })
	switch {
	case at < 0 || !strings.Contains(lines[at], says):
		t.Errorf("no line says %q", says)
	case len(lines) != at+2 || !strings.HasPrefix(lines[at+1], "try: ") || len(lines[at+1]) < 10:
		t.Error("no remedy at the end")
	}
	if len(lines) > 6 || stack.MatchString(o.stderr) {
		t.Errorf("%d lines, or a stack trace", len(lines))
	}
	if o.stdout != "" {
		t.Errorf("on stdout: %s", o.stdout)
	}
	if t.Failed() {
		t.Logf("stderr:\n%s", o.stderr)
	}
}

// makeSources makes what needs no data by others.
func makeSources(t *testing.T, in string) {
	t.Helper()
	vrt := func(source string) []byte {
		return []byte(`<VRTDataset rasterXSize="2" rasterYSize="2"><SRS>EPSG:4326</SRS><GeoTransform>1,1,0,2,0,-1</GeoTransform>` +
			`<VRTRasterBand dataType="Int16" band="1"><SimpleSource><SourceFilename relativeToVRT="1">` + source +
			`</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>`)
	}
	write(t, filepath.Join(in, "zero.tif"), nil)
	write(t, filepath.Join(in, "text.tif"), []byte("this is no raster\n"))
	write(t, filepath.Join(in, "outside.vrt"), vrt("../secret.tif"))
	write(t, filepath.Join(in, "network.vrt"), vrt("/vsicurl/http://127.0.0.1:1/x.tif"))
	write(t, filepath.Join(in, "vrt.tif"), vrt("../secret.tif"))
	if err := syscall.Mkfifo(filepath.Join(in, "fifo.tif"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// makeRasters makes what takes GDAL's own program to make; what it cannot make is refused as missing, and so shows.
func makeRasters(t *testing.T, in string) {
	t.Helper()
	tool, err := exec.LookPath("gdal_create")
	if err != nil {
		t.Skip("gdal_create is absent: complex values and all nodata are not tried")
	}
	for name, form := range map[string][]string{"complex.tif": {"-ot", "CFloat32"}, "void.tif": {"-ot", "Int16", "-a_nodata", "-5", "-burn", "-5"}} {
		args := append(form, "-of", "GTiff", "-outsize", "20", "20", "-bands", "1", "-a_srs", "EPSG:4326", "-a_ullr", "1", "2", "2", "1", filepath.Join(in, name))
		if out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
}

// mount makes a file system in memory for the test, or skips where that takes a right that the test lacks.
func mount(t *testing.T, options string, flags uintptr) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("terrane-test", dir, "tmpfs", flags, options); err != nil {
		t.Skipf("mounting a tmpfs takes root: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func refuseReadOnly(t *testing.T, program string) {
	dir := mount(t, "size=1m", unix.MS_RDONLY)
	for _, data := range []string{dir, filepath.Join(dir, "data")} {
		o := invoke(t, program, "ingest", "terrain", "--data", data, sharedFile(t, "dem/n43.dt0"))
		o.checkScreen(t, exitStore, data+": data folder is read-only")
	}
}

func refuseSmallDisk(t *testing.T, program string, s sample) {
	dir := mount(t, "size="+s.small, 0)
	o := invoke(t, program, s.line(dir, sharedFile(t, s.source))...)
	o.checkScreen(t, exitDisk, dir+": no space left: about ")
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// stopAtFullDisk lets somebody else fill the disk while the program writes.
func stopAtFullDisk(t *testing.T, program string, s sample) {
	dir, file := mount(t, "size="+s.large, 0), sharedFile(t, s.source)
	line := append(s.line(dir, file), "--no-verify")
	r := begin(t, program, line...)
	r.waitForTiling(t, 10)
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 1<<12))
	}
	f.Close()
	o := r.wait(t)
	o.stderr = o.stderr[max(0, strings.Index(o.stderr, "terrane: ")):] // without the progress
	o.checkScreen(t, exitDisk, dir+": no space left")
	for _, name := range names(t, dir) {
		if !strings.HasPrefix(name, ".alps.") && name != "ballast" {
			t.Errorf("visible: %s", name)
		}
	}
	if list := succeed(t, program, "list", "--json", "--data", dir); strings.TrimSpace(list.stdout) != "[]" {
		t.Errorf("listed: %s", list.stdout)
	}
	os.Remove(ballast)
	if o := succeed(t, program, line...); !strings.Contains(o.stderr, "resume ") {
		t.Errorf("did not carry on:\n%s", o.stderr)
	}
	whole := t.TempDir()
	succeed(t, program, append(s.line(whole, file), "--no-verify")...)
	sameFile(t, filepath.Join(whole, "alps@1.mbtiles"), filepath.Join(dir, "alps@1.mbtiles"))
}

// refuseOtherWork begins one dataset, and then another under the same name.
func refuseOtherWork(t *testing.T, program string) {
	dir, dem := t.TempDir(), sharedFile(t, "dem/N42E001.hgt.zip")
	r := begin(t, program, "ingest", "terrain", "--name", "alps", "--progress", "lines", "--data", dir, dem)
	r.waitForTiling(t, 10)
	r.command.Process.Signal(syscall.SIGTERM)
	r.wait(t)
	before := listing(t, dir)
	other := []string{"ingest", "terrain", "--name", "alps", "--data", dir, sharedFile(t, "dem/n43.dt0")}
	invoke(t, program, other...).checkScreen(t, exitStore, "alps: dataset exists: an unfinished one")
	if after := listing(t, dir); after != before {
		t.Errorf("the folder was\n%s and is\n%s", before, after)
	}
	succeed(t, program, append(other, "--force")...)
	if left := names(t, dir); len(left) != 1 || left[0] != "alps@1.mbtiles" {
		t.Errorf("left: %v", left)
	}
}
