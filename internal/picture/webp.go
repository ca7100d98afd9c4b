package picture

import (
	"fmt"
	"image"

	"github.com/chai2010/webp"
)

const webpMostSide = 16383 // WEBP_MAX_DIMENSION of libwebp

// decodeWebP reads lossy and lossless WebP with and without alpha; animations are refused.
func decodeWebP(data []byte, mostPixels int) (Picture, error) {
	w, h, alpha, err := webp.GetInfo(data)
	if err != nil {
		return Picture{}, fmt.Errorf("%w: webp: damaged header", ErrFormat)
	}
	if err := checkSize(w, h, mostPixels); err != nil {
		return Picture{}, err
	}
	m, err := webp.DecodeRGBA(data)
	if err != nil {
		return Picture{}, fmt.Errorf("%w: webp: damaged, cut short or animated", ErrFormat)
	}
	// Straight alpha, whatever the type says.
	img := &image.NRGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
	return Picture{NRGBA: img, Opaque: !alpha || opaque(img)}, nil
}

// encodeWebP writes lossy WebP, from [Lossless] on lossless with the colours of transparent pixels kept.
func encodeWebP(p Picture, quality int) ([]byte, error) {
	if max(p.Rect.Dx(), p.Rect.Dy()) > webpMostSide {
		return nil, fmt.Errorf("%w: webp has at most %d pixels a side, not %d", ErrTooLarge, webpMostSide, max(p.Rect.Dx(), p.Rect.Dy()))
	}
	// libwebp takes straight alpha; the package's own conversion from NRGBA would multiply. A picture without transparency costs no alpha plane.
	m := &image.RGBA{Pix: p.Pix, Stride: p.Stride, Rect: p.Rect}
	var data []byte
	var err error
	if quality >= Lossless {
		data, err = webp.EncodeExactLosslessRGBA(m)
	} else {
		data, err = webp.EncodeRGBA(m, float32(quality))
	}
	if err != nil {
		return nil, fmt.Errorf("picture: webp: %w", err)
	}
	return data, nil
}
