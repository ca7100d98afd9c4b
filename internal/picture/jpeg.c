#include "jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

// A picture of more scans is made to keep a decoder busy: encoders write about ten.
#define MOST_SCANS 100

// trap is an error manager that returns to where setjmp was called, where libjpeg's own would exit the process.
struct trap {
	struct jpeg_error_mgr base;
	jmp_buf back;
};

static void on_error(j_common_ptr info) { longjmp(((struct trap *)info->err)->back, 1); }

// on_message makes errors of the warnings that pixels were lost; libjpeg would fill in grey and go on.
static void on_message(j_common_ptr info, int level) {
	if (level >= 0) return;
	switch (info->err->msg_code) {
	case JWRN_ARITH_BAD_CODE:
	case JWRN_HIT_MARKER:
	case JWRN_HUFF_BAD_CODE:
	case JWRN_JPEG_EOF:
	case JWRN_MUST_RESYNC:
		on_error(info);
	}
}

static struct jpeg_error_mgr *set_trap(struct trap *trap) {
	jpeg_std_error(&trap->base);
	trap->base.error_exit = on_error;
	trap->base.emit_message = on_message;
	return &trap->base;
}

static void count_scans(j_common_ptr info) {
	if (((j_decompress_ptr)info)->input_scan_number > MOST_SCANS) ERREXIT(info, JERR_BAD_PROGRESSION);
}

int terrane_jpeg_size(const unsigned char *data, size_t size, int *width, int *height, char *why) {
	struct jpeg_decompress_struct in = {0};
	struct trap trap;
	in.err = set_trap(&trap);
	if (setjmp(trap.back)) {
		trap.base.format_message((j_common_ptr)&in, why);
		jpeg_destroy_decompress(&in);
		return -1;
	}
	jpeg_create_decompress(&in);
	jpeg_mem_src(&in, data, size);
	jpeg_read_header(&in, TRUE);
	*width = in.image_width;
	*height = in.image_height;
	jpeg_destroy_decompress(&in);
	return 0;
}

// to_rgba turns a row of CMYK into RGBA in place. Files with Adobe's marker hold the inks inverted, 255 being none.
static void to_rgba(unsigned char *row, int width, int inverted) {
	for (unsigned char *p = row; p < row + 4 * (size_t)width; p += 4) {
		int k = inverted ? p[3] : 255 - p[3];
		for (int c = 0; c < 3; c++) p[c] = ((inverted ? p[c] : 255 - p[c]) * k + 127) / 255;
		p[3] = 255;
	}
}

int terrane_jpeg_decode(const unsigned char *data, size_t size, unsigned char *rgba, int width, int height, char *why) {
	struct jpeg_decompress_struct in = {0};
	struct jpeg_progress_mgr progress = {.progress_monitor = count_scans};
	struct trap trap;
	in.err = set_trap(&trap);
	if (setjmp(trap.back)) {
		trap.base.format_message((j_common_ptr)&in, why);
		jpeg_destroy_decompress(&in);
		return -1;
	}
	jpeg_create_decompress(&in);
	in.progress = &progress;
	jpeg_mem_src(&in, data, size);
	jpeg_read_header(&in, TRUE);
	int inks = in.jpeg_color_space == JCS_CMYK || in.jpeg_color_space == JCS_YCCK;
	in.out_color_space = inks ? JCS_CMYK : JCS_EXT_RGBA; // both have four bytes a pixel
	jpeg_start_decompress(&in);
	if (in.output_width != (JDIMENSION)width || in.output_height != (JDIMENSION)height) ERREXIT(&in, JERR_BAD_LENGTH);
	while (in.output_scanline < in.output_height) {
		JSAMPROW row = rgba + 4 * (size_t)width * in.output_scanline;
		jpeg_read_scanlines(&in, &row, 1);
		if (inks) to_rgba(row, width, in.saw_Adobe_marker);
	}
	jpeg_finish_decompress(&in);
	jpeg_destroy_decompress(&in);
	return 0;
}

// sink collects the compressed bytes in memory that grows; it outlives an error, so that they can be freed.
struct sink {
	struct jpeg_destination_mgr base;
	unsigned char *data;
	size_t size;
};

static void sink_open(j_compress_ptr out) {
	struct sink *s = (struct sink *)out->dest;
	s->size = 1 << 16;
	s->data = malloc(s->size);
	if (!s->data) ERREXIT1(out, JERR_OUT_OF_MEMORY, 0);
	s->base.next_output_byte = s->data;
	s->base.free_in_buffer = s->size;
}

static boolean sink_grow(j_compress_ptr out) {
	struct sink *s = (struct sink *)out->dest;
	unsigned char *more = realloc(s->data, 2 * s->size);
	if (!more) ERREXIT1(out, JERR_OUT_OF_MEMORY, 0);
	s->data = more;
	s->base.next_output_byte = more + s->size;
	s->base.free_in_buffer = s->size;
	s->size *= 2;
	return TRUE;
}

static void sink_close(j_compress_ptr out) {
	struct sink *s = (struct sink *)out->dest;
	s->size -= s->base.free_in_buffer;
}

int terrane_jpeg_encode(const unsigned char *rgba, int stride, int width, int height, int quality, unsigned char **out,
                        size_t *size, char *why) {
	struct jpeg_compress_struct to = {0};
	struct sink sink = {
		.base = {.init_destination = sink_open, .empty_output_buffer = sink_grow, .term_destination = sink_close}};
	struct trap trap;
	*out = NULL;
	to.err = set_trap(&trap);
	if (setjmp(trap.back)) {
		trap.base.format_message((j_common_ptr)&to, why);
		jpeg_destroy_compress(&to);
		free(*(unsigned char *volatile *)&sink.data);
		return -1;
	}
	jpeg_create_compress(&to);
	to.dest = &sink.base;
	to.image_width = width;
	to.image_height = height;
	to.input_components = 4;
	to.in_color_space = JCS_EXT_RGBX; // alpha is not looked at
	jpeg_set_defaults(&to);           // 4:2:0, the standard's Huffman tables
	jpeg_set_quality(&to, quality, TRUE);
	jpeg_start_compress(&to, TRUE);
	while (to.next_scanline < to.image_height) {
		JSAMPROW row = (JSAMPROW)rgba + (size_t)stride * to.next_scanline;
		jpeg_write_scanlines(&to, &row, 1);
	}
	jpeg_finish_compress(&to);
	jpeg_destroy_compress(&to);
	*out = sink.data;
	*size = sink.size;
	return 0;
}
