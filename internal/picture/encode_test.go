package picture

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// drawn is a picture whose pixels are what at says.
func drawn(w, h int, at func(x, y int) [4]byte) Picture {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		c := at(i%w, i/w)
		copy(m.Pix[4*i:], c[:])
	}
	return Picture{NRGBA: m, Opaque: opaque(m)}
}

// kinds are pictures that are written in different ways.
func kinds() map[string]Picture {
	grain := photo(300, 300)
	flat := func(x, y int) [4]byte { return [4]byte{byte(x / 40 * 9), byte(y / 50 * 7), 200, 255} }
	inside := photo(50, 40)
	inside.NRGBA = inside.SubImage(image.Rect(7, 9, 33, 30)).(*image.NRGBA)
	return map[string]Picture{
		"photo":         grain,
		"part of one":   inside,
		"one pixel":     photo(1, 1),
		"one column":    photo(1, 300),
		"rows too long": photo(30000, 3),
		"one colour":    drawn(256, 256, func(x, y int) [4]byte { return [4]byte{1, 2, 3, 255} }),
		"nothing there": drawn(256, 256, func(x, y int) [4]byte { return [4]byte{} }),
		"flat map":      drawn(256, 256, flat),
		"four colours":  drawn(61, 33, func(x, y int) [4]byte { return [4]byte{byte(x / 16), 0, 0, 255} }),
		"two, clear":    drawn(61, 33, func(x, y int) [4]byte { return [4]byte{9, 9, 9, byte(x/7%2) * 255} }),
		"256 colours":   drawn(64, 64, func(x, y int) [4]byte { return [4]byte{byte(x * 4), byte(y / 16 * 9), 7, 255} }),
		"257 colours":   drawn(257, 3, func(x, y int) [4]byte { return [4]byte{byte(x), byte(x >> 8), 7, 255} }),
		"grey shades":   drawn(256, 256, func(x, y int) [4]byte { v := grain.Pix[4*(300*y+x)]; return [4]byte{v, v, v, 255} }),
		"grey, clear":   drawn(256, 256, func(x, y int) [4]byte { v := grain.Pix[4*(300*y+x)]; return [4]byte{v, v, v, byte(x/200+y/200) * 120} }),
		"soft edges":    drawn(256, 256, func(x, y int) [4]byte { return [4]byte{byte(x), byte(y), 99, byte(min(max(400-x-y, 0), 255))} }),
		"photo and map": drawn(300, 300, func(x, y int) [4]byte {
			if y/100 == 1 {
				return flat(x, y)
			}
			return [4]byte(grain.Pix[4*(300*y+x):])
		}),
	}
}

// equal tells whether the pixels are the same; the colour of what is transparent counts too.
func equal(a, b Picture) bool {
	if a.Rect.Size() != b.Rect.Size() || a.Opaque != b.Opaque {
		return false
	}
	w := 4 * a.Rect.Dx()
	for y := range a.Rect.Dy() {
		if !bytes.Equal(a.Pix[y*a.Stride:][:w], b.Pix[y*b.Stride:][:w]) {
			return false
		}
	}
	return true
}

func TestLosslessFormatsKeepEveryPixel(t *testing.T) {
	for name, p := range kinds() {
		for _, f := range []string{namePNG, nameWebP} {
			if f == nameWebP && p.Rect.Dx()*p.Rect.Dy() > 1<<14 {
				continue // libwebp would take a second
			}
			data, err := named(f).Encode(p, Lossless)
			if err != nil {
				t.Errorf("%s, %s: %v", name, f, err)
				continue
			}
			if got, err := Decode(data, testPixels); err != nil || !equal(got, p) {
				t.Errorf("%s, %s: error %v, or other pixels", name, f, err)
			}
		}
	}
}

func TestPNGKeepsAnyPicture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 70).Draw(t, "width"), rapid.IntRange(1, 70).Draw(t, "height")
		colours := rapid.SliceOfN(rapid.Uint32(), 1, 300).Draw(t, "colours")
		run := rapid.IntRange(1, 9).Draw(t, "run")
		solid, grey := rapid.Bool().Draw(t, "solid"), rapid.Bool().Draw(t, "grey")
		p := drawn(w, h, func(x, y int) [4]byte {
			c := colours[(x/run*31+y/run*17)%len(colours)]
			px := [4]byte{byte(c), byte(c >> 8), byte(c >> 16), byte(c >> 24)}
			if grey {
				px[1], px[2] = px[0], px[0]
			}
			if solid {
				px[3] = 255
			}
			return px
		})
		data, err := named(namePNG).Encode(p, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(data, testPixels); err != nil || !equal(got, p) {
			t.Fatalf("error %v, or other pixels", err)
		}
	})
}

// TestPNGIsSmall compares with the standard library's default level, which is many times slower for photographs.
func TestPNGIsSmall(t *testing.T) {
	for name, p := range kinds() {
		if p.Rect.Dx()*p.Rect.Dy() < 1<<16 {
			continue
		}
		data, err := named(namePNG).Encode(p, 0)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, p.NRGBA); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes, standard library %d", name, len(data), b.Len())
		if len(data) > b.Len()*110/100+512 {
			t.Errorf("%s: %d bytes, more than a tenth and 512 bytes above the %d of the standard library", name, len(data), b.Len())
		}
	}
}

func TestLossyFormatsStayNear(t *testing.T) {
	p := photo(256, 256)
	for _, c := range []struct {
		format  string
		quality int
		most    float64 // RMS of a channel, grain of 5 included
	}{
		{nameJPEG, 0, 4.5}, {nameJPEG, 100, 3}, {nameJPEG, 30, 8}, {nameWebP, 0, 5}, {namePNG8, 0, 4},
	} {
		data, err := named(c.format).Encode(p, c.quality)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data, testPixels)
		if err != nil || !got.Opaque {
			t.Errorf("%s: %v, opaque %v", c.format, err, got.Opaque)
			continue
		}
		if off := rms(got, p); off > c.most {
			t.Errorf("%s, quality %d: RMS %.2f, want at most %.2f", c.format, c.quality, off, c.most)
		}
	}
}

func TestPNG8HasAPaletteAlways(t *testing.T) {
	for name, p := range kinds() {
		data, err := named(namePNG8).Encode(p, 0)
		if err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, ok := m.(*image.Paletted); !ok {
			t.Errorf("%s: %T", name, m)
		}
		got, err := Decode(data, testPixels)
		if err != nil || got.Opaque != p.Opaque {
			t.Errorf("%s: %v, opaque %v, want %v", name, err, got.Opaque, p.Opaque)
		}
		for i := 3; i < len(got.Pix); i += 4 {
			px := i / 4
			a := p.NRGBAAt(p.Rect.Min.X+px%got.Rect.Dx(), p.Rect.Min.Y+px/got.Rect.Dx()).A
			if (a == 0) != (got.Pix[i] == 0) || (a == 255) != (got.Pix[i] == 255) {
				t.Errorf("%s, pixel %d: alpha %d became %d", name, px, a, got.Pix[i])
				break
			}
		}
	}
}

func TestEqualPicturesGiveEqualFiles(t *testing.T) {
	p := photo(200, 100)
	for _, f := range Formats() {
		a, err := f.Encode(p, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Encode(photo(31, 77), 0); err != nil {
			t.Fatal(err)
		}
		if b, err := f.Encode(p, 0); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: error %v, or other bytes", f.Name, err)
		}
	}
}

func TestManyAtATime(t *testing.T) {
	pictures := kinds()
	delete(pictures, "rows too long")
	var wait sync.WaitGroup
	for name, p := range pictures {
		for _, f := range Formats() {
			wait.Go(func() {
				want, err := f.Encode(p, 0)
				if err != nil {
					t.Errorf("%s, %s: %v", name, f.Name, err)
				}
				for range 3 {
					got, err := f.Encode(p, 0)
					if err != nil || !bytes.Equal(got, want) {
						t.Errorf("%s, %s: error %v, or other bytes", name, f.Name, err)
					}
					if _, err := Decode(got, testPixels); err != nil {
						t.Errorf("%s, %s: %v", name, f.Name, err)
					}
				}
			})
		}
	}
	wait.Wait()
}

// TestPNGCheckAgrees asks the tool pngcheck, which is stricter than decoders are.
func TestPNGCheckAgrees(t *testing.T) {
	tool, err := exec.LookPath("pngcheck")
	if err != nil {
		t.Skip("no pngcheck: install the package of that name")
	}
	folder := t.TempDir()
	args := []string{"-q"}
	for name, p := range kinds() {
		for _, f := range []string{namePNG, namePNG8} {
			data, err := named(f).Encode(p, 0)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder, strings.ReplaceAll(name, " ", "-")+"-"+f+".png")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, file)
		}
	}
	if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
