// What jpeg.go asks of libjpeg-turbo. Every function returns 0, or -1 with a reason of at most JPEG_REASON bytes in why.
#ifndef TERRANE_PICTURE_JPEG_H
#define TERRANE_PICTURE_JPEG_H

#include <stddef.h>

#define JPEG_REASON 200 // JMSG_LENGTH_MAX

int terrane_jpeg_size(const unsigned char *data, size_t size, int *width, int *height, char *why);

// rgba holds width * height pixels, the size that terrane_jpeg_size gave.
int terrane_jpeg_decode(const unsigned char *data, size_t size, unsigned char *rgba, int width, int height, char *why);

// *out is malloc'ed, the caller's to free; it is NULL after an error.
int terrane_jpeg_encode(const unsigned char *rgba, int stride, int width, int height, int quality, unsigned char **out,
                        size_t *size, char *why);

#endif
