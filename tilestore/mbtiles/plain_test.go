package mbtiles

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/terrane/terrane/tilestore"
)

func TestTilesThatAreNotJustStoredAreNotPlain(t *testing.T) {
	const tables = "CREATE TABLE map (a, id); CREATE TABLE images (id, b); "
	const unique = tables + "CREATE UNIQUE INDEX i ON images (id); "
	for _, c := range []struct {
		name, sql string
		plain     bool
	}{
		{"a table", "CREATE TABLE tiles (a, b); CREATE VIEW grids AS SELECT count(*) FROM tiles", true},
		{"pictures that are kept once", unique + "CREATE VIEW [tiles] AS\n SELECT map.a AS a, images.b FROM \"map\" JOIN images ON images.id=map.id;", true},
		{"the same by a primary key", "CREATE TABLE map (a, id); CREATE TABLE images (id TEXT PRIMARY KEY, b); " +
			"CREATE VIEW tiles AS SELECT a, b FROM map JOIN images ON (map.id = images.id)", true},
		{"the same, as we write it", sharedSchema, true},
		{"nothing unique", tables + "CREATE VIEW tiles AS SELECT a, b FROM map JOIN images ON images.id = map.id", false},
		{"unique only in some rows", tables + "CREATE UNIQUE INDEX i ON images (id) WHERE b > 0; " +
			"CREATE VIEW tiles AS SELECT a, b FROM map JOIN images ON images.id = map.id", false},
		{"unique with another column", tables + "CREATE UNIQUE INDEX i ON images (id, b); " +
			"CREATE VIEW tiles AS SELECT a, b FROM map JOIN images ON images.id = map.id", false},
		{"a primary key of two columns", "CREATE TABLE map (a, id); CREATE TABLE images (id INTEGER, b, PRIMARY KEY (id, b)); " +
			"CREATE VIEW tiles AS SELECT a, b FROM map JOIN images ON images.id = map.id", false},
		{"metadata that are computed", "CREATE TABLE tiles (a); CREATE VIEW metadata AS SELECT 1 AS name, 2 AS value", false},
		{"all with all", unique + "CREATE VIEW tiles AS SELECT a, b FROM map JOIN images WHERE map.id + images.id < 0", false},
		{"a table with itself", unique + "CREATE VIEW tiles AS SELECT a, b FROM images JOIN images ON images.id = images.id", false},
		{"a large value", unique + "CREATE VIEW tiles AS SELECT a, zeroblob(900000000) AS b FROM map JOIN images ON images.id = map.id", false},
		{"a large value in a table", "CREATE TABLE tiles (a, b AS (zeroblob(900000000)))", false},
		{"a recursion", "CREATE VIEW tiles AS WITH r(n) AS (SELECT 0 UNION ALL SELECT n+1 FROM r) SELECT n FROM r", false},
		{"a union", unique + "CREATE VIEW tiles AS SELECT a, id FROM map m, map n UNION SELECT a, b FROM map JOIN images ON images.id = map.id", false},
		{"many tables", tables + "CREATE VIEW tiles AS SELECT a FROM map m, map n, map o", false},
		{"a view of a view", unique + "CREATE VIEW one AS SELECT a, id FROM map; CREATE VIEW tiles AS SELECT a, b FROM one JOIN images ON images.id = one.id", false},
		{"a trigger", tables + "CREATE TRIGGER t AFTER INSERT ON map BEGIN DELETE FROM map; END", false},
		{"nothing", tables, false},
	} {
		path := filepath.Join(t.TempDir(), "x.mbtiles")
		db, err := openConn(path, "mode=rwc")
		if err == nil {
			err = errors.Join(db.Exec(c.sql), db.Close())
		}
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := CheckPlain(path); (err == nil) != c.plain || err != nil && !errors.Is(err, tilestore.ErrForeign) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
