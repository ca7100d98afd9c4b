package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

const testPixels = 1 << 20

// encoded is one small picture in every way that pictures come in.
func encoded(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	files, err := filepath.Glob("testdata/*.jpg")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, name := range files {
		if all[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	p, clear := photo(24, 19), photo(24, 19)
	clear.Opaque = false
	for i := 3; i < len(clear.Pix); i += 20 {
		clear.Pix[i] = byte(i)
	}
	for _, f := range Formats() {
		for name, p := range map[string]Picture{"opaque": p, "clear": clear} {
			for _, quality := range []int{0, Lossless} {
				data, err := f.Encode(p, quality)
				if err != nil {
					t.Fatal(err)
				}
				all[fmt.Sprintf("%s %s %d", f.Name, name, quality)] = data
			}
		}
	}
	return all
}

func TestDecodeKnowsEveryKindOfPNG(t *testing.T) {
	at := image.Rect(0, 0, 5, 3)
	grey, grey16, rgb16, clear16 := image.NewGray(at), image.NewGray16(at), image.NewRGBA64(at), image.NewNRGBA64(at)
	straight, indexed := image.NewNRGBA(at), image.NewPaletted(at, color.Palette{color.NRGBA{1, 2, 3, 255}, color.NRGBA{200, 100, 50, 7}, color.NRGBA{9, 8, 7, 0}})
	solid := image.NewPaletted(at, color.Palette{color.NRGBA{1, 2, 3, 255}, color.NRGBA{4, 5, 6, 255}})
	for i := range 15 {
		x, y := i%5, i/5
		grey.Pix[i] = byte(17 * i)
		grey16.SetGray16(x, y, color.Gray16{Y: uint16(4369 * i)})
		rgb16.SetRGBA64(x, y, color.RGBA64{R: uint16(4369 * i), G: 128, B: 65535, A: 65535})
		clear16.SetNRGBA64(x, y, color.NRGBA64{R: 257 * 200, G: 257*10 + 128, B: 257*10 + 129, A: uint16(4369 * i)})
		straight.SetNRGBA(x, y, color.NRGBA{200, byte(i), 3, byte(i)})
		indexed.Pix[i], solid.Pix[i] = byte(i%3), byte(i%2)
	}
	for _, c := range []struct {
		name   string
		m      image.Image
		opaque bool
		at     func(i int) color.NRGBA
	}{
		{"grey", grey, true, func(i int) color.NRGBA { return color.NRGBA{byte(17 * i), byte(17 * i), byte(17 * i), 255} }},
		{"grey of 16 bits", grey16, true, func(i int) color.NRGBA { return color.NRGBA{byte(17 * i), byte(17 * i), byte(17 * i), 255} }},
		{"colour of 16 bits", rgb16, true, func(i int) color.NRGBA { return color.NRGBA{byte(17 * i), 0, 255, 255} }},
		{"alpha of 16 bits, rounded", clear16, false, func(i int) color.NRGBA { return color.NRGBA{200, 10, 11, byte(17 * i)} }},
		{"straight alpha, colours kept where it is low", straight, false, func(i int) color.NRGBA { return color.NRGBA{200, byte(i), 3, byte(i)} }},
		{"palette with alpha", indexed, false, func(i int) color.NRGBA { return indexed.Palette[i%3].(color.NRGBA) }},
		{"palette without", solid, true, func(i int) color.NRGBA { return solid.Palette[i%2].(color.NRGBA) }},
	} {
		var b bytes.Buffer
		if err := png.Encode(&b, c.m); err != nil {
			t.Fatal(err)
		}
		p, err := Decode(b.Bytes(), 15)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if p.Opaque != c.opaque {
			t.Errorf("%s: opaque %v", c.name, p.Opaque)
		}
		for i := range 15 {
			if got, want := p.NRGBAAt(i%5, i/5), c.at(i); got != want {
				t.Errorf("%s, pixel %d: %v, want %v", c.name, i, got, want)
			}
		}
	}
}

// The standard library inverts, converts and multiplies inks by rules of its own; it has to come to nearly the same.
func TestDecodeKnowsEveryKindOfJPEG(t *testing.T) {
	for _, name := range []string{"grey.jpg", "rgb.jpg", "progressive.jpg", "cmyk.jpg", "ycck.jpg"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := image.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		p, err := Decode(data, testPixels)
		if err != nil || !p.Opaque || p.Rect != image.Rect(0, 0, 24, 19) {
			t.Errorf("%s: %v, opaque %v", name, err, p.Opaque)
			continue
		}
		for i := range 24 * 19 {
			x, y := i%24, i/24
			if off := difference(p.NRGBAAt(x, y), color.NRGBAModel.Convert(want.At(x, y)).(color.NRGBA)); off > 4 {
				t.Errorf("%s at %d,%d: %v, the standard library has %v", name, x, y, p.NRGBAAt(x, y), want.At(x, y))
				break
			}
		}
	}
}

// The file has 0 for no ink: 40, 30, 220 of cyan, magenta, yellow and full black at its first pixel.
func TestDecodeTakesInksWithoutAdobeAsTheyAre(t *testing.T) {
	data, err := os.ReadFile("testdata/cmyk-no-adobe.jpg")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Decode(data, testPixels)
	if err != nil {
		t.Fatal(err)
	}
	if off := difference(p.NRGBAAt(0, 0), color.NRGBA{0, 0, 0, 255}); off > 3 {
		t.Errorf("black: %v", p.NRGBAAt(0, 0))
	}
	// At 20,18: inks 200, 228, 68, 159.
	if off := difference(p.NRGBAAt(20, 18), color.NRGBA{55 * 96 / 255, 27 * 96 / 255, 187 * 96 / 255, 255}); off > 4 {
		t.Errorf("blue: %v", p.NRGBAAt(20, 18))
	}
}

// difference is the largest in any channel.
func difference(a, b color.NRGBA) int {
	apart := func(a, b uint8) int { return int(max(a, b) - min(a, b)) }
	return max(apart(a.R, b.R), apart(a.G, b.G), apart(a.B, b.B), apart(a.A, b.A))
}

func TestDecodeRefusesWhatIsCutShort(t *testing.T) {
	for name, data := range encoded(t) {
		for n := range data {
			if _, err := Decode(data[:n:n], testPixels); !errors.Is(err, ErrFormat) || errors.Is(err, ErrTooLarge) {
				t.Errorf("%s, %d of %d bytes: error %v, want ErrFormat", name, n, len(data), err)
			}
		}
		if _, err := Decode(data, 24*19); err != nil {
			t.Errorf("%s, whole: %v", name, err)
		}
		if _, err := Decode(data, 24*19-1); !errors.Is(err, ErrTooLarge) || !errors.Is(err, ErrFormat) {
			t.Errorf("%s, one pixel too many: error %v", name, err)
		}
	}
}

func TestDecodeRefusesNonsense(t *testing.T) {
	for name, s := range map[string]string{
		"nothing": "", "zeros": string(make([]byte, 100)), "text": "<html></html>", "gif": "GIF89a\x01\x00\x01\x00", "start of png": "\x89PNG\r\n\x1a\n",
		"start of jpeg": "\xff\xd8\xff", "start of webp": "RIFF\x00\x00\x00\x00WEBP", "jpeg without an end": "\xff\xd8\xff\xe0\xff\xff" + string(make([]byte, 70000)),
	} {
		if _, err := Decode([]byte(s), testPixels); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: error %v, want ErrFormat", name, err)
		}
	}
	if _, err := Decode(encoded(t)["png opaque 0"], 0); !errors.Is(err, ErrTooLarge) {
		t.Errorf("no pixel allowed: error %v", err)
	}
}

// TestDecodeChecksTheSizeFirst changes the size in headers. An allocation of what they say would be 17 GB and more.
func TestDecodeChecksTheSizeFirst(t *testing.T) {
	all := encoded(t)
	for name, lie := range map[string]func([]byte){
		"png opaque 0": func(b []byte) {
			binary.BigEndian.PutUint32(b[16:], 1<<31-1)
			binary.BigEndian.PutUint32(b[20:], 1<<31-1)
			binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
		},
		"jpeg opaque 0": func(b []byte) {
			at := bytes.Index(b, []byte{0xff, 0xc0})
			binary.BigEndian.PutUint32(b[at+5:], 65500<<16|65500)
		},
		"webp opaque 0":   func(b []byte) { binary.LittleEndian.PutUint32(b[26:], 16383<<16|16383) },
		"webp opaque 100": func(b []byte) { binary.LittleEndian.PutUint32(b[21:], 16383<<14|16383) },
	} {
		data := bytes.Clone(all[name])
		lie(data)
		if _, err := Decode(data, testPixels); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: error %v, want ErrTooLarge", name, err)
		}
	}
}

// TestDecodeRefusesEndlessScans repeats the first scan of a progressive JPEG, which a decoder would work through each time.
func TestDecodeRefusesEndlessScans(t *testing.T) {
	data, err := os.ReadFile("testdata/progressive.jpg")
	if err != nil {
		t.Fatal(err)
	}
	from := bytes.Index(data, []byte{0xff, 0xda})
	to := from + 2 + bytes.Index(data[from+2:], []byte{0xff, 0xc4})
	if from < 0 || to < from {
		t.Fatal("the file has no two scans")
	}
	long := append(bytes.Clone(data[:from]), bytes.Repeat(data[from:to], 200)...)
	if _, err := Decode(append(long, data[to:]...), testPixels); !errors.Is(err, ErrFormat) {
		t.Errorf("error %v, want ErrFormat", err)
	}
}
