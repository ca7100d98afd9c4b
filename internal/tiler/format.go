package tiler

import (
	"fmt"
	"image"
	"image/color"

	"github.com/terrane/terrane/internal/picture"
)

// Format says how tiles are written.
type Format string

// The formats.
const (
	Auto Format = "auto" // JPEG where every pixel is opaque, PNG elsewhere; PNG everywhere if the sources have palettes
	PNG  Format = "png"
	JPEG Format = "jpeg" // what is transparent becomes white
	WebP Format = "webp"
)

// overWhite is what JPEG shows of a picture.
func overWhite(p picture.Picture) picture.Picture { return p.Over(color.NRGBA{255, 255, 255, 255}) }

// encoder writes tiles.
type encoder struct {
	png, jpeg, webp picture.Format
	format          Format
	quality         int
}

func newEncoder(f Format, quality int) (*encoder, error) {
	e := &encoder{format: f, quality: quality}
	for ext, to := range map[string]*picture.Format{"png": &e.png, "jpg": &e.jpeg, "webp": &e.webp} {
		var ok bool
		if *to, ok = picture.ByExt(ext); !ok {
			return nil, fmt.Errorf("%w: this build writes no %s", ErrOptions, ext)
		}
	}
	return e, nil
}

// encode returns the stored form of a tile.
func (e *encoder) encode(p picture.Picture) ([]byte, error) {
	switch {
	case e.format == WebP:
		return e.webp.Encode(p, e.quality)
	case e.format == JPEG:
		return e.jpeg.Encode(overWhite(p), e.quality)
	case e.format == Auto && p.Opaque:
		return e.jpeg.Encode(p, e.quality)
	}
	return e.png.Encode(p, e.quality)
}

// visible tells whether any pixel of a picture can be seen, and whether all are opaque.
func visible(p *image.NRGBA) (any, opaque bool) {
	opaque = true
	width := 4 * p.Rect.Dx()
	for y := range p.Rect.Dy() {
		row := p.Pix[y*p.Stride:][:width]
		for k := 3; k < len(row); k += 4 {
			any = any || row[k] != 0
			opaque = opaque && row[k] == 255
		}
		if any && !opaque {
			return any, opaque
		}
	}
	return any, opaque
}
