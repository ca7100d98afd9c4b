-- Layout 1 of a Terrane dataset file. Others read it as MBTiles 1.3: metadata and tiles are theirs, the rest is ours.
-- Rows count from the south. The hash stands before the data, so that reading it never touches an overflow page.

CREATE TABLE metadata (name TEXT, value TEXT);
CREATE UNIQUE INDEX metadata_index ON metadata (name);

CREATE TABLE tiles (
  zoom_level  INTEGER,
  tile_column INTEGER,
  tile_row    INTEGER,
  tile_hash   BLOB,     -- tilestore.HashTile, 16 bytes
  tile_data   BLOB      -- terrain: a gzip member of runs; imagery: the picture's own bytes
);
-- By row, then column: the order of tilestore.Lister, of availability and of the manifest.
CREATE UNIQUE INDEX tiles_index ON tiles (zoom_level, tile_row, tile_column);

CREATE TABLE heights (
  zoom     INTEGER,
  "column" INTEGER,
  "row"    INTEGER,
  hash     BLOB,        -- tilestore.HashTile, 16 bytes
  data     BLOB         -- terrain.EncodeHeights
);
CREATE UNIQUE INDEX heights_index ON heights (zoom, "row", "column");
