package picture

import (
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// photo is a picture as a camera would take it: smooth shapes, edges, grain, the same every time.
func photo(w, h int) Picture {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	state := uint32(1)
	for i := range w * h {
		x, y := float64(i%w), float64(i/w)
		ground := math.Sin(x/41)*math.Cos(y/29) + 0.5*math.Sin((x+2*y)/13) + 0.25*math.Sin((3*x-y)/5)
		if ground > 0.4 {
			ground += 0.6
		}
		for c, gain := range [3]float64{50, 42, 35} {
			state = state*1664525 + 1013904223
			grain := float64(state>>24)/255*10 - 5
			m.Pix[4*i+c] = byte(min(max(110+gain*ground+grain, 0), 255))
		}
		m.Pix[4*i+3] = 255
	}
	return Picture{NRGBA: m, Opaque: true}
}

// marble cuts a piece out of the Blue Marble of the shared data, or skips the test.
func marble(t testing.TB, at image.Rectangle) Picture {
	t.Helper()
	root := os.Getenv("TERRANE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(root, "data", "imagery", "blue_marble_4096x2048.jpg"))
	if err != nil {
		t.Skip("no blue_marble_4096x2048.jpg: set TERRANE_SHARED to the folder of the shared data")
	}
	defer f.Close()
	whole, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	m := image.NewNRGBA(image.Rect(0, 0, at.Dx(), at.Dy()))
	draw.Draw(m, m.Rect, whole, at.Min, draw.Src)
	return Picture{NRGBA: m, Opaque: true}
}

// rms is the root of the mean square difference of a colour channel.
func rms(a, b Picture) float64 {
	sum := 0.0
	for y := range a.Rect.Dy() {
		for x := range 4 * a.Rect.Dx() {
			d := float64(a.Pix[y*a.Stride+x]) - float64(b.Pix[y*b.Stride+x])
			sum += d * d
		}
	}
	return math.Sqrt(sum / float64(3*a.Rect.Dx()*a.Rect.Dy()))
}
