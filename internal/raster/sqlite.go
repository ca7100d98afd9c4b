package raster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// isSQLite tells what GDAL's MBTiles and GeoPackage drivers would open.
func isSQLite(head []byte) bool { return bytes.HasPrefix(head, []byte("SQLite format 3\x00")) }

const sqliteAdvice = `close what uses it, or copy it: sqlite3 FILE "VACUUM INTO 'copy.mbtiles'"`

// checkSQLite holds that SQLite writes nothing beside the file, for which it must be whole and not in WAL mode, and that its schema runs no code and opens no
// other file: SQL may call functions of GDAL, and virtual tables may read any file.
func checkSQLite(name, abs string) error {
	f, err := os.Open(abs)
	if err != nil {
		return refuse(name, ErrOpen, "check the permissions", "%v", unpath(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return refuse(name, ErrOpen, "check the file", "%v", unpath(err))
	}
	d, err := newDatabase(f, info.Size())
	if err != nil {
		return refuse(name, ErrCorrupt, "copy the file again", "%v", err)
	}
	for _, ext := range []string{"-wal", "-journal"} {
		if info, err := os.Lstat(abs + ext); err == nil && (info.Size() > 0 || !info.Mode().IsRegular()) {
			return refuse(name, ErrUnsafe, sqliteAdvice, "it is being written, or was left unfinished: %s", filepath.Base(abs)+ext)
		}
	}
	if d.wal {
		return refuse(name, ErrUnsafe, sqliteAdvice, "it is in WAL mode, and cannot be read without writing beside it")
	}
	if err := d.walk(1, 0); err != nil {
		return refuse(name, ErrCorrupt, "copy the file again", "its schema: %v", err)
	}
	return d.check(name, abs)
}

// database reads the schema of an SQLite file, see https://www.sqlite.org/fileformat2.html: a b-tree of rows that begins on page 1. The text of the rows is gathered
// as it lies, fields run together.
type database struct {
	file   io.ReaderAt
	page   int64 // bytes
	usable int64 // bytes of a page that hold data
	wal    bool
	schema []string
	bytes  int64 // read so far
}

// Bounds of a schema that is read: a GeoPackage with hundreds of layers has some hundred kilobytes.
const maxSchema, maxSchemaDepth, maxSchemaRow = 64 << 20, 12, 1 << 20

func newDatabase(f io.ReaderAt, size int64) (*database, error) {
	var head [100]byte
	if _, err := f.ReadAt(head[:], 0); err != nil {
		return nil, errors.New("it ends within its header")
	}
	page := int64(binary.BigEndian.Uint16(head[16:]))
	if page == 1 {
		page = 65536
	}
	if page < 512 || page&(page-1) != 0 || int64(head[20]) > page-480 {
		return nil, errors.New("its header is damaged")
	}
	if size%page != 0 {
		return nil, fmt.Errorf("it ends within a page of %d bytes", page)
	}
	// The number of pages counts only if the program that wrote last knew of it.
	if pages := int64(binary.BigEndian.Uint32(head[28:])); bytes.Equal(head[24:28], head[92:96]) && pages*page > size {
		return nil, fmt.Errorf("it has %d bytes of %d", size, pages*page)
	}
	if encoding := binary.BigEndian.Uint32(head[56:]); encoding > 1 {
		return nil, errors.New("its text is not UTF-8")
	}
	return &database{file: f, page: page, usable: page - int64(head[20]), wal: head[18] > 1 || head[19] > 1}, nil
}

var errSchema = errors.New("damaged")

func (d *database) read(number uint32) ([]byte, error) {
	if d.bytes += d.page; number == 0 || d.bytes > maxSchema {
		return nil, errSchema
	}
	b := make([]byte, d.page)
	if _, err := d.file.ReadAt(b, int64(number-1)*d.page); err != nil {
		return nil, errSchema
	}
	return b, nil
}

// walk gathers the rows of a page and those below.
func (d *database) walk(number uint32, depth int) error {
	b, err := d.read(number)
	if err != nil || depth > maxSchemaDepth {
		return errSchema
	}
	at := 0
	if number == 1 {
		at = 100
	}
	kind, cells := b[at], int(binary.BigEndian.Uint16(b[at+3:]))
	list := at + 8
	if kind == 5 {
		list = at + 12
		if err := d.walk(binary.BigEndian.Uint32(b[at+8:]), depth+1); err != nil {
			return err
		}
	}
	if kind != 5 && kind != 13 || list+2*cells > len(b) {
		return errSchema
	}
	for i := range cells {
		cell := int(binary.BigEndian.Uint16(b[list+2*i:]))
		if cell+4 > len(b) {
			return errSchema
		}
		if kind == 5 {
			err = d.walk(binary.BigEndian.Uint32(b[cell:]), depth+1)
		} else {
			err = d.row(b[cell:])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// row gathers one row of a leaf, its overflow pages included.
func (d *database) row(cell []byte) error {
	size, n := varint(cell)
	_, k := varint(cell[min(n, len(cell)):])
	if n+k >= len(cell) || size > maxSchemaRow {
		return errSchema
	}
	cell = cell[n+k:]
	local := int64(size)
	if most := d.usable - 35; local > most {
		least := (d.usable-12)*32/255 - 23
		if local = least + (local-least)%(d.usable-4); local > most {
			local = least
		}
	}
	if local+4 > int64(len(cell))+4 || local < int64(size) && local+4 > int64(len(cell)) {
		return errSchema
	}
	text := append([]byte(nil), cell[:local]...)
	for next := cell[local:]; uint64(len(text)) < size; {
		b, err := d.read(binary.BigEndian.Uint32(next))
		if err != nil {
			return err
		}
		text = append(text, b[4:4+min(uint64(d.usable-4), size-uint64(len(text)))]...)
		next = b
	}
	d.schema = append(d.schema, string(text))
	return nil
}

// varint decodes SQLite's integers of 1 to 9 bytes.
func varint(b []byte) (v uint64, n int) {
	for n = 0; n < len(b) && n < 9; n++ {
		if n == 8 {
			return v<<8 | uint64(b[n]), 9
		}
		if v = v<<7 | uint64(b[n]&0x7f); b[n] < 0x80 {
			return v, n + 1
		}
	}
	return v, n
}

// check refuses virtual tables other than indices, and functions of GDAL and extensions.
func (d *database) check(name, abs string) error {
	index := regexp.MustCompile(`create virtual table ("[^"]*"|\w+) using "?(rtree|fts[345])"?\s*\(`)
	code := regexp.MustCompile(`ogr_(geocode|datasource|layer|get|set)|gdal_get|load_extension|blobfromfile|blobtofile|eval\s*\(`)
	for _, s := range d.schema {
		s = strings.ToLower(s)
		if strings.Count(s, "virtual") != len(index.FindAllString(s, -1)) && strings.Contains(s, "using") {
			return refuse(name, ErrUnsafe, "gdal_translate FILE out.tif, if you trust it", "it has a virtual table that can read other files")
		}
		if code.MatchString(s) {
			return refuse(name, ErrUnsafe, "gdal_translate FILE out.tif, if you trust it", "its SQL calls %s", code.FindString(s))
		}
	}
	return checkSidecars(name, abs)
}
