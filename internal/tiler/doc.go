// Package tiler turns rasters into the picture tiles of an imagery dataset.
//
//   - [Plan]: each source has the deepest level that it is fine enough for; levels are made in stages of a few, stages are cut into units, subtrees.
//   - oven: bakes one unit. The first stage warps the sources into one window of the deepest level, each source pixel once; the levels above are averages of two by
//     two pixels of the window. A later stage takes the tiles that those before stored, and where the ground has none as deep, warps the sources. So a level
//     holds the tiles that touch sources as fine, the coarser ones filled in around them: docs/decisions/0012-fineness-of-mosaics.md. Blank ground is passed over.
//   - tiles without a visible pixel are not stored; how the others are written is up to [Format].
//   - valueKeeper: packs the sources' own values under a tile, where none is deeper, if they are to be kept beside it.
//   - [Job]: sources, plan and oven under one name; what a command needs.
//
// Averages are plain means of the stored values, weighted with alpha, not of linear light: as GDAL's overviews are. Where pixels are classes (nearest), a parent takes
// one of its children's.
//
// Rows count from the south in tiles and from the north in pixels: pixel (0, 0) of a level is the north-west corner of the grid.
package tiler
