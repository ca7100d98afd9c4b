package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// decodePNG reads every kind of PNG: grey, colour, palette, 1 to 16 bits, interlaced or not, alpha in a channel, a palette or
// one colour. 16 bits are rounded to 8.
func decodePNG(data []byte, mostPixels int) (Picture, error) {
	if len(data) < 24 || string(data[12:16]) != "IHDR" {
		return Picture{}, fmt.Errorf("%w: png: damaged header", ErrFormat)
	}
	if err := checkSize(int(binary.BigEndian.Uint32(data[16:])), int(binary.BigEndian.Uint32(data[20:])), mostPixels); err != nil {
		return Picture{}, err
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return Picture{}, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	switch m := m.(type) {
	case *image.NRGBA:
		return Picture{NRGBA: m, Opaque: opaque(m)}, nil
	case *image.RGBA: // what the standard library makes of RGB: all opaque
		return Picture{NRGBA: &image.NRGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}, Opaque: true}, nil
	}
	p := Picture{NRGBA: image.NewNRGBA(m.Bounds())}
	switch m := m.(type) {
	case *image.Gray:
		fromGrey(p.Pix, m.Pix)
	case *image.Gray16:
		for i := range len(m.Pix) / 2 {
			binary.LittleEndian.PutUint32(p.Pix[4*i:], grey(eightBits(m.Pix[2*i:])))
		}
	case *image.RGBA64:
		from16(p.Pix, m.Pix)
	case *image.NRGBA64:
		from16(p.Pix, m.Pix)
	case *image.Paletted:
		fromPalette(p.Pix, m)
	default:
		return Picture{}, fmt.Errorf("%w: png: unknown kind of pixels", ErrFormat)
	}
	p.Opaque = opaque(p.NRGBA)
	return p, nil
}

func fromGrey(dst, src []byte) {
	for i, v := range src {
		binary.LittleEndian.PutUint32(dst[4*i:], grey(v))
	}
}

// grey is an opaque pixel, red in the lowest byte.
func grey(v byte) uint32 { return uint32(v)*0x010101 | 0xff<<24 }

// eightBits rounds a big-endian 16-bit sample, 65535 being 255.
func eightBits(b []byte) byte { return byte((uint32(binary.BigEndian.Uint16(b))*255 + 32767) / 65535) }

func from16(dst, src []byte) {
	for i := range dst {
		dst[i] = eightBits(src[2*i:])
	}
}

func fromPalette(dst []byte, m *image.Paletted) {
	var table [256]uint32
	for i, c := range m.Palette {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		table[i] = uint32(n.R) | uint32(n.G)<<8 | uint32(n.B)<<16 | uint32(n.A)<<24
	}
	for i, v := range m.Pix {
		binary.LittleEndian.PutUint32(dst[4*i:], table[v])
	}
}
