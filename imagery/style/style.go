package style

import (
	"errors"
	"image"
)

// ErrNoHeights: the dataset keeps no heights beside its tiles, so there is nothing to draw. Datasets by other tilers are of this kind.
var ErrNoHeights = errors.New("style: dataset without heights")

// Style is a way to draw terrain. The zero value draws nothing.
type Style struct {
	Name     string // in URLs: "hillshade"
	Title    string // for people: "Hillshade"
	Abstract string // one sentence: what the picture shows, and in which unit
	paint    func(f *field, m *image.NRGBA)
	key      key
}

// Styles returns every style, the default first.
func Styles() []Style {
	return []Style{
		{"relief", "Shaded relief", "Colours by height, metres, shaded by light from the north-west.", paintRelief, scale("metres", heightColours, heightLabels)},
		{"hillshade", "Hillshade", "Light from the north-west, 45 degrees high, after Horn (1981); grey, heights not exaggerated.", paintHillshade, shadeKey},
		{"multidirectional", "Multidirectional hillshade", "Light from four sides, after Mark (1992); grey, heights not exaggerated.", paintMultidirectional, shadeKey},
		{"shadow", "Shadow and light", "Hillshade as translucent black and white, to lie over other maps.", paintShadow, shadeKey},
		{"color-relief", "Colour relief", "Colours by height and depth, metres.", paintColours, scale("metres", heightColours, heightLabels)},
		{"slope", "Slope", "Steepness, degrees from the horizontal.", paintSlope, scale("degrees", slopeColours, slopeLabels)},
		{"aspect", "Aspect", "The direction that a slope faces; flat ground is grey.", paintAspect, aspectKey},
		{"contours", "Contour lines", "Lines of equal height, every fifth one thicker; their interval follows the scale.", paintContours, contourKey},
	}
}

// Named returns the style of a name; the name "" is the default.
func Named(name string) (Style, bool) {
	for _, s := range Styles() {
		if s.Name == name || name == "" {
			return s, true
		}
	}
	return Style{}, false
}
