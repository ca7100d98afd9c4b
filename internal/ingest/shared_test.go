package ingest

import (
	"os"
	"path/filepath"
	"testing"
)

// sharedFile returns a file of the real test data, or skips the test where the data is absent.
func sharedFile(t testing.TB, name string) string {
	t.Helper()
	folder := os.Getenv("TERRANE_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared")
	}
	path, err := filepath.Abs(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no real data: %s is absent; set TERRANE_SHARED", name)
	}
	return path
}
