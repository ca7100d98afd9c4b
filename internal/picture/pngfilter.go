package picture

/*
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

// repeats returns the share of pixel pairs of a band that have been seen before in it.
func repeats(band []byte, channels int) float64 {
	return float64(C.terrane_png_repeats(pointer(band), C.size_t(len(band)), C.size_t(channels)))
}

func pointer(b []byte) *C.uchar { return (*C.uchar)(unsafe.Pointer(unsafe.SliceData(b))) }
