// Package gzrun writes and cuts gzip members made of runs.
//
// A terrain tile is asked for with and without its extensions (normals, water mask). Storing it as one gzip member whose parts are deflate runs
// that refer to nothing before themselves lets the server join just the parts asked for, without inflating anything, while every
// other reader sees an ordinary gzip file (RFC 1952, RFC 1951). bgzip and dictzip use the header's extra field in the same way.
//
// Layout: a gzip header with FEXTRA and one subfield "TR" that holds one entry a run, 13 bytes each, little endian:
//
//	u8  id             what the run is; unique in the member
//	u32 deflated bytes of the run, its sync flush included
//	u32 plain bytes of the run
//	u32 CRC-32 (IEEE) of the plain bytes
//
// then the runs, each ended by a sync flush, then the empty final block 01 00 00 ff ff, then CRC-32 and length of the whole.
package gzrun
