package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilestore"
)

// theirMap copies the tiles of Natural Earth that CesiumJS comes with, 42 in TMS order with their tilemapresource.xml, and returns the folder.
func theirMap(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "earth")
	if err := os.CopyFS(dir, os.DirFS(sharedFile(t, "imagery/NaturalEarthII_tms"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPicturesByOthersAreImportedAndDescribed(t *testing.T) {
	dir := theirMap(t)
	t.Chdir(t.TempDir())
	code, stdout, stderr := run(t, "import", dir, "--time", "2012-06", "--attribution", "Natural Earth")
	if code != exitDone || stdout != "earth@1  data/earth@1.mbtiles\n" || !strings.Contains(stderr, "42 tiles, geographic grid (--grid), rows from the south (--rows)") {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	for _, c := range []struct {
		args string
		says []string
	}{
		{"list", []string{"FORMAT", "earth", "imagery", "jpeg", "geographic", "0-2", "-180,-90,180,90"}},
		{"info earth", []string{"attribution  Natural Earth", "42 of 256 x 256 pixels", "time         2012-06-01", "imported     earth, rows from the south", "image/jpeg"}},
		{"versions earth", []string{"TIME", "2012-06-01"}},
		{"verify earth", []string{"LEVEL  TILES", "JPEG", "256 x 256", "no faults\n"}},
		{"verify data/earth@1.mbtiles", []string{"no faults\n"}},
		{"verify " + dir, []string{"no faults\n"}},
	} {
		code, stdout, stderr := run(t, strings.Fields(c.args)...)
		for _, want := range c.says {
			if code != exitDone || !strings.Contains(stdout, want) {
				t.Errorf("%s: exit %d, no %q in\n%s%s", c.args, code, want, stdout, stderr)
			}
		}
		if strings.Contains(stdout, "TRIANGLES") || strings.Contains(stdout, "vertical") {
			t.Errorf("%s speaks of terrain:\n%s", c.args, stdout)
		}
	}
	_, stdout, _ = run(t, "verify", "earth", "--json")
	var v verified
	if err := json.Unmarshal([]byte(stdout), &v); err != nil || !v.OK || len(v.Levels) != 3 || v.Levels[2].Formats[tilestore.JPEG] != 32 || v.Levels[2].Pixels != 256 ||
		v.Levels[0].VerifiedMeshes != nil || strings.Contains(stdout, "triangles") {
		t.Errorf("%v\n%s", err, stdout)
	}
}

// TestPicturesDroppedIntoTheFolderAreServedAsTheyAre: no import, no marks of ours.
func TestPicturesDroppedIntoTheFolderAreServedAsTheyAre(t *testing.T) {
	program, data := buildProgram(t), t.TempDir()
	copyShared(t, "tiles/plain_1.mbtiles", data)
	copyShared(t, "tiles/world_l1.mbtiles", data)
	before := listing(t, data)
	list := succeed(t, program, "list", "--json", "--data", data)
	var sums []server.Summary
	if err := json.Unmarshal([]byte(list.stdout), &sums); err != nil || len(sums) != 2 || sums[0].Name != "plain_1" || sums[0].Tiles != 285 || sums[1].Format != tilestore.JPEG {
		t.Errorf("%v\n%s", err, list.stdout)
	}
	for _, c := range []struct{ args, says string }{
		{"info plain_1", "285 of 256 x 256 pixels"}, {"info plain_1", "made by  others; served as it is"}, {"info world_l1", "image/jpeg"},
		{"verify plain_1", "no faults\n"}, {"verify world_l1", "no faults\n"}, {"versions world_l1", "world_l1, world_l1@0"},
	} {
		if o := succeed(t, program, append(strings.Fields(c.args), "--data", data)...); !strings.Contains(o.stdout, c.says) {
			t.Errorf("%s: no %q in\n%s", c.args, c.says, o.stdout)
		}
	}
	_, base := serve(t, program, "--data", data)
	for _, path := range []string{"/imagery/plain_1/4/3/5.png", "/imagery/world_l1/1/1/0.jpg", "/imagery/world_l1/tilejson.json"} {
		if got := status(t, base+path); got != http.StatusOK {
			t.Errorf("%s: %d", path, got)
		}
	}
	for _, address := range []string{"/imagery/world_l1/tilejson.json", "/imagery/world_l1"} {
		if o := succeed(t, program, "verify", base+address, "--json"); !strings.Contains(o.stdout, `"faultCount": 0`) || !strings.Contains(o.stdout, tilestore.JPEG) {
			t.Errorf("%s:\n%s%s", address, o.stdout, o.stderr)
		}
	}
	if after := listing(t, data); after != before {
		t.Errorf("the folder was\n%s and is\n%s", before, after)
	}
}

func TestWhatIsWrongWithPicturesHasItsExitCode(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(dir, file string) // the folder of tiles, and the dataset made of it
		args string
		code int
		says string
	}{
		{"a byte of a tile is flipped", flipPicture, "verify earth", exitVerify, "tile.corrupt"},
		{"a tile by others is text", func(dir, _ string) { os.WriteFile(filepath.Join(dir, "2", "3", "1.jpg"), []byte("<html>"), 0o644) }, "verify DIR", exitVerify,
			"fault 2/3/1: picture.decode: "},
		{"and is not imported", func(dir, _ string) { os.WriteFile(filepath.Join(dir, "2", "3", "1.jpg"), []byte("<html>"), 0o644) }, "import DIR --name b", exitInput,
			"tile 2/3/1 (rows from the south): "},
		{"a grid that is none", nil, "import DIR --grid polar", exitUsage, `grid "polar"`},
		{"a grid that does not fit", nil, "import DIR --grid mercator --name b", exitInput, "outside the grid"},
		{"a time that is none", nil, "import DIR --time yesterday", exitUsage, `--time "yesterday"`},
		{"a time without its offset", nil, "import DIR --time 2024-06-01T10:00:00", exitUsage, "an instant with its offset"},
		{"a file that is no tile store", nil, "import SHARED/broken/invalid.mbtiles", exitInput, "invalid.mbtiles: not a tile store"},
		{"tiles of a format that nobody knows", nil, "import SHARED/broken/invalid-tile-format.mbtiles", exitInput, "neither pictures nor quantized-mesh"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, shared := theirMap(t), filepath.Dir(sharedFile(t, "broken"))
			t.Chdir(t.TempDir())
			if code, _, stderr := run(t, "import", dir); code != exitDone {
				t.Fatalf("import: exit %d\n%s", code, stderr)
			}
			if c.harm != nil {
				c.harm(dir, "data/earth@1.mbtiles")
			}
			args := strings.NewReplacer("DIR", dir, "SHARED", shared).Replace(c.args)
			code, stdout, stderr := run(t, strings.Fields(args)...)
			if code != c.code || !strings.Contains(stdout+stderr, c.says) || !strings.Contains(stderr, "\ntry: ") {
				t.Errorf("exit %d, want %d with %q\n%s%s", code, c.code, c.says, stdout, stderr)
			}
			if left := names(t, "data"); len(left) != 1 {
				t.Errorf("left in the data folder: %v", left)
			}
		})
	}
}

// flipPicture changes a byte in the midst of a JPEG in a file.
func flipPicture(_, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	data[bytes.LastIndex(data, []byte{0xff, 0xd8, 0xff})+3000] ^= 4
	if err := os.WriteFile(file, data, 0o644); err != nil {
		panic(err)
	}
}

func TestInstants(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "2024": "2024-01-01", "2024-06": "2024-06-01", "2024-06-01": "2024-06-01", "2024-06-01T10:30Z": "2024-06-01T10:30:00Z",
		"2024-06-01T12:30:00+02:00": "2024-06-01T10:30:00Z",
	} {
		at, err := parseInstant(text)
		if got := instantText(at); err != nil || got != want || at.Location() != time.UTC {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "0000", "2024-13", "2024-06-01T10:30", "now", "2024-06-01/2024-07-01", "0001-01-01", "2024-06-01T12:30:00.25Z"} {
		if at, err := parseInstant(text); err == nil {
			t.Errorf("%q was taken for %v", text, at)
		}
	}
}
