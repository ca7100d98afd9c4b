package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// publishVersion publishes the next version of a dataset: tiles, and what is said of them.
func publishVersion(t testing.TB, dir, name string, tiles map[tilegrid.Coord][]byte, info tilestore.Info) {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), dir, name, mbtiles.Options{Shared: info.Kind == tilestore.Imagery})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for c, data := range tiles {
		if err := w.Put(t.Context(), c, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(t.Context(), info); err != nil {
		t.Fatal(err)
	}
}

// terrainVersions publishes versions 1 to n of "alps", which differ in their western root.
func terrainVersions(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for v := range n {
		publishVersion(t, dir, "alps", rootTiles(t, v+1), tilestore.Info{Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh, Vertical: "ellipsoid"})
	}
	return dir
}

// rootTiles are both roots, the western one as wide in height as mark says.
func rootTiles(t *testing.T, mark int) map[tilegrid.Coord][]byte {
	t.Helper()
	tiles := map[tilegrid.Coord][]byte{}
	for c := range (tilegrid.Range{MaxX: 1}).All() {
		m, err := terrain.Decode(strings.NewReader(string(squareTile(t, c))))
		if err != nil {
			t.Fatal(err)
		}
		if c.X == 0 {
			m.Header.Max += float32(mark)
		}
		tiles[c] = gzrun.Pack([]gzrun.Run{{ID: 0, Data: terrain.AppendMesh(nil, m)}})
	}
	return tiles
}

func TestUseIsMarkedKeptAndTakenBack(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := terrainVersions(t, 2)
	t.Setenv("TERRANE_DATA", dir)
	if code, _, stderr := run(t, "use", "alps@1"); code != exitDone || !strings.Contains(stderr, "alps is version 1, and stays so") {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	if _, stdout, stderr := run(t, "versions", "alps"); !strings.Contains(stdout, "alps, alps@1") || !strings.Contains(stderr, "alps stays version 1") {
		t.Errorf("versions:\n%s%s", stdout, stderr)
	}
	_, stdout, _ := run(t, "versions", "alps", "--json")
	var list []versioned
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || len(list) != 2 || list[0].Current || !list[1].Current || !list[1].Used {
		t.Errorf("versions --json: %v\n%s", err, stdout)
	}
	if _, stdout, _ := run(t, "list"); !strings.Contains(stdout, "1 (+1)") {
		t.Errorf("list:\n%s", stdout)
	}
	if code, _, stderr := run(t, "import", tileFolder(t, false), "--name", "alps"); code != exitDone || !strings.Contains(stderr, "alps stays version 1") {
		t.Errorf("a new version: exit %d\n%s", code, stderr)
	}
	if code, stdout, _ := run(t, "use", "alps", "--json"); code != exitDone || !strings.Contains(stdout, `"version": 3`) {
		t.Errorf("back: exit %d\n%s", code, stdout)
	}
	for ref, want := range map[string]string{"alps@9": "alps has no version 9", "none": "no such dataset", "Alps": "bad dataset name"} {
		if code, _, stderr := run(t, "use", ref); code != exitFailed || !strings.Contains(stderr, want) || !strings.Contains(stderr, "\ntry: ") {
			t.Errorf("%s: exit %d\n%s", ref, code, stderr)
		}
	}
}

// TestARunningServerFollowsUseWithoutALostRequest switches between versions while clients ask without a pause.
func TestARunningServerFollowsUseWithoutALostRequest(t *testing.T) {
	dir := terrainVersions(t, 2)
	a := &app{data: dir}
	folder, err := a.openFolder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	s := httptest.NewServer(server.New(catalog{folder}, server.Options{}))
	defer s.Close()
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 3 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if code := status(t, s.URL+"/terrain/alps/0/0/0.terrain"); code != 200 {
					t.Errorf("a request was answered %d", code)
				}
			}
		})
	}
	for _, want := range []int{1, 2, 1} {
		if code, _, said := run(t, "use", fmt.Sprint("alps@", want), "--data", dir); code != exitDone {
			t.Fatal(said)
		}
		layer := s.URL + "/terrain/alps/layer.json"
		for end := time.Now().Add(10 * time.Second); !strings.Contains(body(t, layer), fmt.Sprintf(`"version":"%d.0.0"`, want)); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("version %d is not served:\n%s", want, body(t, layer))
			}
		}
	}
	close(stop)
	clients.Wait()
}

func TestPruneKeepsWhatIsServedAndWhatShowsAnInstant(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := terrainVersions(t, 5)
	for _, year := range []int{2019, 2020} {
		at := time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
		publishVersion(t, dir, "plot", rootTiles(t, year), tilestore.Info{Kind: tilestore.Imagery, Format: tilestore.PNG, Grid: tilegrid.Geodetic, Time: at})
	}
	t.Setenv("TERRANE_DATA", dir)
	if code, _, stderr := run(t, "use", "alps@2"); code != exitDone {
		t.Fatal(stderr)
	}
	all := names(t, dir)
	code, _, stderr := run(t, "prune", "--dry-run")
	if code != exitDone || !strings.Contains(stderr, "would go alps@4, ") || !strings.Contains(stderr, "3 versions would go") || !slices.Equal(names(t, dir), all) {
		t.Errorf("dry run: exit %d\n%s%v", code, stderr, names(t, dir))
	}
	if code, _, stderr := run(t, "prune", "--older-than", "1d"); code != exitDone || !strings.Contains(stderr, "nothing to remove") {
		t.Errorf("young ones: exit %d\n%s", code, stderr)
	}
	past := time.Now().Add(-50 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "alps@1.mbtiles"), past, past); err != nil {
		t.Fatal(err)
	}
	code, stdout, _ := run(t, "prune", "alps", "--older-than", "2d", "--json")
	var done pruned
	if err := json.Unmarshal([]byte(stdout), &done); err != nil || code != exitDone || len(done.Versions) != 1 || done.Versions[0].Version != 1 || done.Bytes == 0 {
		t.Errorf("old ones: exit %d, %v\n%s", code, err, stdout)
	}
	if code, _, stderr := run(t, "prune", "alps", "--keep", "2"); code != exitDone || !strings.Contains(stderr, "removed 1 version, ") {
		t.Errorf("keep two: exit %d\n%s", code, stderr)
	}
	all = names(t, dir)
	code, _, stderr = run(t, "prune")
	if code != exitUsage || !strings.Contains(stderr, "would go alps@") || !strings.Contains(stderr, "nothing was removed: ") ||
		!strings.Contains(stderr, "--all") || !slices.Equal(names(t, dir), all) {
		t.Errorf("untold: exit %d\n%s%v", code, stderr, names(t, dir))
	}
	if code, _, _ := run(t, "prune", "--all"); code != exitDone {
		t.Errorf("all: exit %d", code)
	}
	want := []string{".alps.use", "alps@2.mbtiles", "alps@5.mbtiles", "plot@1.mbtiles", "plot@2.mbtiles"}
	left := slices.DeleteFunc(names(t, dir), func(s string) bool { return strings.HasSuffix(s, ".lock") })
	if !slices.Equal(left, want) {
		t.Errorf("left: %v", left)
	}
	for line, want := range map[string]int{"alps --keep 0": exitUsage, "alps --all": exitUsage, "alps --older-than soon": exitUsage, "alps --older-than -1d": exitUsage, "none": exitFailed, "alps@2": exitUsage} {
		if code, _, stderr := run(t, append([]string{"prune"}, strings.Fields(line)...)...); code != want || !strings.Contains(stderr, "\ntry: ") {
			t.Errorf("prune %s: exit %d\n%s", line, code, stderr)
		}
	}
}

// body asks for a page and returns its text.
func body(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestASeriesEndsAtTheVersionInUse: of pictures with a time the latest instant is shown, and with "use" that of the version in use.
func TestASeriesEndsAtTheVersionInUse(t *testing.T) {
	dir := t.TempDir()
	for k, year := range []int{2019, 2024, 2021} {
		m := image.NewNRGBA(image.Rect(0, 0, 256, 256))
		m.Pix[3] = uint8(k + 1)
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		at := time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
		publishVersion(t, dir, "plot", map[tilegrid.Coord][]byte{{}: b.Bytes()},
			tilestore.Info{Kind: tilestore.Imagery, Format: tilestore.PNG, Grid: tilegrid.Mercator, Time: at})
	}
	a := &app{data: dir}
	folder, err := a.openFolder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	s := httptest.NewServer(server.New(catalog{folder}, server.Options{}))
	defer s.Close()
	for _, c := range []struct {
		use     string
		version int
		times   int
	}{{"plot", 2, 3}, {"plot@3", 3, 2}, {"plot@1", 1, 1}, {"plot@2", 2, 3}, {"plot", 2, 3}} {
		if code, _, said := run(t, "use", c.use, "--data", dir); code != exitDone {
			t.Fatal(said)
		}
		seen := func() (version, times int) {
			var one server.Summary
			if err := json.Unmarshal([]byte(body(t, s.URL+"/datasets/plot")), &one); err != nil {
				t.Fatal(err)
			}
			want := body(t, fmt.Sprintf("%s/imagery/plot@%d/0/0/0.png", s.URL, one.Version))
			if got := body(t, s.URL+"/imagery/plot/0/0/0.png"); got != want {
				return -1, len(one.Times)
			}
			return one.Version, len(one.Times)
		}
		version, times := seen()
		for end := time.Now().Add(10 * time.Second); (version != c.version || times != c.times) && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			version, times = seen()
		}
		if version != c.version || times != c.times {
			t.Errorf("use %s: version %d of %d instants, want %d of %d", c.use, version, times, c.version, c.times)
		}
	}
}
