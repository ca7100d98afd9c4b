package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// stored is a real folder of real files, as cmd/terrane joins it to the server.
type stored struct{ *mbtiles.Folder }

func (s stored) Get(ctx context.Context, ref string) (Dataset, error) {
	h, err := s.Folder.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	return lent{h}, nil
}

type lent struct{ *mbtiles.Handle }

func (l lent) Opening() any { return l.Reader }

func (s stored) All(ctx context.Context) ([]tilestore.Info, error) {
	infos, _ := s.Folder.All(ctx)
	return infos, nil
}

func openFolder(t testing.TB, dir string) stored {
	t.Helper()
	f, err := mbtiles.OpenFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return stored{f}
}

// publish writes the next version of a dataset: levels 0 to 3, each tile's mesh nothing but the byte mark, its normals the byte 'n'.
func publish(t testing.TB, dir, name string, mark byte) {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), dir, name, mbtiles.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for z := range uint8(4) {
		columns, rows := tilegrid.Geodetic.Size(z)
		for c := range (tilegrid.Range{Z: z, MaxX: columns - 1, MaxY: rows - 1}).All() {
			mesh := make([]byte, 2000+int(c.X)*10+int(c.Y))
			for i := range mesh {
				mesh[i] = mark
			}
			if err := w.Put(t.Context(), c, gzrun.Pack([]gzrun.Run{{ID: 0, Data: mesh}, {ID: 1, Data: normalPart}})); err != nil {
				t.Fatal(err)
			}
		}
	}
	info := tilestore.Info{Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh, Extensions: []string{"octvertexnormals"}, Vertical: "ellipsoid"}
	if err := w.Commit(t.Context(), info); err != nil {
		t.Fatal(err)
	}
}

func TestAFolderIsServedAsItChanges(t *testing.T) {
	dir := t.TempDir()
	s := New(openFolder(t, dir), Options{})
	status := func(path string) int { return ask(s, "GET", path).StatusCode }
	until := func(path string, want int) {
		t.Helper()
		for end := time.Now().Add(5 * time.Second); status(path) != want; {
			if time.Now().After(end) {
				t.Fatalf("%s: %d, want %d", path, status(path), want)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	if got := status("/terrain/alps/layer.json"); got != 404 {
		t.Fatalf("before it exists: %d", got)
	}
	publish(t, dir, "alps", 'a')
	until("/terrain/alps/layer.json", 200)
	first := ask(s, "GET", "/terrain/alps/3/5/2.terrain")
	publish(t, dir, "alps", 'b')
	until("/terrain/alps@2/layer.json", 200)
	second := ask(s, "GET", "/terrain/alps/3/5/2.terrain")
	if a, b := bodyOf(t, first), bodyOf(t, second); a[0] != 'a' || b[0] != 'b' || first.Header.Get("ETag") == second.Header.Get("ETag") {
		t.Errorf("bodies begin with %q and %q, validators %s and %s", a[0], b[0], first.Header.Get("ETag"), second.Header.Get("ETag"))
	}
	if body := bodyOf(t, ask(s, "GET", "/terrain/alps@1/3/5/2.terrain")); body[0] != 'a' {
		t.Errorf("version 1 begins with %q", body[0])
	}
	if err := os.Remove(filepath.Join(dir, "alps@1.mbtiles")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "alps@2.mbtiles")); err != nil {
		t.Fatal(err)
	}
	until("/terrain/alps/0/0/0.terrain", 404)
}

func TestDamageWithdrawsOneDatasetOnly(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, "good", 'g')
	publish(t, dir, "bad", 'b')
	rot(t, filepath.Join(dir, "bad@1.mbtiles"))
	s := New(openFolder(t, dir), Options{})
	for z := range uint8(4) { // somewhere here is what rot changed
		columns, rows := tilegrid.Geodetic.Size(z)
		for c := range (tilegrid.Range{Z: z, MaxX: columns - 1, MaxY: rows - 1}).All() {
			r := ask(s, "GET", fmt.Sprintf("/terrain/bad/%s.terrain", c), acceptAll)
			if body := bodyOf(t, r); r.StatusCode == 200 && body[0] != 'b' {
				t.Fatalf("%s holds damaged bytes", c)
			}
		}
	}
	for _, path := range []string{"/terrain/bad/0/0/0.terrain", "/terrain/bad/layer.json", "/datasets/bad"} {
		if r := ask(s, "GET", path); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d, Retry-After %q", path, r.StatusCode, r.Header.Get("Retry-After"))
		}
	}
	if r := ask(s, "GET", "/terrain/good/0/0/0.terrain"); r.StatusCode != 200 {
		t.Errorf("another dataset: %d", r.StatusCode)
	}
}

// rot flips a bit in every page but the first.
func rot(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 16384 + 9000; i < len(b); i += 16384 {
		b[i] ^= 1
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPublishingUnderLoad swaps versions while clients read: every answer is a whole tile of one version, none older than what the same client
// saw before, and none waits 100 ms longer than the slowest one of a dataset that is not swapped, unless even that one waits as long.
func TestPublishingUnderLoad(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, "alps", 'a')
	publish(t, dir, "still", 's')
	address, _ := start(t, New(openFolder(t, dir), Options{CacheBytes: 1 << 20}))
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	var answers, slowest, calm atomic.Int64
	for n := range uint32(4) {
		clients.Go(func() {
			newest, client := byte('a'), &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for i := n; ctx.Err() == nil; i++ {
				begin := time.Now()
				mark, err := tileMark(client, address, "alps", coord(3, i%16, i/16%8))
				if err != nil || mark < newest {
					t.Errorf("got %q after %q, %v", mark, newest, err)
					return
				}
				newest = mark
				answers.Add(1)
				raise(&slowest, time.Since(begin))
			}
		})
	}
	clients.Go(func() {
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		for ctx.Err() == nil {
			begin := time.Now()
			if _, err := tileMark(client, address, "still", coord(3, 5, 2)); err != nil {
				t.Error(err)
				return
			}
			raise(&calm, time.Since(begin))
		}
	})
	const last = 'a' + 20 // swaps
	for mark := byte('b'); mark <= last; mark++ {
		publish(t, dir, "alps", mark)
	}
	for newest := byte(0); newest != last; {
		newest, _ = tileMark(http.DefaultClient, address, "alps", coord(0, 0, 0))
	}
	cancel()
	clients.Wait()
	t.Logf("%d answers during 20 swaps, the slowest in %v; of a dataset that is not swapped in %v", answers.Load(), time.Duration(slowest.Load()), time.Duration(calm.Load()))
	const stall = 100 * time.Millisecond
	if time.Duration(calm.Load()) > stall {
		t.Log("the machine is too busy to tell what swapping costs")
	} else if time.Duration(slowest.Load()) > time.Duration(calm.Load())+stall {
		t.Error("swapping holds an answer up")
	}
}

// raise sets most to took if that is more.
func raise(most *atomic.Int64, took time.Duration) {
	for was := most.Load(); int64(took) > was && !most.CompareAndSwap(was, int64(took)); was = most.Load() {
	}
}

// tileMark fetches a tile and returns the byte that it is made of.
func tileMark(client *http.Client, address, name string, c tilegrid.Coord) (byte, error) {
	r, err := client.Get(fmt.Sprintf("http://%s/terrain/%s/%s.terrain", address, name, c))
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 || len(body) != 2000+int(c.X)*10+int(c.Y) {
		return 0, fmt.Errorf("status %d, %d bytes, %w", r.StatusCode, len(body), err)
	}
	for _, b := range body {
		if b != body[0] {
			return 0, fmt.Errorf("%s is torn: %q and %q", c, body[0], b)
		}
	}
	return body[0], nil
}
