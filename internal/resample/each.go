package resample

import "image"

// Each calls visit with the place of every pixel of r that the field has one for, in the source, as [Field.Sample] takes it: x and y, cut
// to whole numbers, are the pixel that nearest picks. The order is not stated.
func (f *Field) Each(r image.Rectangle, visit func(col, row int, x, y float64)) {
	for i := range f.cells {
		c := &f.cells[i]
		part := c.rect.Intersect(r)
		for row := part.Min.Y; row < part.Max.Y; row++ {
			for col := part.Min.X; col < part.Max.X; col++ {
				if x, y := c.place(col, row); x == x && y == y {
					visit(col, row, x*f.scaleX+nudge, y*f.scaleY+nudge)
				}
			}
		}
	}
}

// place returns the position of a pixel's centre.
func (c *cell) place(col, row int) (x, y float64) {
	if c.pixelsX != nil {
		at := c.at(col, row)
		return c.pixelsX[at], c.pixelsY[at]
	}
	x, y, _, _ = c.line(col, row)
	return x, y
}
