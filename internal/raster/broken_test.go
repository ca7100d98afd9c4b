package raster

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/remedy"
)

func TestBrokenFilesAreRefusedForTheRightReason(t *testing.T) {
	for file, want := range map[string]error{
		"39109h1_truncated.dem":             nil, // named so by its makers: whole, but cut down to two profiles
		"all-nodata.tif":                    ErrNotDEM,
		"byte_truncated.nc":                 ErrOpen,
		"byte_truncated.tif":                ErrCorrupt,
		"corrupt_cog.tif":                   ErrNotDEM,
		"corrupted_deflate_singlestrip.tif": ErrNotDEM,
		"europa_moon_crs.tif":               ErrCRS,
		"huge4GB.tif":                       ErrCorrupt,
		"hugeblocksize.tif":                 ErrOpen,
		"invalid-tile-format.mbtiles":       ErrOpen,
		"invalid.mbtiles":                   ErrOpen,
		"lzw_corrupted.tif":                 ErrNoCRS,
		"n43_bad_crc.dt0":                   ErrCorrupt,
		"small_world_truncated.jp2":         ErrOpen,
		"spaf27_brokengdal.tif":             nil,
		"tif_webp_huge_single_strip.tif":    ErrNotDEM,
	} {
		t.Run(file, func(t *testing.T) {
			path := shared(t, "broken", file)
			s, err := OpenStack(context.Background(), []string{path}, Options{})
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, want) {
				t.Fatalf("got %v, want %v", err, want)
			}
			if err == nil {
				return
			}
			checkRefusal(t, err, path)
		})
	}
}

// checkRefusal holds that an error is one screen: file, cause, remedy, and that cmd finds its exit code.
func checkRefusal(t *testing.T, err error, path string) {
	t.Helper()
	var e *remedy.Error
	if !errors.As(err, &e) || !errors.Is(err, ErrInput) {
		t.Fatalf("%v is no refusal", err)
	}
	if e.On != path || e.Try == "" {
		t.Errorf("on %q, try %q; want the file %q and a remedy", e.On, e.Try, path)
	}
	if n := strings.Count(err.Error(), filepath.Base(path)); n < 1 || strings.Contains(err.Error(), "\n") {
		t.Errorf("%q", err)
	}
}

func TestEveryRealFileWithItsEndCutOffIsAnError(t *testing.T) {
	for _, file := range []string{"N42E001.hgt.zip", "bigtujunga_utm11n_30m_int16.tif", "etopo20_global_20arcmin.tif", "etopo1_1deg_gridline.tif",
		"frontrange_srtm3.asc", "n43.dt0", "nrw_dsm_1m_epsg25832+7837.tif", "pyrenees_crop_epsg4326+5773.tif",
		"slovenia_lidar_dtm_1m_epsg3794_nan.tif", "../broken/39109h1_truncated.dem"} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			whole, err := os.ReadFile(shared(t, "dem", file))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), filepath.Base(file))
			for _, share := range []int{10, 50, 90, 99} {
				if err := os.WriteFile(path, whole[:len(whole)*share/100], 0o666); err != nil {
					t.Fatal(err)
				}
				err := readAll(path)
				if !errors.Is(err, ErrInput) {
					t.Errorf("cut to %d %%: %v", share, err)
				}
			}
		})
	}
}

// readAll opens a file and reads every pixel.
func readAll(path string) error {
	s, err := OpenStack(context.Background(), []string{path}, Options{SrcCRS: map[bool]string{true: "EPSG:4326"}[strings.HasSuffix(path, ".asc")]})
	if err != nil {
		return err
	}
	defer s.Close()
	d := s.dems[0]
	_, err = s.readBlock(context.Background(), s.layers[0], window{0, 0, d.Cols, d.Rows}, 1, &scratch{})
	return err
}

func TestOneDamagedBlockIsAnErrorAndTheRestIsReadable(t *testing.T) {
	path := made{cols: 512, rows: 512, kind: 6, transform: degrees(10, 46, 0.001), epsg: 4326,
		options: []string{"TILED=YES", "COMPRESS=DEFLATE"}, pixel: wavy}.write(t)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(data) - 400; i < len(data)-300; i++ { // inside the last tile
		data[i] ^= 0x5a
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := readAll(path); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("got %v, want %v", err, ErrCorrupt)
	}
}

// degrees is a north-up geotransform.
func degrees(west, north, step float64) [6]float64 { return [6]float64{west, step, 0, north, 0, -step} }

func wavy(c, r int) float64 {
	return 500 + 300*math.Sin(float64(c)/17)*math.Cos(float64(r)/23) + float64(c)
}
