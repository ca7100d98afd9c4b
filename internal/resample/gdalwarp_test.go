package resample

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// warped returns what gdalwarp makes of a picture whose pixels are a metre wide and whose north-west corner is at 0, 0: size x size pixels that cover the given metres from west and north on.
func warped(t *testing.T, src Source, k Kernel, west, north, metres float64, size int) *image.NRGBA {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "out.img")
	f, err := os.Create(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, src.Pix); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "in.wld"), []byte("1\n0\n0\n-1\n0.5\n-0.5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	method := map[Kernel]string{Nearest: "near", Bilinear: "bilinear", Cubic: "cubic"}[k]
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	num := func(v float64) string { return fmt.Sprintf("%.17g", v) }
	cmd := exec.CommandContext(ctx, "gdalwarp", "-q", "-et", "0", "-of", "ENVI", "-co", "INTERLEAVE=BIP", "-r", method, "-s_srs", "EPSG:3857", "-t_srs", "EPSG:3857",
		"-te", num(west), num(-north-metres), num(west+metres), num(-north), "-ts", fmt.Sprint(size), fmt.Sprint(size), in, out)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	m := image.NewNRGBA(image.Rect(0, 0, size, size))
	if m.Pix, err = os.ReadFile(out); err != nil || len(m.Pix) != 4*size*size {
		t.Fatalf("%d bytes: %v", len(m.Pix), err)
	}
	return m
}

func TestEdgesHolesAndColoursAreThoseOfGdalwarp(t *testing.T) {
	if _, err := exec.LookPath("gdalwarp"); err != nil {
		t.Skip("no gdalwarp here to compare with")
	}
	src := pattern(image.Rect(0, 0, 40, 40), func(x, y float64) color.NRGBA {
		if math.Hypot(x-25, y-18) < 6 || int(x)%13 == 4 && int(y)%11 == 3 {
			return color.NRGBA{}
		}
		return color.NRGBA{uint8(128 + 100*math.Sin(x/3)), uint8(128 + 100*math.Cos(y/4)), uint8(3 * (x + y)), 255}
	})
	for _, k := range []Kernel{Nearest, Bilinear, Cubic} {
		for _, c := range []struct {
			west, north, metres float64
			size                int
		}{{-4.3, -5.7, 50, 50}, {-2.21, -1.13, 48, 144}, {10.1, 20.3, 7, 91}} {
			want := warped(t, src, k, c.west, c.north, c.metres, c.size)
			step := c.metres / float64(c.size)
			place := each(func(x, y float64) (float64, float64) { return c.west + x*step, c.north + y*step })
			got := image.NewNRGBA(want.Rect)
			NewField(got.Rect, place, FieldOptions{Tolerance: 0.01}).Sample(got, got.Rect, src, k)
			for i := range got.Pix {
				if d := math.Abs(float64(got.Pix[i]) - float64(want.Pix[i])); d > 3 && want.Pix[i|3] != 0 || i%4 == 3 && got.Pix[i] != want.Pix[i] {
					t.Errorf("%s, %d pixels for %g: byte %d of pixel %d, %d is %d, gdalwarp has %d", k, c.size, c.metres, i%4, i/4%c.size, i/4/c.size, got.Pix[i], want.Pix[i])
					break
				}
			}
		}
	}
}
