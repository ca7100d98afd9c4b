package picture

import (
	"fmt"
	"mime"
	"strings"
)

// Qualities of [Format.Encode].
const (
	DefaultQuality = 85
	Lossless       = 100 // webp keeps every pixel from here on; jpeg's best
)

// The names of formats.
const (
	namePNG  = "png"
	namePNG8 = "png8"
	nameJPEG = "jpeg"
	nameWebP = "webp"
)

// Formats lists what can be written, png first.
func Formats() []Format {
	return []Format{
		{Name: namePNG, MIME: "image/png", Ext: "png", Alpha: true},
		{Name: namePNG8, MIME: "image/png; mode=8bit", Ext: "png", Alpha: true},
		{Name: nameJPEG, MIME: "image/jpeg", Ext: "jpg"},
		{Name: nameWebP, MIME: "image/webp", Ext: "webp", Alpha: true},
	}
}

// named gives the format of a name that is known to exist.
func named(name string) Format {
	for _, f := range Formats() {
		if f.Name == name {
			return f
		}
	}
	return Format{}
}

// ByMIME finds the format of a media type as clients write it: in any case, with parameters, and under the aliases image/jpg
// and image/png8.
func ByMIME(s string) (Format, bool) {
	kind, parameters, err := mime.ParseMediaType(s)
	if err != nil {
		return Format{}, false
	}
	name, known := strings.CutPrefix(kind, "image/")
	switch mode := strings.ToLower(parameters["mode"]); {
	case !known:
		return Format{}, false
	case name == "jpg":
		name = nameJPEG
	case name == namePNG && mode == "8bit":
		name = namePNG8
	}
	f := named(name)
	return f, f.Name != ""
}

// ByExt finds the format of a file's extension, in any case, with or without the dot: png, jpg, jpeg, webp.
func ByExt(s string) (Format, bool) {
	name := strings.ToLower(strings.TrimPrefix(s, "."))
	switch name {
	case "jpg":
		name = nameJPEG
	case namePNG8:
		return Format{}, false
	}
	f := named(name)
	return f, f.Name != ""
}

// Encode writes the picture. Quality is 1 to 100 for jpeg and webp, [Lossless] being webp without loss, and 0 for the default;
// png has none. Where the format keeps no alpha, the colours are written as they are: [Picture.Over] puts a background below
// them. It is safe for concurrent use. Errors: a picture without pixels is ErrFormat, one of more pixels than the format can
// have ErrTooLarge.
func (f Format) Encode(p Picture, quality int) ([]byte, error) {
	if p.NRGBA == nil || p.Rect.Empty() {
		return nil, fmt.Errorf("%w: no pixels to encode", ErrFormat)
	}
	if quality <= 0 {
		quality = DefaultQuality
	}
	quality = min(quality, Lossless)
	switch f.Name {
	case namePNG:
		return encodePNG(p)
	case namePNG8:
		return encodePNG8(p)
	case nameJPEG:
		return encodeJPEG(p, quality)
	case nameWebP:
		return encodeWebP(p, quality)
	}
	return nil, fmt.Errorf("picture: no format %q", f.Name)
}
