package importer

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// readPictureDocument reads what lies beside pictures: tilemapresource.xml, or metadata.json or tilejson.json. One that makes no sense is passed over: the tiles can be
// read without.
func (s *Source) readPictureDocument() (claim, error) {
	said := claim{usual: RowsNorth}
	for _, d := range []struct {
		name string
		read func(text []byte, said *claim) error
	}{{"tilemapresource.xml", s.readTileMap}, {"metadata.json", s.readTileJSON}, {"tilejson.json", s.readTileJSON}} {
		text, err := readDocument(filepath.Join(s.path, d.name))
		if err != nil {
			return said, err
		}
		if text == nil {
			continue
		}
		s.seen.Write(text)
		read := claim{usual: said.usual}
		if d.read(text, &read) == nil {
			return read, nil
		}
	}
	return said, nil
}

// tileMap is what matters of tilemapresource.xml, the TileMap of OSGeo's TMS 1.0.0.
type tileMap struct {
	Title, SRS string
	Box        struct {
		MinX float64 `xml:"minx,attr"`
		MinY float64 `xml:"miny,attr"`
		MaxX float64 `xml:"maxx,attr"`
		MaxY float64 `xml:"maxy,attr"`
	} `xml:"BoundingBox"`
	Sets struct {
		Profile string `xml:"profile,attr"`
	} `xml:"TileSets"`
}

// readTileMap takes over a tilemapresource.xml. Its box is in degrees by whoever names the profile mercator or geodetic, as gdal2tiles does; in metres with global-mercator.
func (s *Source) readTileMap(text []byte, said *claim) error {
	var m tileMap
	if err := xml.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("tilemapresource.xml: %w", err)
	}
	s.info.Title, said.rows = m.Title, RowsSouth
	said.grid = gridOf(m.SRS)
	b := orb.Bound{Min: orb.Point{m.Box.MinX, m.Box.MinY}, Max: orb.Point{m.Box.MaxX, m.Box.MaxY}}
	if said.grid == GridMercator && (m.Sets.Profile == "global-mercator" || !inDegrees(b)) {
		b = orb.Bound{Min: degrees(b.Min), Max: degrees(b.Max)}
	}
	if inDegrees(b) {
		said.bound = b
	}
	return nil
}

// gridOf reads the name of a reference system.
func gridOf(srs string) Grid {
	for code, grid := range map[string]Grid{"3857": GridMercator, "900913": GridMercator, "3785": GridMercator, "4326": GridGeographic, "CRS84": GridGeographic} {
		if strings.HasSuffix(srs, code) {
			return grid
		}
	}
	return GridAuto
}

func inDegrees(b orb.Bound) bool {
	return b.Min[0] >= -180 && b.Max[0] <= 540 && b.Min[0] < b.Max[0] && b.Min[1] >= -90 && b.Max[1] <= 90 && b.Min[1] < b.Max[1]
}

// degrees is where a place of EPSG:3857 lies.
func degrees(p orb.Point) orb.Point {
	const radius = 6378137 // metres
	return orb.Point{p[0] / radius * 180 / math.Pi, math.Atan(math.Sinh(p[1]/radius)) * 180 / math.Pi}
}

// readTileJSON takes over a TileJSON, or the metadata of an MBTiles file as mb-util and tippecanoe write them, whose bounds are text.
func (s *Source) readTileJSON(text []byte, said *claim) error {
	var j struct {
		Name, Attribution, Scheme, CRS string
		Bounds                         json.RawMessage
	}
	if err := json.Unmarshal(text, &j); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	s.info.Title, s.info.Attribution = j.Name, j.Attribution
	said.grid = gridOf(j.CRS)
	if rows, err := ParseRows(j.Scheme); err == nil {
		said.rows = rows
	}
	var v [4]float64
	parts := strings.Split(strings.Trim(string(j.Bounds), `"[] `), ",")
	for i := range min(len(parts), len(v)) {
		v[i], _ = strconv.ParseFloat(strings.TrimSpace(parts[i]), 64) // what is no number makes no bound
	}
	if b := (orb.Bound{Min: orb.Point{v[0], v[1]}, Max: orb.Point{v[2], v[3]}}); inDegrees(b) {
		said.bound = b
	}
	return nil
}
