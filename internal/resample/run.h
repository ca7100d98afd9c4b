// What run.go asks of C: the loops that a map's pixels are made in, on vectors of eight channels. All pixels are opaque, four bytes each.
#ifndef TERRANE_RESAMPLE_RUN_H
#define TERRANE_RESAMPLE_RUN_H

#include <stddef.h>
#include <stdint.h>

// Steps are the places of a run, fixed-point numbers with 20 binary places: of the north-western of the four pixels around each.
typedef struct {
	int64_t x, y, dx, dy;
} terrane_steps;

// terrane_bilinear_run blends four pixels for each of n. All that the steps lead to lie in the window.
void terrane_bilinear_run(uint8_t *restrict out, size_t n, const uint8_t *restrict window, size_t stride, terrane_steps s);

// terrane_level_run is the same for a run that stays on its row, with 0 < dx <= 2: the two rows are blended first.
void terrane_level_run(uint8_t *restrict out, size_t n, const uint8_t *restrict window, size_t stride, terrane_steps s);

// terrane_halve_row averages 2 x 2 pixels for each of n.
void terrane_halve_row(uint8_t *restrict out, size_t n, const uint8_t *restrict top, const uint8_t *restrict low);

#endif
