#pragma GCC optimize("O3")

#include "run.h"

#include <string.h>

enum { PLACES = 20 };

// Two pixels: their channels as bytes, and each in 16 bits, which hold 255 times a weight of 256.
typedef uint8_t bytes __attribute__((vector_size(8)));
typedef uint16_t lanes __attribute__((vector_size(16)));

static inline lanes two_pixels(const uint8_t *p) {
	bytes b;
	memcpy(&b, p, sizeof b);
	return __builtin_convertvector(b, lanes);
}

static inline lanes weights(uint16_t left, uint16_t right) { return (lanes){left, left, left, left, right, right, right, right}; }

// put adds up the two pixels, rounds, divides by 2^shift, and writes the one.
static inline void put(uint8_t *out, lanes pair, int shift) {
	lanes other = __builtin_shuffle(pair, (lanes){4, 5, 6, 7, 0, 1, 2, 3});
	lanes sum = (pair + other + (uint16_t)(1 << (shift - 1))) >> shift;
	bytes b = __builtin_convertvector(sum, bytes);
	memcpy(out, &b, 4);
}

// share is the part of a place behind the point, in 256ths.
static inline uint16_t share(int64_t place) { return (uint16_t)(place >> (PLACES - 8)) & 255; }

void terrane_bilinear_run(uint8_t *restrict out, size_t n, const uint8_t *restrict window, size_t stride, terrane_steps s) {
	for (; n; n--, out += 4, s.x += s.dx, s.y += s.dy) {
		const uint8_t *at = window + (size_t)(s.y >> PLACES) * stride + (size_t)(s.x >> PLACES) * 4;
		uint16_t right = share(s.x), down = share(s.y);
		uint16_t both = (uint16_t)((right * down + 128) >> 8); // so that the four weights add up to 256 exactly
		lanes top = two_pixels(at) * weights(256 - right - down + both, right - both);
		lanes low = two_pixels(at + stride) * weights(down - both, both);
		put(out, top + low, 8);
	}
}

enum { PIECE = 512 }; // pixels of a row that are blended at a time

void terrane_level_run(uint8_t *restrict out, size_t n, const uint8_t *restrict window, size_t stride, terrane_steps s) {
	uint8_t blended[4 * PIECE];
	const uint8_t *row = window + (size_t)(s.y >> PLACES) * stride;
	uint16_t down = share(s.y), up = 256 - down;
	while (n) {
		size_t most = (size_t)(((int64_t)(PIECE - 4) << PLACES) / s.dx), part = n < most ? n : most;
		size_t first = (size_t)(s.x >> PLACES), last = (size_t)((s.x + (int64_t)(part - 1) * s.dx) >> PLACES) + 1;
		const uint8_t *top = row + first * 4, *low = top + stride;
		for (size_t i = 0; i < 4 * (last - first + 1); i++) blended[i] = (uint8_t)((top[i] * up + low[i] * down + 128) >> 8);
		int64_t x = s.x - ((int64_t)first << PLACES);
		for (size_t i = 0; i < part; i++, x += s.dx) {
			uint16_t right = share(x);
			put(out + 4 * i, two_pixels(blended + (x >> PLACES) * 4) * weights(256 - right, right), 8);
		}
		s.x += (int64_t)part * s.dx;
		out += 4 * part;
		n -= part;
	}
}

void terrane_halve_row(uint8_t *restrict out, size_t n, const uint8_t *restrict top, const uint8_t *restrict low) {
	for (; n; n--, out += 4, top += 8, low += 8) put(out, two_pixels(top) + two_pixels(low), 2);
}
