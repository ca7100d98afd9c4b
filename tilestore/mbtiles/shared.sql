-- Layout 1 of a dataset whose equal tiles are stored once (imagery): as schema.sql, but tiles is a view, as MBTiles allows.

CREATE TABLE metadata (name TEXT, value TEXT);
CREATE UNIQUE INDEX metadata_index ON metadata (name);

CREATE TABLE images (
  tile_id   INTEGER PRIMARY KEY,
  content   BLOB,       -- the first 16 bytes of SHA-256 over tile_data
  mime      TEXT,       -- of tile_data, by its first bytes
  tile_data BLOB        -- the picture's own bytes
);
CREATE UNIQUE INDEX images_index ON images (content);

CREATE TABLE map (
  zoom_level  INTEGER,
  tile_column INTEGER,
  tile_row    INTEGER,
  tile_hash   BLOB,     -- tilestore.HashTile, 16 bytes
  tile_id     INTEGER   -- of images
);
CREATE UNIQUE INDEX map_index ON map (zoom_level, tile_row, tile_column);

CREATE VIEW tiles AS
  SELECT zoom_level, tile_column, tile_row, tile_hash, tile_data FROM map LEFT JOIN images ON images.tile_id = map.tile_id;

CREATE TABLE heights (
  zoom     INTEGER,
  "column" INTEGER,
  "row"    INTEGER,
  hash     BLOB,        -- tilestore.HashTile, 16 bytes
  data     BLOB         -- imagery.EncodeValues
);
CREATE UNIQUE INDEX heights_index ON heights (zoom, "row", "column");
