package raster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lukeroth/gdal"
)

// look is how the bands of a picture become colours.
type look int

const (
	grey    look = iota
	palette      // one band of numbers into a list of colours
	colour       // red, green, blue
)

// chooseBands decides which bands are shown and which one is alpha. A band is alpha only if the file says so, or if it is given as such: the fourth band of an aerial picture
// is near infrared.
func (p *picture) chooseBands(ds gdal.Dataset, given []int) error {
	count := ds.RasterCount()
	if count < 1 {
		return refuse(p.path, ErrNotPicture, "gdalinfo FILE lists what it holds: gdal_translate the part you mean to out.tif", "the file has no raster band")
	}
	means := make([]gdal.ColorInterp, count)
	for i := range means {
		means[i] = ds.RasterBand(i + 1).ColorInterp()
	}
	if given != nil {
		return p.takeBands(means, given)
	}
	if i := slices.Index(means, gdal.CI_AlphaBand); i >= 0 {
		p.alpha = i + 1
	}
	shown := slices.DeleteFunc(upTo(count), func(b int) bool { return b == p.alpha })
	switch {
	case means[0] == gdal.CI_PaletteIndex && p.readPalette(ds):
		p.look, p.bands, p.why, p.alpha = palette, []int{1}, "a palette of colours", 0
	case p.byMeaning(means, gdal.CI_RedBand, gdal.CI_GreenBand, gdal.CI_BlueBand):
		p.look, p.why = colour, "red, green and blue by colour interpretation"
	case slices.Contains(means, gdal.CI_CyanBand): // eight-bit CMYK comes as RGB
		return refuse(p.path, ErrNotPicture, "make it RGB with a picture editor that keeps the georeferencing", "its colours are inks (CMYK)")
	case len(shown) >= 3:
		p.look, p.bands, p.why = colour, shown[:3], fmt.Sprintf("the first three of %d bands, as they do not say what they are", count)
	case len(shown) >= 1:
		p.look, p.bands, p.why = grey, shown[:1], "grey"
		if len(shown) == 2 {
			p.why = "the first of two bands, as grey"
		}
	default:
		return refuse(p.path, ErrNotPicture, "--bands R,G,B", "its one band is alpha")
	}
	return nil
}

// upTo lists 1..n.
func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// byMeaning takes the bands that say these things, if there are all.
func (p *picture) byMeaning(means []gdal.ColorInterp, wanted ...gdal.ColorInterp) bool {
	bands := make([]int, len(wanted))
	for i, w := range wanted {
		if bands[i] = slices.Index(means, w) + 1; bands[i] == 0 {
			return false
		}
	}
	p.bands = bands
	return true
}

// takeBands takes those given: grey, grey and alpha, three colours, or three and alpha. Without alpha among them, a band that says it is alpha counts.
func (p *picture) takeBands(means []gdal.ColorInterp, given []int) error {
	for _, b := range given {
		if b < 1 || b > len(means) {
			return refuse(p.path, ErrNotPicture, fmt.Sprintf("--bands with numbers from 1 to %d", len(means)), "it has no band %d", b)
		}
	}
	if len(given) < 1 || len(given) > 4 {
		return refuse(p.path, ErrNotPicture, "--bands R,G,B or R,G,B,A", "%d bands are given", len(given))
	}
	p.look, p.why, p.bands = grey, "as given", given[:1]
	if len(given) >= 3 {
		p.look, p.bands = colour, given[:3]
	}
	if n := len(p.bands); len(given) > n {
		p.alpha = given[n]
	} else if i := slices.Index(means, gdal.CI_AlphaBand); i >= 0 && !slices.Contains(given, i+1) {
		p.alpha = i + 1
	}
	return nil
}

// readPalette keeps the colours of the first band's palette.
func (p *picture) readPalette(ds gdal.Dataset) bool {
	p.palette = colorTable(ds.RasterBand(1))
	return len(p.palette) > 0
}

// chooseVoid finds what is transparent besides alpha.
func (p *picture) chooseVoid(ds gdal.Dataset, given []float64) error {
	first := ds.RasterBand(p.bands[0])
	p.masked = first.GetMaskFlags()&maskPerDataset != 0 && first.GetMaskFlags()&maskAlpha == 0
	switch len(given) {
	case 0:
		for _, b := range p.bands {
			if v, ok := ds.RasterBand(b).NoDataValue(); ok {
				p.nodata = append(p.nodata, v)
			}
		}
		if len(p.nodata) != len(p.bands) { // one for some bands only is none for a colour
			p.nodata = nil
		}
	case 1:
		p.nodata = slices.Repeat(given, len(p.bands))
	case len(p.bands):
		p.nodata = given
	default:
		return refuse(p.path, ErrNotPicture, "--nodata with one value, or one for each band", "%d nodata values for %d bands", len(given), len(p.bands))
	}
	return nil
}

// void says in words what is transparent.
func (p *picture) void() string {
	var out []string
	if p.alpha > 0 {
		out = append(out, fmt.Sprintf("alpha band %d", p.alpha))
	}
	if p.masked {
		out = append(out, "mask")
	}
	if p.nodata != nil {
		out = append(out, "nodata "+strings.Trim(fmt.Sprint(p.nodata), "[]"))
	}
	if p.look == palette && p.fades() {
		out = append(out, "palette")
	}
	return strings.Join(out, ", ")
}

// fades tells whether a colour of the palette is less than opaque.
func (p *picture) fades() bool {
	return slices.ContainsFunc(p.palette, func(c [4]uint8) bool { return c[3] < 255 })
}
