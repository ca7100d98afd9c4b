package mbtiles

import (
	"database/sql/driver"
	"errors"
	"regexp"
	"strings"

	"github.com/terrane/terrane/internal/sqlite"
)

// once is the view by which MBTiles keeps each picture once: two tables, joined by one column each, and no expression anywhere.
var once = regexp.MustCompile(
	`^create view (?:if not exists )?tiles as select [a-z0-9_., ]+ from (\w+) (?:(?:left |inner |left outer )?)join (\w+) on \(?(\w+)\.(\w+) = (\w+)\.(\w+)\)? ?;?$`)

var computed = regexp.MustCompile(`\b(?:as|generated)\b`)

// CheckPlain refuses a file by somebody who is not trusted whose tiles are not just stored: computed ones could keep a query busy, or make a tile
// as large as the memory. What is read has to be tables without computed columns; tiles may be the usual view of two tables, one of which is
// unique in the column that joins them. The error wraps tilestore.ErrForeign, or is that of a file that cannot be read.
func CheckPlain(path string) (err error) {
	db, err := openConn(path, immutable)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tables, view := map[string]bool{}, ""
	err = db.Each("SELECT type, name, sql FROM sqlite_master", func(v []driver.Value) error {
		kind, name, sql := sqlite.AsText(v[0]), strings.ToLower(sqlite.AsText(v[1])), normal(sqlite.AsText(v[2]))
		switch {
		case kind == "trigger", strings.HasPrefix(sql, "create virtual"):
			return foreign(path, "it holds triggers or virtual tables")
		case kind == "table" && computed.MatchString(sql):
			return foreign(path, "a table of it has computed columns")
		case kind == "table":
			tables[name] = true
		case name == "metadata" || name == "heights": // none but these and tiles are read
			return foreign(path, name+" is no table")
		case name == "tiles":
			view = sql
		}
		return nil
	})
	if err != nil || tables["tiles"] {
		return err
	}
	plain, err := joinsOnce(db, view, tables)
	if err == nil && !plain {
		err = foreign(path, "its tiles are neither a table nor the usual view of two")
	}
	return err
}

// normal is SQL in lower case, with single blanks and without quotes.
func normal(sql string) string {
	sql = strings.NewReplacer(`"`, "", "`", "", "'", "", "[", "", "]", "", "=", " = ").Replace(strings.ToLower(sql))
	return strings.Join(strings.Fields(sql), " ")
}

// joinsOnce tells whether a view is of two tables, of which one has a row at most for each of the other.
func joinsOnce(c *sqlite.Conn, view string, tables map[string]bool) (bool, error) {
	m := once.FindStringSubmatch(view)
	if m == nil || strings.Count(view, "select ") != 1 || strings.Count(view, " from ") != 1 || !tables[m[1]] || !tables[m[2]] || m[1] == m[2] {
		return false, nil
	}
	if joined := [2]string{m[3], m[5]}; joined != [2]string{m[1], m[2]} && joined != [2]string{m[2], m[1]} {
		return false, nil
	}
	for _, side := range [][2]string{{m[3], m[4]}, {m[5], m[6]}} {
		unique, err := c.Text(selectUnique, side[0], side[1], side[0], side[1], side[0])
		if err != nil || unique != "0" {
			return err == nil, err
		}
	}
	return false, nil
}

// selectUnique counts what makes a column of a table unique by itself: an index of it alone, or that it is the primary key alone.
const selectUnique = `SELECT
	(SELECT count(*) FROM pragma_index_list(?) l WHERE l."unique" AND NOT l.partial
		AND (SELECT group_concat(coalesce(lower(i.name), '')) FROM pragma_index_info(l.name) i) = ?) +
	(SELECT count(*) FROM pragma_table_info(?) WHERE pk = 1 AND lower(name) = ? AND lower(type) = 'integer') *
	(SELECT count(*) = 1 FROM pragma_table_info(?) WHERE pk > 0)`
