package exporter

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"github.com/terrane/terrane/imagery/xyz"
	"github.com/terrane/terrane/internal/parcel"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// blockBytes is what a small file takes on a disk beyond its bytes, at most.
const blockBytes = 4096

// mostPixels of a picture tile: what package imagery draws.
const mostPixels = 1 << 22

// tree is a folder that is being made.
type tree struct {
	dir      string
	manifest parcel.Manifest
	tiles    *tilestore.Manifest
	ending   string // of tiles
	side     int    // pixels of a picture tile, 0 before the first
	total    int64
}

// Folder writes a version as a folder of static files.
func Folder(ctx context.Context, r *mbtiles.Reader, target string, o Options) (m parcel.Manifest, err error) {
	i := r.Info()
	o.needed = i.SizeBytes + i.Tiles*blockBytes/2
	s, err := newStage(target, true, o)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	t := &tree{dir: s.path("tree"), tiles: tilestore.NewManifest(), ending: endingOf(i), total: i.Tiles}
	if t.manifest, err = describe(ctx, r, parcel.Folder, o); err != nil {
		return m, err
	}
	for z := range uint8(len(i.Available)) {
		if err := t.level(ctx, r, z, o); err != nil {
			return m, err
		}
	}
	if err := t.finish(i, o); err != nil {
		return m, err
	}
	if _, err := seal(t.dir, parcel.FolderManifest, t.manifest, o); err != nil {
		return m, err
	}
	return t.manifest, s.publishFolder("tree")
}

// endingOf is what the names of a dataset's tiles end in.
func endingOf(i tilestore.Info) string {
	switch i.Format {
	case tilestore.JPEG:
		return ".jpg"
	case tilestore.WebP:
		return ".webp"
	case tilestore.PNG:
		return ".png"
	}
	return ".terrain"
}

// level writes the tiles of a level.
func (t *tree) level(ctx context.Context, r *mbtiles.Reader, z uint8, o Options) error {
	column := ""
	for c, err := range r.Coords(ctx, z) {
		if err != nil {
			return err
		}
		tile, err := r.Tile(ctx, c)
		if errors.Is(err, tilestore.ErrNotFound) {
			continue // a row without data, in a file by others
		}
		if err == nil {
			err = t.measure(r.Info(), tile.Data)
		}
		if err != nil {
			return wrote(c.String(), err)
		}
		if dir := filepath.Join(t.dir, strconv.Itoa(int(z)), strconv.Itoa(int(c.X))); dir != column {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			column = dir
		}
		t.tiles.Add(c, tilestore.HashTile(c, tile.Data))
		if err := t.write(c.String()+t.ending, tile.Data); err != nil {
			return err
		}
		o.report(int64(len(t.manifest.Files)), t.total)
	}
	return nil
}

// measure finds out how large pictures are, by the first.
func (t *tree) measure(i tilestore.Info, data []byte) error {
	if i.Kind != tilestore.Imagery || t.side > 0 {
		return nil
	}
	p, err := picture.Decode(data, mostPixels)
	if err == nil {
		t.side = p.Rect.Dx()
	}
	return err
}

// write writes a file and takes it into the manifest.
func (t *tree) write(name string, data []byte) error {
	out, err := createSummed(t.dir, filepath.FromSlash(name))
	if err != nil {
		return wrote(name, err)
	}
	_, wrong := out.Write(data)
	file, err := out.finish()
	file.Path = name
	t.manifest.Files = append(t.manifest.Files, file)
	return wrote(name, errors.Join(wrong, err))
}

// finish writes the documents and the server configuration, and checks that the tiles are those of the version.
func (t *tree) finish(i tilestore.Info, o Options) error {
	sum := t.tiles.Sum()
	if i.Manifest != "" && i.Manifest != sum {
		return fmt.Errorf("%w: the tiles of %s hash to %s, it says %s", tilestore.ErrCorrupt, i.Name, sum, i.Manifest)
	}
	t.manifest.Manifest = sum
	documents, err := t.documents(i, o)
	if err != nil {
		return err
	}
	for _, d := range documents {
		if err := t.write(d.name, d.text); err != nil {
			return err
		}
	}
	return nil
}

type document struct {
	name string
	text []byte
}

// documents are what clients read first, and what servers read.
func (t *tree) documents(i tilestore.Info, o Options) ([]document, error) {
	var all []document
	if i.Kind == tilestore.Terrain {
		text, err := terrain.NewLayer(i).JSON()
		if err != nil {
			return nil, err
		}
		all = append(all, document{"layer.json", text})
	} else {
		layer := xyz.NewLayer("", i.Name, i, t.side)
		j := xyz.NewTileJSON(layer, 1)
		j.Scheme, j.Tiles = "tms", []string{prefixOf(o.URL) + "{z}/{x}/{y}" + t.ending}
		text, err := json.MarshalIndent(j, "", " ")
		if err != nil {
			return nil, err
		}
		var tms bytes.Buffer
		if err := xyz.WriteFolderTileMap(&tms, layer); err != nil {
			return nil, err
		}
		all = append(all, document{"tilejson.json", text}, document{"tilemapresource.xml", tms.Bytes()})
	}
	servers, err := configurations(i)
	return append(all, servers...), err
}

func prefixOf(url string) string {
	if url == "" || strings.HasSuffix(url, "/") {
		return url
	}
	return url + "/"
}

//go:embed servers
var servers embed.FS

// configurations are the files that make web servers serve a folder right, by the names that they are looked for.
func configurations(i tilestore.Info) ([]document, error) {
	var levels []uint8
	for z := i.Levels[0]; z <= i.Levels[1] && z <= tilegrid.MaxLevel; z++ {
		levels = append(levels, z)
	}
	var all []document
	for _, d := range []struct{ from, to string }{{"nginx.conf", "nginx.conf"}, {"htaccess", ".htaccess"}, {"web.config", "web.config"}} {
		form, err := template.ParseFS(servers, path.Join("servers", d.from))
		if err != nil {
			return nil, err
		}
		var text bytes.Buffer
		if err := form.Execute(&text, map[string]any{"Name": i.Name, "Terrain": i.Kind == tilestore.Terrain, "Levels": levels}); err != nil {
			return nil, err
		}
		all = append(all, document{d.to, text.Bytes()})
	}
	return all, nil
}
