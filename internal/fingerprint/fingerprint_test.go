package fingerprint

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFingerprintsTellFilesApart(t *testing.T) {
	const limit = blockBytes * blocks
	for _, size := range []int64{0, 1, limit, limit + 1, limit + 12345, 1 << 33} {
		path := filepath.Join(t.TempDir(), "sparse")
		print := func(at int64) string {
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err = f.Truncate(size); err == nil && at >= 0 {
				_, err = f.WriteAt([]byte{1}, at)
			}
			if err != nil {
				t.Fatal(err)
			}
			sum, err := File(path)
			if err != nil {
				t.Fatal(err)
			}
			return sum
		}
		plain := print(-1)
		if print(-1) != plain || len(plain) != 64 {
			t.Errorf("%d bytes: %s is no fingerprint", size, plain)
		}
		for _, at := range []int64{0, size - 1} {
			if size > 0 && print(at) == plain {
				t.Errorf("%d bytes: a change at %d is not seen", size, at)
			}
		}
	}
	if _, err := File(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
}

func TestWhatLiesBesideARasterIsPartOfIt(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	print := func(name string) string {
		sum, err := Raster(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	put("a.jpg", "picture")
	put("m.vrt", `<VRTDataset><SourceFilename relativeToVRT="1">a.jpg</SourceFilename></VRTDataset>`)
	seen, mosaic := map[string]string{print("a.jpg"): "alone"}, print("m.vrt")
	for _, change := range [][2]string{{"a.jgw", "1"}, {"a.jgw", "2"}, {"a.jpg.aux.xml", "x"}, {"a.prj", "x"}, {"a.jpg.ovr", "x"}} {
		put(change[0], change[1])
		sum := print("a.jpg")
		if was, ok := seen[sum]; ok {
			t.Errorf("after %v as before: %s", change, was)
		}
		seen[sum] = change[0]
	}
	same := print("a.jpg")
	for _, other := range []string{"ab.jgw", "a.tif", "a.txt", "b.jgw"} {
		put(other, "x")
		if print("a.jpg") != same {
			t.Errorf("%s says nothing of a.jpg", other)
		}
	}
	put("a.jpg", "another picture")
	if print("m.vrt") == mosaic {
		t.Error("a mosaic of another picture is the same")
	}
}
