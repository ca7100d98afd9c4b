// What pngrow.go asks of C: the two loops over every byte of a PNG, which a C compiler turns into vector instructions.
#ifndef TERRANE_PICTURE_PNGROW_H
#define TERRANE_PICTURE_PNGROW_H

#include <stddef.h>

// terrane_png_filter filters a row of size bytes by the row above it and returns the filter that it took. row and top have
// channels bytes of 0 before them; out takes size bytes.
int terrane_png_filter(unsigned char *restrict out, const unsigned char *restrict row, const unsigned char *restrict top,
                       size_t size, size_t channels);

// terrane_png_repeats returns the share of pixel pairs of a band that have been seen before in it; of channels below three, of six bytes.
double terrane_png_repeats(const unsigned char *band, size_t size, size_t channels);

#endif
