package picture

/*
#cgo LDFLAGS: -lm
#include "pngrow.h"
*/
import "C"

import (
	"slices"
	"unsafe"
)

// The filters of PNG, section 9, that rows of indices take; pngrow.c has them all.
const (
	filterNone = 0
	filterUp   = 2
)

// appendFiltered appends a row, filtered by the row above, with its filter before it: the one that leaves the smallest numbers,
// the heuristic of the standard, section 12.7. row and top begin with a pixel of zeros.
func appendFiltered(dst, row, top []byte, channels int) []byte {
	size := len(row) - channels
	at := len(dst)
	dst = slices.Grow(dst, size+1)[:at+1+size]
	dst[at] = byte(C.terrane_png_filter(pointer(dst[at+1:]), pointer(row[channels:]), pointer(top[channels:]), C.size_t(size), C.size_t(channels)))
	return dst
}

// saving guesses which share of a band's bits a search for repeats saves, beside Huffman's code alone.
func saving(band []byte) float64 {
	return float64(C.terrane_png_saving(pointer(band), C.size_t(len(band))))
}

func pointer(b []byte) *C.uchar { return (*C.uchar)(unsafe.Pointer(unsafe.SliceData(b))) }
