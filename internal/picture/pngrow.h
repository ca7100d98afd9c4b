// What pngrow.go asks of C: the two loops over every byte of a PNG, which a C compiler turns into vector instructions.
#ifndef TERRANE_PICTURE_PNGROW_H
#define TERRANE_PICTURE_PNGROW_H

#include <stddef.h>

// terrane_png_filter filters a row of size bytes by the row above it and returns the filter that it took. row and top have
// channels bytes of 0 before them; out takes size bytes.
int terrane_png_filter(unsigned char *restrict out, const unsigned char *restrict row, const unsigned char *restrict top,
                       size_t size, size_t channels);

// terrane_png_saving guesses which share of a band's bits a search for repeats saves, beside Huffman's code alone.
double terrane_png_saving(const unsigned char *band, size_t size);

#endif
