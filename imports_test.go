package terrane

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/terrane/terrane"

// heights says how high each package stands. A package may import packages of ours that stand lower, and none beside or above it.
var heights = map[string]int{
	"tilegrid":             0,
	"internal/remedy":      0,
	"internal/sqlite":      0,
	"internal/gzrun":       0,
	"internal/tiff":        0,
	"internal/server/web":  0,
	"internal/resample":    0,
	"internal/inorder":     0,
	"internal/region":      0,
	"internal/fingerprint": 0,
	"internal/geodesic":    0,
	"tilestore":            1,
	"internal/access":      1,
	"internal/raster":      1,
	"internal/snippet":     1,
	"internal/picture":     1,
	"internal/demo":        1,
	"internal/parcel":      1,
	"terrain":              2,
	"imagery":              2,
	"internal/places":      2,
	"tilestore/mbtiles":    2,
	"internal/ion":         2,
	"tilestore/storetest":  2,
	"imagery/style":        3,
	"imagery/wms":          3,
	"imagery/wmts":         3,
	"imagery/xyz":          3,
	"internal/elevation":   3,
	"internal/ingest":      3,
	"internal/tiler":       3,
	"internal/verify":      3,
	"internal/doctor":      3,
	"internal/importer":    3,
	"internal/server":      4,
	"internal/exporter":    4,
	"cmd/terrane":          5,
	"scripts/bench":        5,
	"scripts/bundle":       5,
	"scripts/conformance":  5,
	"scripts/sbom":         5,
}

// walls names the packages of ours that may import a library, tests included: one, of SQLite two (docs/decisions/0018-gazetteer.md). The key is the
// beginning of an import path.
var walls = map[string]string{
	"github.com/lukeroth/gdal":    "internal/raster",
	"github.com/labstack/":        "internal/server",
	"github.com/mattn/go-sqlite3": "internal/sqlite",
	"github.com/chai2010/webp":    "internal/picture",
}

// imported is one import statement: where it stands, what it names. Each file has one more with an empty path, for itself.
type imported struct{ file, pkg, path string }

// TestImportsGoDown reads the files themselves: the answer of `go list` would come stale out of the test cache.
func TestImportsGoDown(t *testing.T) {
	for _, i := range imports(t) {
		own, ours := strings.CutPrefix(i.path, module+"/")
		height, known := heights[i.pkg]
		switch {
		case strings.HasSuffix(i.file, "_test.go"):
			continue
		case !known:
			t.Errorf("%s: package %s is not in the table of heights", i.file, i.pkg)
		case ours && heights[own] >= height:
			t.Errorf("%s: %s (height %d) imports %s (height %d): imports go down only", i.file, i.pkg, height, own, heights[own])
		}
	}
}

// TestWallsHold covers tests too: a second importer of GDAL in a test is a second place that needs GDAL to build.
func TestWallsHold(t *testing.T) {
	for _, i := range imports(t) {
		for library, owner := range walls {
			if strings.HasPrefix(i.path, library) && i.pkg != owner {
				t.Errorf("%s: %s imports %s, which only %q may", i.file, i.pkg, i.path, owner)
			}
		}
	}
}

// imports returns every import of every Go file of the module, whatever its build constraints say.
func imports(t *testing.T) []imported {
	t.Helper()
	var all []imported
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		file := filepath.ToSlash(name)
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		all = append(all, imported{file, path.Dir(file), ""})
		for _, spec := range parsed.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all = append(all, imported{file, path.Dir(file), p})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no Go files found")
	}
	return all
}
