package picture

import (
	"errors"
	"image"
	"image/color"
	"testing"
)

func TestByMIME(t *testing.T) {
	for _, c := range []struct{ mime, want string }{
		{"image/png", "png"},
		{"IMAGE/PNG", "png"},
		{"image/png; mode=8bit", "png8"},
		{"image/png;mode=8BIT", "png8"},
		{"image/png; mode=24bit", "png"},
		{"image/png8", "png8"},
		{"image/jpeg", "jpeg"},
		{"image/jpg", "jpeg"},
		{" image/jpeg ; q=0.8", "jpeg"},
		{"image/webp", "webp"},
		{"image/geotiff", ""},
		{"image/", ""},
		{"png", ""},
		{"text/png", ""},
		{"", ""},
		{"image/png; mode", ""},
	} {
		f, ok := ByMIME(c.mime)
		if f.Name != c.want || ok != (c.want != "") {
			t.Errorf("ByMIME(%q) = %q, %v, want %q", c.mime, f.Name, ok, c.want)
		}
	}
}

func TestByExt(t *testing.T) {
	for _, c := range []struct{ ext, want string }{
		{"png", "png"}, {".PNG", "png"}, {"jpg", "jpeg"}, {"jpeg", "jpeg"}, {"webp", "webp"}, {"png8", ""}, {"tif", ""}, {"", ""}, {"..png", ""},
	} {
		f, ok := ByExt(c.ext)
		if f.Name != c.want || ok != (c.want != "") {
			t.Errorf("ByExt(%q) = %q, %v, want %q", c.ext, f.Name, ok, c.want)
		}
	}
}

func TestFormatsFindThemselves(t *testing.T) {
	for _, f := range Formats() {
		if got, ok := ByMIME(f.MIME); !ok || got != f {
			t.Errorf("ByMIME(%q) = %+v, %v", f.MIME, got, ok)
		}
		if got, ok := ByExt(f.Ext); !ok || got.Ext != f.Ext {
			t.Errorf("ByExt(%q) = %+v, %v", f.Ext, got, ok)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, f := range Formats() {
		for name, p := range map[string]Picture{
			"no picture": {},
			"no width":   {NRGBA: image.NewNRGBA(image.Rect(0, 0, 0, 5))},
		} {
			if _, err := f.Encode(p, 0); !errors.Is(err, ErrFormat) {
				t.Errorf("%s, %s: error %v, want ErrFormat", f.Name, name, err)
			}
		}
	}
	wide := Picture{NRGBA: image.NewNRGBA(image.Rect(0, 0, 65501, 1))}
	for _, name := range []string{nameJPEG, nameWebP} {
		if _, err := named(name).Encode(wide, 0); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s, 65501 pixels: error %v, want ErrTooLarge", name, err)
		}
	}
	if _, err := (Format{Name: "gif"}).Encode(photo(2, 2), 0); err == nil {
		t.Error("gif was written")
	}
}

func TestOver(t *testing.T) {
	m := image.NewNRGBA(image.Rect(3, 3, 6, 4))
	m.SetNRGBA(3, 3, color.NRGBA{10, 20, 30, 0})
	m.SetNRGBA(4, 3, color.NRGBA{200, 100, 0, 128})
	m.SetNRGBA(5, 3, color.NRGBA{1, 2, 3, 255})
	got := Picture{NRGBA: m}.Over(color.NRGBA{R: 255, G: 0, B: 100})
	want := []byte{255, 0, 100, 255, 227, 50, 50, 255, 1, 2, 3, 255}
	if string(got.Pix) != string(want) || !got.Opaque {
		t.Errorf("got %v, opaque %v, want %v", got.Pix, got.Opaque, want)
	}
	if p := photo(2, 2); p.Over(color.NRGBA{}).NRGBA != p.NRGBA {
		t.Error("an opaque picture was copied")
	}
	if (Picture{}).Over(color.NRGBA{}).NRGBA != nil {
		t.Error("no picture became one")
	}
}
