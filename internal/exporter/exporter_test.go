package exporter

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/internal/importer"
	"github.com/terrane/terrane/internal/parcel"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// content is what a version holds.
type content struct{ tiles, heights map[tilegrid.Coord][]byte }

// meshes are terrain tiles of levels 0 and 1, all marked, with heights of the deepest.
func meshes(t testing.TB, mark float32) content {
	t.Helper()
	c := content{map[tilegrid.Coord][]byte{}, map[tilegrid.Coord][]byte{}}
	for z := range uint8(2) {
		for at := range (tilegrid.Range{Z: z, MaxX: 2<<z - 1, MaxY: 1<<z - 1}).All() {
			c.tiles[at] = mesh(t, at, mark)
			if z == 1 {
				c.heights[at] = fmt.Appendf(nil, "heights of %s", at)
			}
		}
	}
	return c
}

func mesh(t testing.TB, c tilegrid.Coord, top float32) []byte {
	t.Helper()
	const full = terrain.QuantizedMax
	m := &terrain.Mesh{
		Header:    terrain.Header{Min: 10, Max: top},
		Vertices:  []terrain.Vertex{{U: 0, V: 0, H: 0}, {U: full, V: 0, H: full}, {U: full, V: full, H: 5}, {U: 0, V: full, H: 9}},
		Triangles: []uint32{0, 1, 2, 0, 2, 3},
	}
	m.Edges = m.FindEdges()
	terrain.SetHeader(m, tilegrid.Geodetic.Bound(c))
	return gzrun.Pack([]gzrun.Run{{ID: 0, Data: terrain.AppendMesh(nil, m)}})
}

// pictures are tiles of levels 0 and 1 in the Mercator grid.
func pictures(t testing.TB, mark uint8) content {
	t.Helper()
	c := content{tiles: map[tilegrid.Coord][]byte{}}
	for z := range uint8(2) {
		for at := range (tilegrid.Range{Z: z, MaxX: 1<<z - 1, MaxY: 1<<z - 1}).All() {
			m := image.NewNRGBA(image.Rect(0, 0, 256, 256))
			m.SetNRGBA(int(at.X), int(at.Y), color.NRGBA{mark, uint8(z), 0, 255})
			var b bytes.Buffer
			if err := png.Encode(&b, m); err != nil {
				t.Fatal(err)
			}
			c.tiles[at] = b.Bytes()
		}
	}
	return c
}

var (
	terrainInfo = tilestore.Info{Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh, Vertical: "ellipsoid", Title: "The Alps", Provenance: []byte(`{"by":"hand"}`)}
	pictureInfo = tilestore.Info{Kind: tilestore.Imagery, Format: tilestore.PNG, Grid: tilegrid.Mercator, Title: "From above"}
)

// publish stores a version and opens it.
func publish(t testing.TB, dir string, c content, info tilestore.Info) (*mbtiles.Reader, string) {
	t.Helper()
	w := create(t, dir, info, nil)
	for at, data := range c.tiles {
		if err := w.Put(t.Context(), at, data); err != nil {
			t.Fatal(err)
		}
	}
	for at, data := range c.heights {
		if err := w.PutHeights(t.Context(), at, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Commit(t.Context(), info), w.Close()); err != nil {
		t.Fatal(err)
	}
	return reopen(t, w.Path()), w.Path()
}

func create(t testing.TB, dir string, info tilestore.Info, check func(context.Context, tilestore.Reader) error) *mbtiles.Writer {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), dir, "alps", mbtiles.Options{Shared: info.Kind == tilestore.Imagery, Check: check})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Discard() })
	return w
}

func reopen(t testing.TB, path string) *mbtiles.Reader {
	t.Helper()
	r, err := mbtiles.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// sameVersion compares what two versions say and hold; heights only if they were to come along.
func sameVersion(t *testing.T, want, got *mbtiles.Reader, heights bool) {
	t.Helper()
	a, errA := mbtiles.MarshalInfo(want.Info())
	b, errB := mbtiles.MarshalInfo(got.Info())
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("it says\n%s\nwant\n%s", b, a)
	}
	x, errX := want.HeightsManifest(t.Context())
	y, errY := got.HeightsManifest(t.Context())
	if err := errors.Join(errX, errY, got.CheckHeights(t.Context())); err != nil || heights && x != y {
		t.Errorf("heights %s, want %s; %v", y, x, err)
	}
}

func TestEachFormComesBackWithTheSameManifest(t *testing.T) {
	for name, c := range map[string]struct {
		old, now content
		info     tilestore.Info
	}{
		"terrain": {meshes(t, 20), meshes(t, 30), terrainInfo},
		"imagery": {pictures(t, 1), pictures(t, 2), pictureInfo},
	} {
		t.Run(name, func(t *testing.T) {
			deep := tilegrid.Coord{Z: 1, X: 1, Y: 1}
			c.now.tiles[deep] = c.old.tiles[deep]             // unchanged
			delete(c.now.tiles, tilegrid.Coord{Z: 1})         // removed
			delete(c.old.tiles, tilegrid.Coord{Z: 1, X: 1})   // added
			delete(c.now.heights, tilegrid.Coord{Z: 1, X: 1}) // removed
			if c.now.heights != nil {
				c.now.heights[deep] = []byte("raised")
			}
			dir, out := t.TempDir(), t.TempDir()
			old, _ := publish(t, dir, c.old, c.info)
			now, path := publish(t, dir, c.now, c.info)
			o := Options{Program: "test"}
			file, tree, delta := filepath.Join(out, "alps.mbtiles"), filepath.Join(out, "tree"), filepath.Join(out, "alps.delta")
			_, errF := File(t.Context(), now, path, file, o)
			_, errT := Folder(t.Context(), now, tree, o)
			_, d, errD := Delta(t.Context(), old, now, delta, o)
			if err := errors.Join(errF, errT, errD); err != nil {
				t.Fatal(err)
			}
			if d.Added != 1 || d.Removed != 1 || d.Changed == 0 || d.Added+d.Changed >= len(c.now.tiles) {
				t.Errorf("the delta holds %+v", d)
			}
			for _, at := range []string{file, tree, delta} {
				p, err := importer.OpenParcel(t.Context(), at, nil)
				if err != nil || p == nil {
					t.Fatalf("%s: %v", at, err)
				}
				w := create(t, t.TempDir(), c.info, p.Check)
				switch p.Manifest.Form {
				case parcel.MBTiles:
					err = w.Restore(t.Context(), at, p.Sum)
				case parcel.Folder:
					err = p.Run(t.Context(), w, nil)
				default:
					err = p.Apply(t.Context(), old, w, nil)
				}
				if err != nil {
					t.Fatalf("%s: %v", at, err)
				}
				sameVersion(t, now, reopen(t, w.Path()), at != tree)
			}
			left, err := os.ReadDir(out)
			if err != nil || slices.ContainsFunc(left, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }) {
				t.Errorf("left: %v %v", left, err)
			}
		})
	}
}

func TestADeltaIsLaidOverNothingElse(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	old, _ := publish(t, dir, meshes(t, 20), terrainInfo)
	now, _ := publish(t, dir, meshes(t, 30), terrainInfo)
	bare := meshes(t, 20)
	bare.heights = nil
	flat, _ := publish(t, t.TempDir(), bare, terrainInfo)
	delta := filepath.Join(out, "alps.delta")
	if _, _, err := Delta(t.Context(), old, now, delta, Options{}); err != nil {
		t.Fatal(err)
	}
	p, err := importer.OpenParcel(t.Context(), delta, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, base := range map[string]*mbtiles.Reader{"the newer version": now, "the tiles without heights": flat} {
		target := t.TempDir()
		w := create(t, target, terrainInfo, p.Check)
		if err := p.Apply(t.Context(), base, w, nil); !errors.Is(err, importer.ErrBase) {
			t.Errorf("%s: %v", name, err)
		}
		w.Discard()
		if left, _ := filepath.Glob(filepath.Join(target, "*")); len(left) > 0 {
			t.Errorf("%s left %v", name, left)
		}
	}
	plain, _ := publish(t, t.TempDir(), pictures(t, 1), pictureInfo)
	if _, _, err := Delta(t.Context(), plain, now, filepath.Join(out, "no.delta"), Options{}); !errors.Is(err, tilestore.ErrForeign) {
		t.Errorf("a delta from pictures to terrain: %v", err)
	}
}

func TestAnExportReplacesOnlyAnExportAndOnlyIfToldTo(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	r, path := publish(t, dir, meshes(t, 20), terrainInfo)
	file, tree := filepath.Join(out, "alps.mbtiles"), filepath.Join(out, "tree")
	other := filepath.Join(out, "other")
	if err := errors.Join(os.Mkdir(other, 0o755), os.WriteFile(filepath.Join(other, "thesis.txt"), nil, 0o644), os.Mkdir(tree, 0o755)); err != nil {
		t.Fatal(err)
	}
	write := func(target string, force bool) error {
		if strings.HasSuffix(target, ".mbtiles") {
			_, err := File(t.Context(), r, path, target, Options{Force: force})
			return err
		}
		_, err := Folder(t.Context(), r, target, Options{Force: force})
		return err
	}
	for _, c := range []struct {
		target string
		force  bool
		want   error
	}{
		{file, false, nil}, {file, false, tilestore.ErrExists}, {file, true, nil}, {tree, false, nil}, {tree, false, tilestore.ErrExists}, {tree, true, nil},
		{other, true, tilestore.ErrExists}, {file + ".json/x.mbtiles", false, os.ErrInvalid}, {filepath.Join(out, "none", "tree"), false, os.ErrNotExist},
	} {
		err := write(c.target, c.force)
		if c.want == os.ErrInvalid && err != nil {
			continue
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s, force %v: %v, want %v", c.target, c.force, err, c.want)
		}
	}
	diary := filepath.Join(tree, "1", "diary.txt")
	if err := os.WriteFile(diary, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := write(tree, true); !errors.Is(err, tilestore.ErrExists) || !strings.Contains(err.Error(), "diary.txt") {
		t.Errorf("somebody's file in the folder: %v", err)
	}
	if _, err := os.Stat(diary); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(out, ".*partial")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestAnInterruptedExportLeavesNothing(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	r, path := publish(t, dir, meshes(t, 20), terrainInfo)
	ctx, cancel := context.WithCancel(t.Context())
	o := Options{Progress: func(int64, int64) { cancel() }}
	_, errT := Folder(ctx, r, filepath.Join(out, "tree"), o)
	_, errF := File(ctx, r, path, filepath.Join(out, "alps.mbtiles"), o)
	if !errors.Is(errT, context.Canceled) || !errors.Is(errF, context.Canceled) {
		t.Errorf("%v, %v", errT, errF)
	}
	if left, _ := os.ReadDir(out); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	partial := filepath.Join(out, ".tree.terrane-partial", "tree", "0") // what a killed one leaves
	if err := os.MkdirAll(partial, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Folder(t.Context(), r, filepath.Join(out, "tree"), Options{}); err != nil {
		t.Error(err)
	}
	if _, err := newStage(filepath.Join(out, "large"), true, Options{needed: 1 << 60}); !errors.Is(err, tilestore.ErrFull) {
		t.Errorf("a full disk: %v", err)
	}
}

// keyPair writes an ed25519 pair as openssl does.
func keyPair(t *testing.T, dir string) (private, public string) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := x509.MarshalPKCS8PrivateKey(key)
	b, errB := x509.MarshalPKIXPublicKey(pub)
	private, public = filepath.Join(dir, "key.pem"), filepath.Join(dir, "pub.pem")
	err = errors.Join(errA, errB, os.WriteFile(private, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: a}), 0o600),
		os.WriteFile(public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b}), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	return private, public
}

// pipe puts a pipe, into which nobody writes, in place of a file.
func pipe(path string) error { return errors.Join(os.Remove(path), unix.Mkfifo(path, 0o644)) }

func TestAPipeIsNoExport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alps.mbtiles")
	if err := unix.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if p, err := importer.OpenParcel(t.Context(), path, nil); p != nil || err != nil {
		t.Errorf("%v, %v", p, err)
	}
}

// TestABoundThatIsNoGroundIsRefused puts numbers into a manifest that nobody signed.
func TestABoundThatIsNoGroundIsRefused(t *testing.T) {
	r, _ := publish(t, t.TempDir(), meshes(t, 20), terrainInfo)
	tree := filepath.Join(t.TempDir(), "tree")
	if _, err := Folder(t.Context(), r, tree, Options{}); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(tree, "terrane.json")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	bound := regexp.MustCompile(`"bound":\s*\[[^]]*\]`)
	for _, b := range []string{"[1e308,1,2,3]", "[10,46,9,47]", "[10,46,380,47]", "[10,46,11,91]"} {
		if err := os.WriteFile(manifest, bound.ReplaceAll(text, []byte(`"bound":`+b)), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := importer.OpenParcel(t.Context(), tree, nil); err == nil {
			t.Errorf("bound %s passes", b)
		}
	}
}

func TestWhatWasTamperedWithIsRefused(t *testing.T) {
	dir := t.TempDir()
	old, _ := publish(t, dir, meshes(t, 20), terrainInfo)
	r, path := publish(t, dir, meshes(t, 30), terrainInfo)
	private, public := keyPair(t, t.TempDir())
	_, stranger := keyPair(t, t.TempDir())
	key, errK := parcel.ReadPrivateKey(private)
	pub, errP := parcel.ReadPublicKey(public)
	other, errO := parcel.ReadPublicKey(stranger)
	if err := errors.Join(errK, errP, errO); err != nil {
		t.Fatal(err)
	}
	flip := func(path string) error {
		b, err := os.ReadFile(path)
		if err == nil {
			b[len(b)/2] ^= 1
			err = os.WriteFile(path, b, 0o644)
		}
		return err
	}
	for _, c := range []struct {
		name string
		harm func(file, tree, delta string) error
		key  ed25519.PublicKey
		want error
	}{
		{"nothing", func(_, _, _ string) error { return nil }, pub, nil},
		{"a byte of each", func(f, tr, d string) error {
			return errors.Join(flip(f), flip(filepath.Join(tr, "1/1/1.terrain")), flip(d))
		}, pub, parcel.ErrTampered},
		{"cut short", func(f, tr, d string) error {
			return errors.Join(os.Truncate(f, 9000), os.Truncate(filepath.Join(tr, "0/0/0.terrain"), 30), os.Truncate(d, 700))
		}, nil, parcel.ErrTampered},
		{"the manifest", func(f, tr, d string) error {
			return errors.Join(flip(f+".json"), flip(filepath.Join(tr, "terrane.json")), flip(d+".json"))
		}, pub, parcel.ErrSignature},
		{"no signature", func(f, tr, d string) error {
			return errors.Join(os.Remove(f+".json.sig"), os.Remove(filepath.Join(tr, "terrane.json.sig")), os.Remove(d+".json.sig"))
		}, pub, parcel.ErrSignature},
		{"no manifest", func(f, tr, d string) error {
			return errors.Join(os.Remove(f+".json"), os.Remove(filepath.Join(tr, "terrane.json")), os.Remove(d+".json"))
		}, pub, parcel.ErrSignature},
		{"another key", func(_, _, _ string) error { return nil }, other, parcel.ErrSignature},
		{"a pipe for a signature", func(f, tr, d string) error {
			return errors.Join(pipe(f+".json.sig"), pipe(filepath.Join(tr, "terrane.json.sig")), pipe(d+".json.sig"))
		}, pub, parcel.ErrSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, o := t.TempDir(), Options{Key: key}
			file, tree, delta := filepath.Join(out, "alps.mbtiles"), filepath.Join(out, "tree"), filepath.Join(out, "alps.delta")
			_, errF := File(t.Context(), r, path, file, o)
			_, errT := Folder(t.Context(), r, tree, o)
			_, _, errD := Delta(t.Context(), old, r, delta, o)
			if err := errors.Join(errF, errT, errD, c.harm(file, tree, delta)); err != nil {
				t.Fatal(err)
			}
			for _, at := range []string{file, tree, delta} {
				p, err := importer.OpenParcel(t.Context(), at, c.key)
				if err == nil && at == tree {
					w := create(t, t.TempDir(), terrainInfo, p.Check)
					err = p.Run(t.Context(), w, nil)
					w.Discard()
				}
				if !errors.Is(err, c.want) {
					t.Errorf("%s: %v, want %v", at, err, c.want)
				}
			}
		})
	}
}

// TestADeltaThatMakesSomethingElseIsNotPublished takes a tile out of a delta: all members are sound, the version is not what was exported.
func TestADeltaThatMakesSomethingElseIsNotPublished(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	old, _ := publish(t, dir, meshes(t, 20), terrainInfo)
	now, _ := publish(t, dir, meshes(t, 30), terrainInfo)
	whole, less := filepath.Join(out, "alps.delta"), filepath.Join(out, "less.delta")
	if _, _, err := Delta(t.Context(), old, now, whole, Options{}); err != nil {
		t.Fatal(err)
	}
	for name, pass := range map[string]func(name string) (string, bool){
		"a tile is missing":     func(n string) (string, bool) { return n, n != "tiles/1/1/1" },
		"a tile lies elsewhere": func(n string) (string, bool) { return strings.Replace(n, "tiles/1/1/1", "tiles/2/1/1", 1), true },
		"a place is none":       func(n string) (string, bool) { return strings.Replace(n, "tiles/1/1/1", "tiles/1/9/9", 1), true },
		"a path leaves":         func(n string) (string, bool) { return strings.Replace(n, "tiles/1/1/1", "tiles/../../1", 1), true },
		"a tile is there twice": func(n string) (string, bool) { return strings.Replace(n, "tiles/1/1/1", "tiles/0/0/0", 1), true },
	} {
		t.Run(name, func(t *testing.T) {
			repack(t, whole, less, pass)
			p, err := importer.OpenParcel(t.Context(), less, nil)
			if err != nil {
				t.Fatal(err)
			}
			target := t.TempDir()
			w := create(t, target, terrainInfo, p.Check)
			if err := p.Apply(t.Context(), old, w, nil); !errors.Is(err, parcel.ErrTampered) {
				t.Errorf("%v", err)
			}
			w.Discard()
			if left, _ := filepath.Glob(filepath.Join(target, "*")); len(left) > 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}

// repack copies a zip file, members under the names that pass returns.
func repack(t *testing.T, from, to string, pass func(name string) (string, bool)) {
	t.Helper()
	z, err := zip.OpenReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range z.File {
		name, ok := pass(f.Name)
		if !ok {
			continue
		}
		in, errI := f.Open()
		out, errO := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err := errors.Join(errI, errO); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(out, in); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), os.WriteFile(to, b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}
