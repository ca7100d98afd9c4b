package xyz

import (
	"errors"
	"fmt"
	"testing"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// where is what a path leads to in a grid: the tile in words, or the document.
func where(p Path, g tilegrid.Grid) (string, error) {
	if p.Document != None {
		return fmt.Sprintf("%s document %d @%dx", p.Ref, p.Document, p.Scale), nil
	}
	c, err := p.Coord(g)
	return fmt.Sprintf("%s %s @%dx %s", p.Ref, c, p.Scale, p.MIME), err
}

func TestXYZPathsNameTiles(t *testing.T) {
	for _, c := range []struct {
		path string
		grid tilegrid.Grid
		want string
	}{
		{"alps/0/0/0.png", tilegrid.Mercator, "alps 0/0/0 @1x image/png"},
		{"alps/1/0/0.jpg", tilegrid.Mercator, "alps 1/0/1 @1x image/jpeg"}, // row 0 is the northern one
		{"alps/1/0/1.jpeg", tilegrid.Mercator, "alps 1/0/0 @1x image/jpeg"},
		{"alps/3/7/7.webp", tilegrid.Mercator, "alps 3/7/0 @1x image/webp"},
		{"alps@2/3/7/7@2x.webp", tilegrid.Mercator, "alps@2 3/7/0 @2x image/webp"},
		{"earth/0/1/0.png", tilegrid.Geodetic, "earth 0/1/0 @1x image/png"}, // the eastern root
		{"earth/1/3/1.png", tilegrid.Geodetic, "earth 1/3/0 @1x image/png"},
		{"earth/30/2147483647/1073741823.png", tilegrid.Geodetic, "earth 30/2147483647/0 @1x image/png"},
		{"alps/tilejson.json", tilegrid.Mercator, "alps document 1 @1x"},
		{"alps@4/tilejson@2x.json", tilegrid.Mercator, "alps@4 document 1 @2x"},
	} {
		p, err := ParseXYZ(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		if got, err := where(p, c.grid); err != nil || got != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.path, got, err, c.want)
		}
	}
}

func TestTMSPathsCountFromTheSouth(t *testing.T) {
	for path, want := range map[string]string{
		"alps/1/0/0.jpg":             "alps 1/0/0 @1x image/jpeg",
		"alps@12/1/0/1.jpg":          "alps@12 1/0/1 @1x image/jpeg",
		"alps/tilemapresource.xml":   "alps document 2 @1x",
		"alps@3/tilemapresource.xml": "alps@3 document 2 @1x",
	} {
		p, err := ParseTMS(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got, err := where(p, tilegrid.Mercator); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", path, got, err, want)
		}
	}
}

func TestBadPathsAreRefused(t *testing.T) {
	for _, c := range []struct {
		path string
		want error
	}{
		{"", tilestore.ErrNoDataset},
		{"/0/0/0.png", tilestore.ErrNoDataset},
		{"../0/0/0.png", tilestore.ErrNoDataset},
		{"ALPS/0/0/0.png", tilestore.ErrNoDataset},
		{"alps@/0/0/0.png", tilestore.ErrNoDataset},
		{"alps@01/0/0/0.png", tilestore.ErrNoDataset},
		{"alps@-1/0/0/0.png", tilestore.ErrNoDataset},
		{"alps@1@2/0/0/0.png", tilestore.ErrNoDataset},
		{"<b>/0/0/0.png", tilestore.ErrNoDataset},
		{"alps", ErrPage},
		{"alps/", ErrPage},
		{"alps/0/0/0", ErrPage},
		{"alps/0/0/0.", ErrPage},
		{"alps/0/0/0.tif", ErrPage},
		{"alps/0/0/0.PNG", ErrPage},
		{"alps/0/0/0.png/", ErrPage},
		{"alps/layer.json", ErrPage},
		{"alps/0/0.png", ErrPath},
		{"alps/0/0/0/0.png", ErrPath},
		{"alps/.png", ErrPath},
		{"alps/0//0.png", ErrPath},
		{"alps/0/0/.png", ErrPath},
		{"alps/0/0/@3x.png", ErrPath},
		{"alps/0/0/0@3x.png", ErrPath},
		{"alps/0/0/0@2x@2x.png", ErrPath},
		{"alps/-1/0/0.png", ErrPath},
		{"alps/+1/0/0.png", ErrPath},
		{"alps/0x1/0/0.png", ErrPath},
		{"alps/1.0/0/0.png", ErrPath},
		{"alps/1/0/1.0.png", ErrPath},
		{"alps/1e9/0/0.png", ErrPath},
		{"alps/NaN/0/0.png", ErrPath},
		{"alps/Inf/0/0.png", ErrPath},
		{"alps/01/0/0.png", ErrPath},
		{"alps/0/99999999999999999999/0.png", ErrPath},
		{"alps/0/4294967296/0.png", ErrPath},
		{"alps/0/\u0661/0.png", ErrPath},
		{"alps/0/ 1/0.png", ErrPath},
		{"alps/0/\x00/0.png", ErrPath},
		{"alps/../0/0.png", ErrPath},
		{"alps/0/1/0.png", tilegrid.ErrOutOfGrid},
		{"alps/1/0/2.png", tilegrid.ErrOutOfGrid},
		{"alps/31/0/0.png", tilegrid.ErrOutOfGrid},
		{"alps/256/0/0.png", tilegrid.ErrOutOfGrid}, // not level 0
		{"alps/4294967295/0/0.png", tilegrid.ErrOutOfGrid},
	} {
		for name, parse := range map[string]func(string) (Path, error){"xyz": ParseXYZ, "tms": ParseTMS} {
			p, err := parse(c.path)
			if err == nil {
				_, err = p.Coord(tilegrid.Mercator)
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%s %q: got %v, want %v", name, c.path, err, c.want)
			}
		}
	}
}

func TestEachKindHasItsOwnDocument(t *testing.T) {
	if _, err := ParseXYZ("alps/tilemapresource.xml"); !errors.Is(err, ErrPage) {
		t.Errorf("tilemapresource.xml below /imagery/: %v", err)
	}
	if _, err := ParseTMS("alps/tilejson.json"); !errors.Is(err, ErrPage) {
		t.Errorf("tilejson.json below /tms/: %v", err)
	}
	if _, err := ParseTMS("alps/0/0/0@2x.png"); !errors.Is(err, ErrPath) {
		t.Errorf("@2x below /tms/: %v", err)
	}
}

// TestRowsAreTurnedAtEveryZoom compares XYZ with TMS: the same ground has rows that add up to one less than there are.
func TestRowsAreTurnedAtEveryZoom(t *testing.T) {
	for _, g := range []tilegrid.Grid{tilegrid.Mercator, tilegrid.Geodetic} {
		for z := uint8(0); z <= 22; z++ {
			_, rows := g.Size(z)
			for _, y := range []uint32{0, rows / 3, rows - 1} {
				a, errA := ParseXYZ(fmt.Sprintf("a/%d/0/%d.png", z, y))
				b, errB := ParseTMS(fmt.Sprintf("a/%d/0/%d.png", z, rows-1-y))
				north, errN := a.Coord(g)
				south, errS := b.Coord(g)
				if err := errors.Join(errA, errB, errN, errS); err != nil || north != south {
					t.Fatalf("%s level %d row %d: %s and %s, %v", g.CRS(), z, y, north, south, err)
				}
			}
		}
	}
}

func fuzzPath(f *testing.F, parse func(string) (Path, error), write func(Path, tilegrid.Coord) string) {
	for _, s := range []string{"alps/0/0/0.png", "alps@3/12/2200/1460@2x.jpg", "a/tilejson.json",
		"a/tilejson@2x.json", "a/tilemapresource.xml", "../x", "a/-1/1e3/NaN.webp"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		p, err := parse(path)
		if err != nil {
			if !errors.Is(err, ErrPath) && !errors.Is(err, ErrPage) && !errors.Is(err, tilestore.ErrNoDataset) {
				t.Fatalf("%q: %v", path, err)
			}
			return
		}
		if p.Document != None {
			return
		}
		for _, g := range []tilegrid.Grid{tilegrid.Mercator, tilegrid.Geodetic} {
			c, err := p.Coord(g)
			if err != nil {
				continue
			}
			if again, err := parse(write(p, c) + "." + extensionOf(p.MIME)); err != nil || again.z != p.z || again.x != p.x {
				t.Fatalf("%q: read again: %+v, %v", path, again, err)
			}
			if !g.Valid(c) {
				t.Fatalf("%q: %s is not in the grid", path, c)
			}
		}
	})
}

// FuzzXYZ: what parses names a tile of the grid or is out of it, and nothing else comes out.
func FuzzXYZ(f *testing.F) {
	fuzzPath(f, ParseXYZ, func(p Path, c tilegrid.Coord) string {
		return fmt.Sprintf("%s/%d/%d/%d", p.Ref, c.Z, c.X, p.y)
	})
}

// FuzzTMS: as FuzzXYZ, and rows stay as they are.
func FuzzTMS(f *testing.F) {
	fuzzPath(f, ParseTMS, func(p Path, c tilegrid.Coord) string { return fmt.Sprintf("%s/%s", p.Ref, c) })
}
