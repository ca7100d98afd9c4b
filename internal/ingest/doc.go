// Package ingest turns elevation models into the tiles of a terrain dataset.
//
// Everything hangs on one lattice. Post (i, j) of level z lies at longitude -180 + i*s and latitude -90 + j*s, s = 180/(64 << z) degrees; tile x, y holds the
// posts 64x .. 64x+64 and 64y .. 64y+64, borders included. A post's height depends on its place alone: not on the tile, unit or goroutine that asks. That is what
// makes neighbours meet, and what every part here has to keep.
//
//   - [Plan]: the deepest level of each source follows from its pixels; levels are made in stages of a few, stages are cut into units, each a subtree.
//   - guide: a thumbnail of the sources, its holes filled, its rim sloping down to the base. It says what the ground is where there is no data.
//   - joint: the sources laid over each other, feathered where one ends on another.
//   - ground: a finished dataset as a source. A [Job] over one ([Under]) renews it: it makes the tiles that sources touch, and copies the others.
//   - plot: a building site as a source ([PrepareSite]).
//   - oven: bakes one unit. It loads a window of posts from the sources, or from what the stage before stored; fills posts without data (filler); makes the
//     levels above by low pass (pyramid); and meshes, encodes and packs each tile that holds data.
//   - shores and painter: what is water, by polygons and sea level; each tile's water mask; the sea floor raised to the sea if so told.
//   - [Baker.Run]: hands units to goroutines, and one writer stores them in the plan's order. After each stage it adds the tiles that balance the tree (rim).
//   - [Job]: sources, plan and baker under one name; what a command needs.
//
// Heights are metres above the ellipsoid of WGS 84, where the sources say or the user says what theirs count from; else as the sources have them. The base is
// then sea level by the same geoid. Errors of sources match raster.ErrInput, those of options [ErrOptions]; both come as
// remedy.Error where a file or flag is to blame.
package ingest
