// Package picture reads and writes the picture formats that tiles and maps come in: PNG (https://www.w3.org/TR/png-3/), JPEG
// by libjpeg-turbo, WebP by libwebp. GeoTIFF is written only, by [AppendGeoTIFF].
//
// A [Picture] is straight (not premultiplied) RGBA, 8 bits each, rows from the north. Pixels are taken as they stand: colour
// profiles, gamma and the orientation that cameras note are not looked at; of an animated PNG the first picture is read, an
// animated WebP is refused.
//
// [Decode] trusts nothing: the size in the header is checked before memory is asked for, and a file that is damaged or cut
// short is an error, not half a picture. [Format.Encode] is fast first: JPEG and photographs in PNG take a fraction of the
// standard library's time. What is written depends on the pixels alone: equal pictures give equal bytes. Everything here is
// safe for concurrent use.
//
// Only this package uses cgo for libjpeg-turbo, and only it imports chai2010/webp; it needs no GDAL.
package picture

import (
	"errors"
	"image"
	"image/color"
)

// ErrFormat: bytes that are no picture, a damaged one, or one that is larger than allowed. ErrTooLarge also matches the last,
// and stands alone where a picture is too large for the format it is to be written in.
var (
	ErrFormat   = errors.New("picture: not a readable picture")
	ErrTooLarge = errors.New("picture: too large")
)

// Picture is a decoded picture. Opaque says that every alpha is 255. The zero value is no picture: nothing is there.
type Picture struct {
	*image.NRGBA
	Opaque bool
}

// Format is a way to write a picture.
type Format struct {
	Name  string // "png", "png8", "jpeg", "webp"
	MIME  string // "image/png"; png8 is "image/png; mode=8bit"
	Ext   string // "png", "jpg", "webp"
	Alpha bool   // keeps transparency
}

// Over returns the picture on a background of one colour, whose alpha is not looked at; an opaque picture is returned as it is.
func (p Picture) Over(background color.NRGBA) Picture {
	if p.NRGBA == nil || p.Opaque {
		return p
	}
	out := image.NewNRGBA(image.Rect(0, 0, p.Rect.Dx(), p.Rect.Dy()))
	below := [3]uint32{uint32(background.R), uint32(background.G), uint32(background.B)}
	for y := range out.Rect.Dy() {
		src, dst := p.Pix[y*p.Stride:][:out.Stride], out.Pix[y*out.Stride:][:out.Stride]
		for i := 0; i < len(src); i += 4 {
			a := uint32(src[i+3])
			for c, b := range below {
				dst[i+c] = byte((uint32(src[i+c])*a + b*(255-a) + 127) / 255)
			}
			dst[i+3] = 255
		}
	}
	return Picture{NRGBA: out, Opaque: true}
}
