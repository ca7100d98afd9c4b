package wmts

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/terrane/terrane/tilegrid"
)

// DefaultStyle names the first style of any layer, whatever that style is called.
const DefaultStyle = "default"

// Tile is a request that a layer can answer. The row of Coord counts from the south.
type Tile struct {
	Set        Set
	Coord      tilegrid.Coord
	Style      string
	Format     Format
	Dimensions map[string]string // a value for each dimension of the layer, by its name; nil if it has none
}

// Info is a request for what lies under a pixel: Column from the left of the tile, Row from its top.
type Info struct {
	Tile
	Column, Row int
	InfoFormat  Format
}

// Tile checks a request against the layer that it names. Errors are [*Exception].
func (l Layer) Tile(t GetTile) (Tile, error) {
	var out Tile
	var err error
	if out.Style, err = l.style(t.Style); err != nil {
		return out, err
	}
	if out.Format, err = choose(l.Formats, t.Format, t.Ext, "Format"); err != nil {
		return out, err
	}
	if out.Dimensions, err = l.dimensions(t.Other); err != nil {
		return out, err
	}
	k := slices.IndexFunc(l.Links, func(k Link) bool { return k.named(t.Set) })
	if k < 0 {
		return out, l.noSet()
	}
	out.Set = l.Links[k].Set
	out.Coord, err = l.Links[k].coord(t)
	return out, err
}

// noSet is the answer to a tile matrix set that the layer is not cut in. It names those that it is.
func (l Layer) noSet() *Exception {
	var all []string
	for _, k := range l.Links {
		all = append(all, k.ID())
	}
	return invalid("TileMatrixSet", "the layer has no such tile matrix set, but: "+strings.Join(all, ", "))
}

// Info checks a request for feature information. Errors are [*Exception].
func (l Layer) Info(i GetFeatureInfo) (Info, error) {
	var out Info
	var err error
	if len(l.InfoFormats) == 0 {
		return out, noInfo()
	}
	if i.Format == "" && i.Ext == "" { // a REST path names the format of the answer only
		i.Format = l.Formats[0].MIME
	}
	if out.Tile, err = l.Tile(i.GetTile); err != nil {
		return out, err
	}
	if out.InfoFormat, err = choose(l.InfoFormats, i.InfoFormat, i.InfoExt, "InfoFormat"); err != nil {
		return out, err
	}
	if out.Row, err = pixel(i.J, "J", out.Set.TileSize); err != nil {
		return out, err
	}
	out.Column, err = pixel(i.I, "I", out.Set.TileSize)
	return out, err
}

func (l Layer) style(name string) (string, error) {
	for _, s := range l.Styles {
		if s.Name == name {
			return name, nil
		}
	}
	if name == DefaultStyle && len(l.Styles) > 0 {
		return l.Styles[0].Name, nil
	}
	return "", invalid("Style", "the layer has no such style")
}

// choose finds a format by MIME type, or by extension if there is no MIME type. jpeg and jpg are one.
func choose(formats []Format, mime, ext, locator string) (Format, error) {
	mime, ext = strings.ToLower(mime), strings.ToLower(ext)
	if mime == "image/jpg" {
		mime = formatJPEG.MIME
	}
	if ext == "jpeg" {
		ext = formatJPEG.Ext
	}
	for _, f := range formats {
		if mime != "" && f.MIME == mime || mime == "" && f.Ext == ext {
			return f, nil
		}
	}
	return Format{}, invalid(locator, "the layer is not served in this format")
}

// dimensions returns the value of each dimension: what was asked for, else its default.
func (l Layer) dimensions(asked map[string]string) (map[string]string, error) {
	if len(l.Dimensions) == 0 {
		return nil, nil
	}
	values := make(map[string]string, len(l.Dimensions))
	for _, d := range l.Dimensions {
		v := asked[strings.ToLower(d.Name)]
		if v == "" || v == "default" {
			v = d.Default
		}
		switch {
		case v == "":
			return nil, missing(d.Name)
		case !slices.Contains(d.Values, v):
			return nil, invalid(d.Name, "the layer has no such value of this dimension")
		}
		values[d.Name] = v
	}
	return values, nil
}

// coord finds the tile, and turns its row.
func (k Link) coord(t GetTile) (tilegrid.Coord, error) {
	var none tilegrid.Coord
	z, whole := number(t.Matrix)
	n := slices.IndexFunc(k.Limits, func(m Limit) bool { return whole && int64(m.Level) == z })
	if n < 0 {
		return none, invalid("TileMatrix", "the layer has no such tile matrix")
	}
	m := k.Limits[n]
	row, err := within(t.Row, "TileRow", m.MinRow, m.MaxRow)
	if err != nil {
		return none, err
	}
	col, err := within(t.Col, "TileCol", m.MinCol, m.MaxCol)
	if err != nil {
		return none, err
	}
	return k.Set.Grid.FlipY(tilegrid.Coord{Z: m.Level, X: col, Y: row}), nil
}

func within(s, locator string, lo, hi uint32) (uint32, error) {
	v, whole := number(s)
	switch {
	case !whole:
		return 0, invalid(locator, "the value is not a whole number")
	case v < int64(lo) || v > int64(hi):
		return 0, &Exception{TileOutOfRange, locator, "the tile lies outside of the layer's limits", http.StatusBadRequest}
	}
	return uint32(v), nil
}

func pixel(s, locator string, size int) (int, error) {
	v, whole := number(s)
	switch {
	case !whole:
		return 0, invalid(locator, "the value is not a whole number")
	case v < 0 || v >= int64(size):
		return 0, &Exception{PointIJOutOfRange, locator, "the point lies outside of the tile", http.StatusBadRequest}
	}
	return int(v), nil
}

// number reads a whole number of decimal digits, with a minus sign if it is negative and without leading zeros. One that is
// too large for an int64 is -1 or the largest: whole, and out of any range.
func number(s string) (v int64, whole bool) {
	d := strings.TrimPrefix(s, "-")
	if d == "" || len(d) > 1 && d[0] == '0' || strings.Trim(d, "0123456789") != "" {
		return 0, false
	}
	v, _ = strconv.ParseInt(s, 10, 64) // out of range: the nearest int64
	return v, true
}
