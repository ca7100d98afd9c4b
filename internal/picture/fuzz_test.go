package picture

import (
	"bytes"
	"errors"
	"testing"
)

const fuzzPixels = 1 << 14

// fuzz throws changed files at Decode: the answer is a whole picture that can be written and read again, or one of the package's errors.
func fuzz(f *testing.F, prefix string) {
	for _, data := range encoded(f) {
		if bytes.HasPrefix(data, []byte(prefix)) {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !bytes.HasPrefix(data, []byte(prefix)) {
			data = append([]byte(prefix), data...)
		}
		p, err := Decode(data, fuzzPixels)
		if err != nil {
			if !errors.Is(err, ErrFormat) || p.NRGBA != nil {
				t.Fatalf("error %v with a picture of %v", err, p.NRGBA != nil)
			}
			return
		}
		if p.Rect.Empty() || p.Rect.Dx()*p.Rect.Dy() > fuzzPixels || len(p.Pix) != 4*p.Rect.Dx()*p.Rect.Dy() || p.Opaque != opaque(p.NRGBA) {
			t.Fatalf("%v, %d bytes, opaque %v", p.Rect, len(p.Pix), p.Opaque)
		}
		again, err := named(namePNG).Encode(p, 0)
		if err != nil {
			t.Fatal(err)
		}
		if q, err := Decode(again, fuzzPixels); err != nil || !equal(p, q) {
			t.Fatalf("error %v, or other pixels after PNG", err)
		}
	})
}

func FuzzDecodePNG(f *testing.F)  { fuzz(f, "\x89PNG\r\n\x1a\n") }
func FuzzDecodeJPEG(f *testing.F) { fuzz(f, "\xff\xd8\xff") }
func FuzzDecodeWebP(f *testing.F) { fuzz(f, "RIFF") }

// FuzzByMIME has to find only what is there.
func FuzzByMIME(f *testing.F) {
	f.Add("image/png; mode=8bit")
	f.Fuzz(func(t *testing.T, s string) {
		if got, ok := ByMIME(s); ok != (got.Name != "") || ok && got != named(got.Name) {
			t.Fatalf("ByMIME(%q) = %+v, %v", s, got, ok)
		}
	})
}
