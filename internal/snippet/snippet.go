// Package snippet writes the lines that a user pastes into a client to see a dataset of this server: CesiumJS, OpenLayers, MapLibre, Leaflet, QGIS,
// Unreal, curl. It is the one place that holds them: the catalogue page shows what the server sends, and the command line prints the same.
//
// A snippet is whole. Those in JavaScript make the map in an element of a page that has loaded the client (cesiumContainer for CesiumJS, map for the
// others), add the dataset, and look at it; they use the client's global name (Cesium, ol, maplibregl, L) and ask no other host. Those for CesiumJS
// use await, so they are for a module. The rest are values for dialogs, or commands of a shell.
//
// What a client cannot do is not offered. MapLibre and Leaflet draw Mercator only: a dataset in the geographic grid reaches them through the server's
// WMS, which reprojects. Rectangles of data that cross the antimeridian are cut in two for CesiumJS, which would drop the part beyond it, and are
// left out for Leaflet, MapLibre and OpenLayers, which wrap tiles but not rectangles.
//
// The templates are in clients/, one a client. Every text that comes from a dataset is quoted for where it stands: URLs are escaped, attributions
// are made HTML (all these clients take them for HTML) and then a string of JavaScript.
package snippet

import (
	"embed"
	"strings"
	"text/template"
)

// The kinds of datasets.
const (
	Terrain = "terrain"
	Imagery = "imagery"
)

// Dataset is what snippets tell of a dataset.
type Dataset struct {
	Name        string     // name or name@version
	Kind        string     // Terrain or Imagery
	BaseURL     string     // where the client sees the server, without a slash at the end
	Grid        string     // of the pictures: mercator or geographic
	Levels      [2]uint8   // of the pictures, first and last
	Bounds      [4]float64 // west, south, east, north in degrees; east may exceed 180
	TileSize    int        // pixels a side of a picture; 0 is 256
	Ext         string     // of the pictures in URLs: png, jpg or webp; "" is png
	Style       string     // of the pictures; "" is the default of imagery, and for terrain: there are no pictures
	Attribution string     // plain text
	IonAsset    int64      // number that stands for it in apps written for Cesium ion; 0: none
}

// Snippet is what to paste into one client.
type Snippet struct {
	Client string // in URLs, JSON and flags: cesium, openlayers, ...
	Title  string // for people: CesiumJS
	Code   string // lines without a newline at the end
}

// clients is every client in the order in which people are shown them, and for which datasets it has a snippet.
var clients = []struct {
	name, title string
	fits        func(Dataset) bool
}{
	{"cesium", "CesiumJS", always},
	{"ion", "CesiumJS, Cesium ion swap", Dataset.numbered},
	{"cesium-wmts", "CesiumJS, WMTS", Dataset.pictured},
	{"cesium-1.48", "CesiumJS 1.48", always},
	{"openlayers", "OpenLayers", Dataset.pictured},
	{"maplibre", "MapLibre", Dataset.pictured},
	{"leaflet", "Leaflet", Dataset.pictured},
	{"qgis", "QGIS", always},
	{"unreal", "Unreal", always},
	{"curl", "curl", always},
}

func always(Dataset) bool { return true }

func (d Dataset) numbered() bool { return d.IonAsset != 0 }

func (d Dataset) terrain() bool { return d.Kind == Terrain }

// pictured tells whether there are pictures of d: terrain without heights has none.
func (d Dataset) pictured() bool { return d.Kind == Imagery || d.Style != "" }

// Client is a program that there are snippets for.
type Client struct{ Name, Title string }

// Clients lists them all, best known first.
func Clients() []Client {
	var all []Client
	for _, c := range clients {
		all = append(all, Client{c.name, c.title})
	}
	return all
}

//go:embed clients
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"js": quote, "box": box}).ParseFS(files, "clients/*.tmpl"))

// For returns the snippets of a dataset, one a client, best known clients first. The same dataset gives the same text.
func For(d Dataset) []Snippet {
	v := newView(d)
	var all []Snippet
	for _, c := range clients {
		if c.fits(d) {
			all = append(all, Snippet{c.name, c.title, v.write(c.name)})
		}
	}
	return all
}

func (v view) write(client string) string {
	var b strings.Builder
	if err := templates.ExecuteTemplate(&b, client+".tmpl", v); err != nil { // a strings.Builder takes everything; the tests run every template
		panic(err)
	}
	return strings.TrimSpace(b.String())
}
