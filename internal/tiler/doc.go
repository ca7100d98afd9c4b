// Package tiler turns rasters into the picture tiles of an imagery dataset.
//
//   - [Plan]: the deepest level follows from the sources' finest pixels; levels are made in stages of a few, stages are cut into units, each a subtree.
//   - oven: bakes one unit. The first stage warps the sources into one window of the deepest level, each source pixel once; the levels above are averages of two by
//     two pixels of the window. A later stage takes the tiles that the one before stored at its root.
//   - tiles without a visible pixel are not stored; how the others are written is up to [Format].
//   - [Job]: sources, plan and oven under one name; what a command needs.
//
// Averages are plain means of the stored values, weighted with alpha, not of linear light: as GDAL's overviews are. Where pixels are classes (nearest), a parent takes
// one of its children's.
//
// Rows count from the south in tiles and from the north in pixels: pixel (0, 0) of a level is the north-west corner of the grid.
package tiler
