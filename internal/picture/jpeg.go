package picture

/*
#cgo pkg-config: libjpeg
#include <stdlib.h>
#include "jpeg.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"image"
	"unsafe"
)

// libjpeg's own API, not TurboJPEG's: it tells warnings apart, sees Adobe's marker, and its library is there with GDAL already.

const jpegMostSide = 65500 // JPEG_MAX_DIMENSION of libjpeg-turbo

// decodeJPEG reads baseline and progressive, grey, RGB, YCbCr, CMYK and YCCK.
func decodeJPEG(data []byte, mostPixels int) (Picture, error) {
	var why [C.JPEG_REASON]C.char
	var w, h C.int
	from, size := (*C.uchar)(unsafe.Pointer(unsafe.SliceData(data))), C.size_t(len(data))
	if C.terrane_jpeg_size(from, size, &w, &h, &why[0]) != 0 {
		return Picture{}, fmt.Errorf("%w: jpeg: %s", ErrFormat, C.GoString(&why[0]))
	}
	if err := checkSize(int(w), int(h), mostPixels); err != nil {
		return Picture{}, err
	}
	img := image.NewNRGBA(image.Rect(0, 0, int(w), int(h)))
	if C.terrane_jpeg_decode(from, size, (*C.uchar)(unsafe.Pointer(&img.Pix[0])), w, h, &why[0]) != 0 {
		return Picture{}, fmt.Errorf("%w: jpeg: %s", ErrFormat, C.GoString(&why[0]))
	}
	return Picture{NRGBA: img, Opaque: true}, nil
}

// encodeJPEG writes YCbCr 4:2:0, baseline. Alpha is not looked at.
func encodeJPEG(p Picture, quality int) ([]byte, error) {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	if max(w, h) > jpegMostSide {
		return nil, fmt.Errorf("%w: jpeg has at most %d pixels a side, not %d", ErrTooLarge, jpegMostSide, max(w, h))
	}
	var why [C.JPEG_REASON]C.char
	var out *C.uchar
	var size C.size_t
	pix := (*C.uchar)(unsafe.Pointer(&p.Pix[0]))
	if C.terrane_jpeg_encode(pix, C.int(p.Stride), C.int(w), C.int(h), C.int(quality), &out, &size, &why[0]) != 0 {
		return nil, errors.New("picture: jpeg: " + C.GoString(&why[0]))
	}
	defer C.free(unsafe.Pointer(out))
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(out)), int(size))...), nil
}
