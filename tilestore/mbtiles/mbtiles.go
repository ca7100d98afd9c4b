// Package mbtiles keeps a dataset version in one SQLite file, in the MBTiles 1.3 layout with a few tables more, and a folder
// of such files as the catalogue. It is the only package that imports SQLite.
//
// A version is the file <name>@<version>.mbtiles. While it is written it is the hidden file .<name>.mbtiles.partial, held by a
// lock on .<name>.lock that the kernel drops when the process dies; [Writer.Commit] syncs it, renames it and syncs the folder. After
// that it never changes, so it is read as immutable, from read-only media too. The layout is in schema.sql and docs/formats.md.
//
// The bytes of a file follow from the sequence of puts and the Info given to Commit alone: no clock, no random number, and the
// same whether the run was killed and carried on or not.
//
// MBTiles files made by others are read as well: pictures of any MBTiles layout, and quantized-mesh tiles. They have no hashes, so rot
// in them is found only as far as SQLite finds it.
//
// Errors wrap the sentinels of tilestore; those that a user meets are remedy.Error.
package mbtiles

import _ "embed"

// ApplicationID is the application_id of a file of ours, "TRNE" in ASCII.
const ApplicationID = 0x54524e45

// Layout is the user_version of a file: the layout that this program writes. Files with a higher one are refused.
const Layout = 1

// pageSize of files that we write. Tiles of 3 kB fit five to a page; the file is a fifth smaller than with 4096.
const pageSize = 16384

//go:embed schema.sql
var schema string

//go:embed shared.sql
var sharedSchema string

// Names of metadata rows that are ours.
const (
	rowInfo     = "terrane"         // the Info as JSON
	rowInfoHash = "terrane_hash"    // SHA-256 of the value of rowInfo, hex
	rowHeights  = "terrane_heights" // tilestore.Manifest of the grids of heights
	rowRows     = "terrane_rows"    // SHA-256 over all other rows, hex
	rowWork     = "terrane_work"    // Options.Work
	rowDone     = "terrane_done"    // units of work done at the last checkpoint, twelve digits: rewritten in place
)
