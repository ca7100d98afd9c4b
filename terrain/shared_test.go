package terrain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sharedDir returns data/qmesh of TERRANE_SHARED (default ../shared beside the module), or skips the test.
func sharedDir(t testing.TB) string {
	t.Helper()
	root := os.Getenv("TERRANE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared") // this package is one folder below the module's root
	}
	dir := filepath.Join(root, "data", "qmesh")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no tiles by others at %s: set TERRANE_SHARED", dir)
	}
	return dir
}

// sharedTiles returns the paths of all tiles by others, relative to the folder, by name.
func sharedTiles(t testing.TB) map[string][]byte {
	t.Helper()
	dir, tiles := sharedDir(t), map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), ".terrain") {
			return err
		}
		data, err := os.ReadFile(path)
		tiles[filepath.ToSlash(strings.TrimPrefix(path, dir+string(filepath.Separator)))] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tiles
}
