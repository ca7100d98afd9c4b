//go:build !serveonly

package main

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// mostMemory is what an ingest of pictures may take at its peak, whatever the raster's size.
const mostMemory = 400 << 20

// TestMemoryIsBoundedWhateverTheSize is promise 11 for pictures: a raster of 100 000 x 100 000 pixels with an aerial photograph where the work begins. It is ended when
// enough has been seen: all units are alike.
func TestMemoryIsBoundedWhateverTheSize(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while")
	}
	program, file := buildProgram(t), sparse(t)
	for name, levels := range map[string]string{"as deep as the source is": "auto", "a level in which many pixels become one": "14"} {
		t.Run(name, func(t *testing.T) {
			r := begin(t, program, "ingest", "imagery", "--levels", levels, "--jobs", "2", "--no-verify", "--progress", "lines", "--data", t.TempDir(), file)
			r.waitForTiling(t, 0) // after 10 s at the latest
			r.command.Process.Signal(syscall.SIGINT)
			o := r.wait(t)
			t.Logf("%d MB at the peak, %.1f s of CPU", o.memory>>20, o.cpu.Seconds())
			if o.code != exitInterrupted || o.memory == 0 || o.memory > mostMemory {
				t.Errorf("exit %d, %d MB\n%s", o.code, o.memory>>20, o.stderr)
			}
		})
	}
}

// sparse makes a GeoTIFF of 30 GB when unpacked, of which a few MB are stored: half a metre a pixel, with a real photograph in its south-west. It takes GDAL's own
// programs.
func sparse(t *testing.T) string {
	t.Helper()
	photograph, dir := sharedFile(t, "imagery/naip_4band_utm14n_5m.tif"), t.TempDir()
	three, big := filepath.Join(dir, "three.tif"), filepath.Join(dir, "big.tif")
	for _, line := range [][]string{
		{"gdal_translate", "-q", "-b", "1", "-b", "2", "-b", "3", photograph, three},
		{"gdal_create", "-q", "-of", "GTiff", "-ot", "Byte", "-bands", "3", "-outsize", "100000", "100000", "-a_srs", "EPSG:26914", "-a_nodata", "0",
			"-a_ullr", "485800", "5255500", "535800", "5205500", "-co", "SPARSE_OK=YES", "-co", "TILED=YES", "-co", "COMPRESS=DEFLATE", big},
		{"gdalwarp", "-q", "-wo", "SKIP_NOSOURCE=YES", three, big},
	} {
		tool, err := exec.LookPath(line[0])
		if err != nil {
			t.Skipf("%s is absent", line[0])
		}
		if out, err := exec.CommandContext(t.Context(), tool, line[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", line, err, out)
		}
	}
	return big
}
