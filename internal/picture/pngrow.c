#pragma GCC optimize("O3", "fp-contract=off") // rounded alike on every processor, lest files differ

#include "pngrow.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

// The filters of PNG, section 9 of https://www.w3.org/TR/png-3/: what a byte is foretold from.
enum { NONE, SUB, UP, AVERAGE, PAETH, FILTERS };

// distance is |a - b|.
static inline unsigned char distance(unsigned char a, unsigned char b) { return a > b ? a - b : b - a; }

// paeth gives the neighbour that is nearest to left + up - corner, in this order where equal. It is written in bytes alone, of
// which a vector holds the most. Where left and up lie on one side of corner, the corner is the farthest; else it is as far as the
// two distances differ.
static inline unsigned char paeth(unsigned char left, unsigned char up, unsigned char corner) {
	unsigned char to_left = distance(up, corner), to_up = distance(left, corner);
	unsigned char one_side = (left > corner) == (up > corner);
	unsigned char to_corner = one_side ? 255 : distance(to_left, to_up);
	unsigned char other = to_up <= to_corner ? up : corner;
	unsigned char is_left = (to_left <= to_up) & (to_left <= to_corner);
	return is_left ? left : other;
}

// RUN is how many bytes are summed in 16 bits: each is at most 128.
enum { RUN = 256 };

// Each of the filters as one loop. left and corner are the bytes a pixel before row and top.
#define EACH(expression)                                                                                                           \
	for (size_t i = 0; i < size; i++) {                                                                                              \
		const unsigned char *left = row - channels, *corner = top - channels;                                                          \
		(void)left, (void)corner;                                                                                                      \
		out[i] = (unsigned char)(row[i] - (expression));                                                                               \
	}

static void apply(int filter, unsigned char *restrict out, const unsigned char *restrict row, const unsigned char *restrict top,
                  size_t size, size_t channels) {
	switch (filter) {
	case NONE: memcpy(out, row, size); break;
	case SUB: EACH(left[i]) break;
	case UP: EACH(top[i]) break;
	case AVERAGE: EACH((left[i] + top[i]) >> 1) break;
	case PAETH: EACH(paeth(left[i], top[i], corner[i])) break;
	}
}

// weight is the sum of a filtered row's numbers, bytes above 127 counting as negative.
static uint64_t weight(const unsigned char *restrict out, size_t size) {
	uint64_t total = 0;
	for (size_t from = 0; from < size; from += RUN) {
		uint16_t sum = 0;
		size_t end = size - from < RUN ? size - from : RUN;
		for (size_t i = 0; i < end; i++) {
			unsigned char v = out[from + i], minus = (unsigned char)-v;
			sum += v < minus ? v : minus;
		}
		total += sum;
	}
	return total;
}

int terrane_png_filter(unsigned char *restrict out, const unsigned char *restrict row, const unsigned char *restrict top,
                       size_t size, size_t channels) {
	static const int order[FILTERS] = {UP, NONE, SUB, AVERAGE, PAETH}; // where equal, the first
	int best = UP;
	uint64_t least = UINT64_MAX;
	for (int n = 0; n < FILTERS; n++) {
		apply(order[n], out, row, top, size, channels);
		uint64_t w = weight(out, size);
		if (w < least) {
			least = w;
			best = order[n];
		}
	}
	if (best != PAETH) apply(best, out, row, top, size, channels);
	return best;
}

// A match of deflate takes about this many bits: a length and a distance with its extra bits.
static const double MATCH_BITS = 20;

// SAMPLE is how many bytes in the middle of a band are searched.
enum { SAMPLE = 1 << 14, SLOTS = 1 << 12 };

// entropy is how many bits a byte of the band takes when only its frequency counts, at least the one that Huffman's code needs.
static double entropy(const unsigned char *band, size_t size) {
	uint32_t counts[4][256] = {{0}};
	for (size_t i = 0; i < size; i++) counts[i & 3][band[i]]++;
	double bits = 0;
	for (int v = 0; v < 256; v++) {
		double n = (double)counts[0][v] + counts[1][v] + counts[2][v] + counts[3][v];
		if (n > 0) bits += n * log2((double)size / n);
	}
	return fmax(1, bits / (double)size);
}

double terrane_png_saving(const unsigned char *band, size_t size) {
	double each = entropy(band, size), saved = 0;
	if (size > SAMPLE) {
		band += (size - SAMPLE) / 2;
		size = SAMPLE;
	}
	uint16_t last[SLOTS] = {0}; // where four bytes of this hash were seen last
	for (size_t i = 0; i + 4 <= size;) {
		uint32_t v;
		memcpy(&v, band + i, 4);
		uint16_t *slot = &last[(v * 0x9e3779b1u) >> 20];
		size_t from = *slot, n = 0;
		*slot = (uint16_t)i;
		while (from < i && i + n < size && band[from + n] == band[i + n]) n++;
		if ((double)n * each > MATCH_BITS) {
			saved += (double)n * each - MATCH_BITS;
			i += n;
		} else {
			i++;
		}
	}
	return size ? saved / ((double)size * each) : 0;
}
