package wms

import (
	"image"
	"image/color"
	"image/draw"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/terrane/terrane/internal/picture"
)

// Picture is the exception as the client wants to see it, in the size it asked for: its text (INIMAGE) or nothing (BLANK), on
// the background asked for or, where the format keeps it, on none. Call it only if [Exception.Pictured].
func (e *Exception) Picture() picture.Picture {
	m := image.NewNRGBA(image.Rect(0, 0, e.Report.Width, e.Report.Height))
	clear := e.Report.Transparent && e.Report.Format.Alpha
	if !clear {
		draw.Draw(m, m.Rect, image.NewUniform(e.Report.Background), image.Point{}, draw.Src)
	}
	if e.Report.Mode == InImage {
		e.label(m)
	}
	return picture.Picture{NRGBA: m, Opaque: !clear}
}

const margin = 4 // pixels left of the text

// label writes code and text, black on white, line below line until the picture is full: readable on any background.
func (e *Exception) label(m *image.NRGBA) {
	face := basicfont.Face7x13
	y := margin
	for _, line := range e.lines((m.Rect.Dx() - 2*margin) / face.Advance) {
		box := image.Rect(margin-1, y, margin+1+len(line)*face.Advance, y+face.Height)
		draw.Draw(m, box.Intersect(m.Rect), image.White, image.Point{}, draw.Src)
		d := font.Drawer{Dst: m, Src: image.NewUniform(color.Black), Face: face, Dot: fixed.P(margin, y+face.Ascent)}
		d.DrawString(line)
		if y += face.Height; y >= m.Rect.Dy() {
			return
		}
	}
}

// lines breaks the message at spaces into lines of at most so many characters; longer words are cut. The font is ASCII.
func (e *Exception) lines(columns int) []string {
	columns = max(1, columns)
	var lines []string
	line := ""
	for _, word := range strings.Fields(ascii(e.Code + " " + e.Text)) {
		if line != "" && len(line)+1+len(word) > columns {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		for line += word; len(line) > columns; line = line[columns:] {
			lines = append(lines, line[:columns])
		}
	}
	return append(lines, line)
}

func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7E {
			return '?'
		}
		return r
	}, s)
}
