package server

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
)

// TestMoreMapsThanSlotsAreAllAnswered asks for eight maps for each that may be drawn at a time, and watches the heap meanwhile. Drawn all at
// once they would take 8 MB each, and more to be encoded.
func TestMoreMapsThanSlotsAreAllAnswered(t *testing.T) {
	s, _ := newGallery(t, Options{PictureBytes: 16 << 20, CacheBytes: -1})
	address, _ := start(t, s)
	slots := cap(s.maps.large)
	runtime.GC()
	ctx, cancel := context.WithCancel(t.Context())
	var watch, clients sync.WaitGroup
	before, most := heap(), uint64(0)
	watch.Go(func() {
		for ; ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
			most = max(most, heap())
		}
	})
	begin := time.Now()
	for n := range 8 * slots {
		clients.Go(func() {
			west := 4 + float64(n%16)*0.1
			asked := time.Now()
			path := "/wms?" + kvp(aMap, "WIDTH", "2048", "HEIGHT", "1024", "BBOX", fmt.Sprintf("%f,45,%f,53", west, west+10), "CRS", "CRS:84", "FORMAT", "image/jpeg")
			r, err := http.Get("http://" + address + path)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Body.Close()
			size, err := io.Copy(io.Discard, r.Body)
			late := r.StatusCode == 503 && r.Header.Get("Retry-After") != "" && time.Since(asked) >= mapTime // a machine too busy to draw them all in time
			if late {
				t.Log("not drawn within", mapTime)
			} else if r.StatusCode != 200 || size < 10000 || err != nil {
				t.Errorf("%d after %v, %d bytes, %v", r.StatusCode, time.Since(asked), size, err)
			}
		})
	}
	clients.Wait()
	cancel()
	watch.Wait()
	t.Logf("%d maps in %v, the heap grew from %d MB to %d MB", 8*slots, time.Since(begin), before>>20, most>>20)
	if most > before+uint64(slots)*32<<20+64<<20 {
		t.Errorf("the heap grew from %d MB to %d MB", before>>20, most>>20)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestWhoCannotBeDrawnForIsToldToComeBack takes every slot, and asks with little patience.
func TestWhoCannotBeDrawnForIsToldToComeBack(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for range cap(s.maps.small) {
		s.maps.small <- struct{}{}
	}
	for path, kind := range map[string]string{
		"/wms?" + kvp(aMap):                           "text/xml",
		"/wms?" + kvp(aMap, "EXCEPTIONS", "INIMAGE"):  "text/xml", // a picture of the error would have to be drawn
		"/wmts?" + kvp(aTile, "FORMAT", "image/webp"): "application/xml",
		"/imagery/mercator/5/16/11.webp":              "application/json",
		"/tms/slope/5/16/20.png":                      "application/json",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", path, nil))
		cancel()
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("Content-Type") != kind || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%.60s: %d %v", path, w.Code, w.Header())
		}
	}
	for _, path := range []string{"/imagery/mercator/5/16/11.png", "/wmts?" + kvp(aTile), "/wms?SERVICE=WMS&REQUEST=GetCapabilities"} { // take no slot
		if r := ask(s, "GET", path); r.StatusCode != 200 {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

// TestPublishingUnderMapsAndTiles swaps versions, each of one mark, while clients ask for maps and tiles: every answer is a 200 whose pixels all have the mark of
// one version, none older than what the same client saw before.
func TestPublishingUnderMapsAndTiles(t *testing.T) {
	const first, step, swaps = 20, 10, 6
	dir := t.TempDir()
	publishWide := func(mark uint8) { // the tiles below lie inside
		k := tint{box(-5, 35, 30, 60), mark}
		publishPicture(t, dir, "mercator", tiler.Options{Sources: []string{k.write(t, 512, false)}, Grid: tilegrid.Mercator, Max: 5, Format: tiler.PNG})
	}
	publishWide(first)
	s := New(openFolder(t, dir), Options{CacheBytes: 1 << 20})
	address, _ := start(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	var answers, latest atomic.Int64
	for _, path := range []string{
		"/wms?" + kvp(aMap), "/wms?" + kvp(aMap, "CRS", "EPSG:3857", "BBOX", "700000,5800000,1500000,6400000", "WIDTH", "300", "HEIGHT", "300"),
		"/imagery/mercator/5/16/11.png", "/imagery/mercator/5/16/11@2x.png", "/tms/mercator/5/16/20.png", "/wmts?" + kvp(aTile),
		"/wmts/1.0.0/mercator/default/WorldCRS84Quad/5/7/33.png",
	} {
		clients.Go(func() {
			newest, client := first, &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				mark, err := markOf(client, "http://"+address+path)
				if err != nil || mark < newest {
					t.Errorf("%.40s: %d after %d, %v", path, mark, newest, err)
					return
				}
				newest = mark
				answers.Add(1)
				latest.Store(max(latest.Load(), int64(mark)))
			}
		})
	}
	for n := 1; n <= swaps; n++ {
		publishWide(uint8(first + n*step))
	}
	for end := time.Now().Add(10 * time.Second); latest.Load() < first+swaps*step && time.Now().Before(end) && !t.Failed(); {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	clients.Wait()
	t.Logf("%d answers during %d swaps", answers.Load(), swaps)
	if latest.Load() != first+swaps*step {
		t.Errorf("the last mark seen is %d", latest.Load())
	}
}

// markOf fetches a picture and returns the mark that all of its pixels have.
func markOf(client *http.Client, address string) (int, error) {
	r, err := client.Get(address)
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		return 0, fmt.Errorf("%d: %.200q, %v", r.StatusCode, body, err)
	}
	p, err := picture.Decode(body, 1<<22)
	if err != nil {
		return 0, err
	}
	mark := int(math.Round(float64(p.Pix[2])/10)) * 10
	for i := 0; i < len(p.Pix); i += 4 {
		if d := int(p.Pix[i+2]) - mark; d < -2 || d > 2 || p.Pix[i+3] != 255 {
			return 0, fmt.Errorf("pixel %d is %v, the first has the mark %d", i/4, p.Pix[i:i+4], mark)
		}
	}
	return mark, nil
}
