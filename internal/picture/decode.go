package picture

import (
	"bytes"
	"fmt"
	"image"
)

// Decode reads a PNG, JPEG or WebP, told by its first bytes. What the header says is checked before memory is asked for: a
// picture of more than mostPixels pixels is ErrTooLarge. A damaged picture, one that is cut short included, is ErrFormat, and
// gives no pixels.
func Decode(data []byte, mostPixels int) (Picture, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return decodeJPEG(data, mostPixels)
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return decodePNG(data, mostPixels)
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return decodeWebP(data, mostPixels)
	case len(data) == 0:
		return Picture{}, fmt.Errorf("%w: no bytes", ErrFormat)
	}
	return Picture{}, fmt.Errorf("%w: neither png, jpeg nor webp", ErrFormat)
}

// checkSize is asked with the size that a header states.
func checkSize(w, h, mostPixels int) error {
	if w <= 0 || h <= 0 {
		return fmt.Errorf("%w: %d x %d pixels", ErrFormat, w, h)
	}
	if w > mostPixels/h {
		return fmt.Errorf("%w: %w: %d x %d pixels, %d at most", ErrFormat, ErrTooLarge, w, h, mostPixels)
	}
	return nil
}

// opaque tells if every alpha is 255.
func opaque(m *image.NRGBA) bool {
	w := 4 * m.Rect.Dx()
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:][:w]
		all := byte(255)
		for i := 3; i < len(row); i += 4 {
			all &= row[i]
		}
		if all != 255 {
			return false
		}
	}
	return true
}
