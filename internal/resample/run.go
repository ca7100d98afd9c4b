package resample

/*
#include "run.h"
*/
import "C"

import "unsafe"

// bilinearRun blends opaque pixels. The four weights of a pixel add up to 256 exactly. [window.holds] says that all of them are there.
func (w *window) bilinearRun(out []uint8, s steps) {
	C.terrane_bilinear_run(pointer(out), C.size_t(len(out)/4), pointer(w.pix), C.size_t(w.stride), s.c())
}

// levelRun blends opaque pixels of a run that stays on its row, as [steps.level] tells: the two source rows first, a piece at a time, and then what stands side by side. Rounding
// twice costs half of one in 255.
func (w *window) levelRun(out []uint8, s steps) {
	C.terrane_level_run(pointer(out), C.size_t(len(out)/4), pointer(w.pix), C.size_t(w.stride), s.c())
}

// halveOpaque averages 2 x 2 opaque pixels for each of out.
func halveOpaque(out, top, low []uint8) {
	n := min(len(out)/4, len(top)/8, len(low)/8)
	C.terrane_halve_row(pointer(out), C.size_t(n), pointer(top), pointer(low))
}

func (s steps) c() C.terrane_steps {
	return C.terrane_steps{x: C.int64_t(s.x), y: C.int64_t(s.y), dx: C.int64_t(s.dx), dy: C.int64_t(s.dy)}
}

func pointer(b []uint8) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(b))) }
