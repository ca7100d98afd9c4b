package mbtiles

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// record is tilestore.Info as the file keeps it. Name, version and size are not in it: the file's name and size tell them,
// so that a copy or a renamed file is right.
type record struct {
	Kind        tilestore.Kind  `json:"kind"`
	Title       string          `json:"title,omitempty"`
	Attribution string          `json:"attribution,omitempty"`
	Format      string          `json:"format"`
	CRS         tilegrid.CRS    `json:"crs"`
	Bound       [4]float64      `json:"bound"`
	Levels      [2]uint8        `json:"levels"`
	Extensions  []string        `json:"extensions,omitempty"`
	Available   [][][4]uint32   `json:"available"` // a list a level; minX, minY, maxX, maxY
	Tiles       int64           `json:"tiles"`
	Vertical    string          `json:"vertical,omitempty"`
	Time        time.Time       `json:"time,omitzero"`
	Manifest    string          `json:"manifest"`
	Provenance  json.RawMessage `json:"provenance,omitempty"`
}

func encodeInfo(i tilestore.Info) (string, error) {
	r := record{
		Kind: i.Kind, Title: i.Title, Attribution: i.Attribution, Format: i.Format, CRS: i.Grid.CRS(),
		Bound:  [4]float64{i.Bound.Min[0], i.Bound.Min[1], i.Bound.Max[0], i.Bound.Max[1]},
		Levels: i.Levels, Extensions: i.Extensions, Tiles: i.Tiles, Vertical: i.Vertical, Manifest: i.Manifest, Provenance: i.Provenance,
		Time: i.Time.UTC(),
	}
	for _, level := range i.Available {
		ranges := make([][4]uint32, 0, len(level))
		for _, a := range level {
			ranges = append(ranges, [4]uint32{a.MinX, a.MinY, a.MaxX, a.MaxY})
		}
		r.Available = append(r.Available, ranges)
	}
	b, err := json.Marshal(r)
	return string(b), err
}

// decodeInfo reads what encodeInfo wrote. hash is the value of the row beside it.
func decodeInfo(text, hash string) (tilestore.Info, error) {
	if hashText(text) != hash {
		return tilestore.Info{}, fmt.Errorf("%w: its description does not match its hash", tilestore.ErrCorrupt)
	}
	var r record
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return tilestore.Info{}, fmt.Errorf("%w: its description: %v", tilestore.ErrCorrupt, err)
	}
	i := tilestore.Info{
		Kind: r.Kind, Title: r.Title, Attribution: r.Attribution, Format: r.Format, Grid: gridOf(r.CRS),
		Bound:  orb.Bound{Min: orb.Point{r.Bound[0], r.Bound[1]}, Max: orb.Point{r.Bound[2], r.Bound[3]}},
		Levels: r.Levels, Extensions: r.Extensions, Tiles: r.Tiles, Vertical: r.Vertical, Manifest: r.Manifest, Provenance: r.Provenance,
		Time: r.Time,
	}
	for z, level := range r.Available {
		ranges := make([]tilegrid.Range, 0, len(level))
		for _, a := range level {
			ranges = append(ranges, tilegrid.Range{Z: uint8(z), MinX: a[0], MinY: a[1], MaxX: a[2], MaxY: a[3]})
		}
		i.Available = append(i.Available, ranges)
	}
	return i, nil
}

func hashText(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func gridOf(crs tilegrid.CRS) tilegrid.Grid {
	if crs == tilegrid.WebMercator {
		return tilegrid.Mercator
	}
	return tilegrid.Geodetic
}

// metadata returns the rows that others read, as MBTiles 1.3 names them, in the order in which they are written.
func metadata(i tilestore.Info) [][2]string {
	name := i.Title
	if name == "" {
		name = i.Name
	}
	west, south, east, north := i.Bound.Min[0], i.Bound.Min[1], i.Bound.Max[0], i.Bound.Max[1]
	if east > 180 {
		west, east = -180, 180 // MBTiles knows no bounds across the antimeridian
	}
	rows := [][2]string{
		{"name", name},
		{"format", shortFormat(i.Format)},
		{"bounds", decimals(west, south, east, north)},
		{"center", decimals((west+east)/2, (south+north)/2) + "," + strconv.Itoa(int(i.Levels[0]))},
		{"minzoom", strconv.Itoa(int(i.Levels[0]))},
		{"maxzoom", strconv.Itoa(int(i.Levels[1]))},
		{"type", "baselayer"},
		{"version", strconv.Itoa(i.Version)},
		{"description", name + ", " + string(i.Kind) + " made by Terrane"},
	}
	if i.Attribution != "" {
		rows = append(rows, [2]string{"attribution", i.Attribution})
	}
	if i.Grid != tilegrid.Mercator {
		rows = append(rows, [2]string{"scheme", "tms"}, [2]string{"projection", i.Grid.CRS().String()})
	}
	return rows
}

func decimals(values ...float64) string {
	var b strings.Builder
	for k, v := range values {
		if k > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatFloat(math.Round(v*1e7)/1e7, 'f', -1, 64))
	}
	return b.String()
}

// shortFormat writes a MIME type as MBTiles does: pictures by their usual extension, all else as it is.
func shortFormat(mime string) string {
	switch mime {
	case tilestore.PNG:
		return "png"
	case tilestore.JPEG:
		return "jpg"
	case tilestore.WebP:
		return "webp"
	}
	return mime
}
