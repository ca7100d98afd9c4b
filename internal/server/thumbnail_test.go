package server

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

func TestThumbnailsShowTheirDatasetInEveryFormat(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for _, c := range []struct {
		dataset   string
		low, high float64 // share of the picture that shows something
	}{
		{"mercator", 1, 1}, {"plate", 1, 1}, {"photo", 1, 1}, {"slope", 0.99, 1}, {"mercator@1", 1, 1},
		{"world", 0.79, 0.81}, // whole: 160 of 200 rows
		{"holed", 0.4, 0.8},
	} {
		for ext, mime := range map[string]string{"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"} {
			path := "/datasets/" + c.dataset + "/thumbnail." + ext
			r := ask(s, "GET", path)
			p := pictureOf(t, r, mime)
			opaque, _ := opacity(p)
			share := float64(opaque) / (thumbnailWidth * thumbnailHeight)
			low, high := c.low, c.high
			if ext == "jpg" {
				low, high = 1, 1
			}
			if p.Rect.Dx() != thumbnailWidth || p.Rect.Dy() != thumbnailHeight || share < low || share > high {
				t.Errorf("%s: %v, %.2f of it shows something", path, p.Rect, share)
			}
			tag := r.Header.Get("Etag")
			if again := ask(s, "GET", path, "If-None-Match: "+tag); again.StatusCode != 304 || tag == "" {
				t.Errorf("%s: %d with its own ETag %s", path, again.StatusCode, tag)
			}
			if age := r.Header.Get("Cache-Control"); strings.Contains(age, "3600") != strings.Contains(c.dataset, "@") {
				t.Errorf("%s: Cache-Control %s", path, age)
			}
			if head := ask(s, "HEAD", path); head.StatusCode != 200 || len(bodyOf(t, head)) != 0 || head.Header.Get("Etag") != tag {
				t.Errorf("%s: HEAD is %d %v", path, head.StatusCode, head.Header)
			}
		}
	}
}

func TestAThumbnailHasTheColoursOfItsGround(t *testing.T) {
	s, _ := newGallery(t, Options{})
	p := pictureOf(t, ask(s, "GET", "/datasets/mercator/thumbnail.png"), "image/png")
	b := thumbnailBound(germany.bound)
	for _, pixel := range [][2]int{{20, 20}, {160, 100}, {300, 180}, {20, 180}} {
		at := orb.Point{
			b.Min[0] + (float64(pixel[0])+0.5)/thumbnailWidth*(b.Max[0]-b.Min[0]), b.Max[1] - (float64(pixel[1])+0.5)/thumbnailHeight*(b.Max[1]-b.Min[1]),
		}
		if got := p.NRGBAAt(pixel[0], pixel[1]); !germany.near(got, at) {
			t.Errorf("pixel %v is %v, at %.2f there is %v", pixel, got, at, germany.colour(at))
		}
	}
}

func TestThumbnailsOfWhatIsNotThereAreErrors(t *testing.T) {
	s := New(newShelf(), Options{})
	for _, path := range []string{
		"/datasets/none/thumbnail.png", "/datasets/alps@9/thumbnail.png", "/datasets/alps/thumbnail.gif", "/datasets/alps/thumbnail.",
		"/datasets//thumbnail.png", "/datasets/..%2f/thumbnail.png", "/datasets/alps/x/thumbnail.png", "/datasets/alps/thumbnail.png/x",
		"/datasets/alps/thumbnail.png", // terrain without heights
	} {
		r := ask(s, "GET", path)
		var body struct{ Error string }
		if err := json.Unmarshal(bodyOf(t, r), &body); r.StatusCode != 404 || err != nil || body.Error == "" {
			t.Errorf("%s: %d, %+v", path, r.StatusCode, body)
		}
	}
	var list []Summary
	if err := json.Unmarshal(bodyOf(t, ask(s, "GET", "/datasets")), &list); err != nil || list[0].Links["thumbnail"] != "" {
		t.Errorf("terrain without heights names a thumbnail: %q, %v", list[0].Links, err)
	}
}

func TestTheCatalogueNamesThumbnailsOfTheVersionsThatItLists(t *testing.T) {
	s, _ := newGallery(t, Options{})
	var list []Summary
	if err := json.Unmarshal(bodyOf(t, ask(s, "GET", "/datasets")), &list); err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		link := d.Links["thumbnail"]
		if want := "http://example.com/datasets/" + d.Name + "@1/thumbnail.png"; link != want {
			t.Errorf("%s: %q, want %q", d.Name, link, want)
		}
		if r := ask(s, "GET", strings.TrimPrefix(link, "http://example.com")); r.StatusCode != 200 {
			t.Errorf("%s answers %d", link, r.StatusCode)
		}
	}
}

func TestThumbnailsFillThePictureUnlessThatHidesTooMuch(t *testing.T) {
	for _, c := range []struct {
		what  string
		bound orb.Bound
		want  orb.Bound
	}{
		{"a square at the equator loses a strip in the north and one in the south", box(0, -1, 2, 1), box(0, -0.625, 2, 0.625)},
		{"a long strip is shown whole", box(10, -0.1, 14, 0.1), box(10, -1.25, 14, 1.25)},
		{"the globe is shown whole", box(-180, -90, 180, 90), box(-180, -112.5, 180, 112.5)},
		{"ground across the antimeridian stays in one piece", box(179, -1, 181, 1), box(179, -0.625, 181, 0.625)},
		{"at 60 degrees a degree of longitude is half as long", box(0, 59, 3.2, 61), box(0, 59.5, 3.2, 60.5)},
		{"a point has some ground", box(7, 0, 7, 0), box(7-0.5e-6, -0.3125e-6, 7+0.5e-6, 0.3125e-6)},
	} {
		got := thumbnailBound(c.bound)
		for axis := range 2 {
			if math.Abs(got.Min[axis]-c.want.Min[axis]) > 1e-9 || math.Abs(got.Max[axis]-c.want.Max[axis]) > 1e-9 {
				t.Errorf("%s: %v, want %v", c.what, got, c.want)
				break
			}
		}
	}
}

func TestTheCatalogueListsTheVersionsOfADataset(t *testing.T) {
	s, dir := newGallery(t, Options{})
	publishMark(t, dir, "mercator", 30)
	var list []Summary
	eventually(t, "a second version", func() bool {
		if err := json.Unmarshal(bodyOf(t, ask(s, "GET", "/datasets")), &list); err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			if d.Name == "mercator" {
				return slices.Equal(d.Versions, []int{1, 2}) && strings.HasSuffix(d.Links["thumbnail"], "/mercator@2/thumbnail.png")
			}
		}
		return false
	})
	for version, mark := range map[string]uint8{"@1": germany.mark, "@2": 30, "": 30} {
		p := pictureOf(t, ask(s, "GET", "/datasets/mercator"+version+"/thumbnail.png"), "image/png")
		if got := p.NRGBAAt(160, 100).B; got != mark {
			t.Errorf("mercator%s: the mark is %d, want %d", version, got, mark)
		}
	}
	var one Summary
	if err := json.Unmarshal(bodyOf(t, ask(s, "GET", "/datasets/mercator@1")), &one); err != nil || !slices.Equal(one.Versions, []int{1, 2}) {
		t.Errorf("versions %v, %v", one.Versions, err)
	}
}
