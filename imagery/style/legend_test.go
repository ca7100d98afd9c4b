package style

import (
	"image"
	"testing"
)

func TestLegendsAreOfTheSizeAskedForAndShowTheStylesColours(t *testing.T) {
	for _, s := range Styles() {
		w, h := s.LegendSize()
		for _, size := range []image.Point{{0, 0}, {w, h}, {20, 20}, {1, 1}, {400, 37}, {37, 400}} {
			want := size
			if size == (image.Point{}) {
				want = image.Pt(w, h)
			}
			m := Legend(s, size.X, size.Y)
			if m.Rect != image.Rect(0, 0, want.X, want.Y) || m.Opaque {
				t.Errorf("%s: %v, opaque %v, asked for %v", s.Name, m.Rect, m.Opaque, size)
			}
		}
		if corner := Legend(s, 0, 0).NRGBAAt(0, 0); corner.A != 0 {
			t.Errorf("%s: a corner is %v, nothing is drawn there", s.Name, corner)
		}
		if colours(Legend(s, 0, 0).NRGBA) < 8 {
			t.Errorf("%s: hardly a colour", s.Name)
		}
	}
}

func colours(m *image.NRGBA) int {
	seen := map[[4]uint8]bool{}
	for k := 0; k < len(m.Pix); k += 4 {
		seen[[4]uint8(m.Pix[k:])] = true
	}
	return len(seen)
}

func TestTheBarOfALegendHasTheColourOfEachLabelBesideIt(t *testing.T) {
	s := styleOf(t, "color-relief")
	m := Legend(s, 0, 800)
	top, bottom := edge+lineHeight+4, 800-edge
	for k, v := range heightLabels {
		y := top + int((float64(k)+0.5)/float64(len(heightLabels))*float64(bottom-top))
		want, got := heightColours.color(v), m.NRGBAAt(edge+barWidth/2, y)
		for _, d := range []int{int(want.R) - int(got.R), int(want.G) - int(got.G), int(want.B) - int(got.B)} {
			if v != 0 && (d > 3 || d < -3) {
				t.Errorf("at %v m: %v, want %v", v, got, want)
			}
		}
	}
}
