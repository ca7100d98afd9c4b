-- A gazetteer, layout 1. Its application_id is 0x54524e50, "TRNP".

-- name, attribution, program, work, sources (JSON), and bound: west, south, east, north in degrees.
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Places, numbered from 1 in the order of their importance. Degrees of WGS 84; east is beyond 180 where a box crosses the antimeridian.
CREATE TABLE place (
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL,
  region      TEXT NOT NULL,
  country     TEXT NOT NULL,
  code        TEXT NOT NULL,   -- of the country, ISO 3166-1
  layer       TEXT NOT NULL,
  population  INTEGER NOT NULL,
  importance  INTEGER NOT NULL,
  lon REAL NOT NULL, lat REAL NOT NULL,
  west REAL NOT NULL, south REAL NOT NULL, east REAL NOT NULL, north REAL NOT NULL
);

-- The terms of each place: internal/places/terms.go. They hold ASCII letters and digits and whatever is not ASCII, which is what the tokenizer takes
-- for words. Only which place has a term is kept, not where in the text: that is all a search asks.
CREATE VIRTUAL TABLE term USING fts5(terms, content='', columnsize=0, detail=none, tokenize='ascii', prefix='1 2 3 4 5 6 7 8');
