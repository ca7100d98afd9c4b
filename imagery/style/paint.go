package style

import "image"

// paint calls one for each pixel whose height and gradient are known, with four bytes of the picture: red, green, blue, alpha.
func (f *field) paint(m *image.NRGBA, one func(height, gx, gy float32, p []uint8)) {
	for r := range side {
		z := f.row(r)
		gx, gy := f.gradient(r)
		row := m.Pix[r*m.Stride:][:side*4]
		for k, h := range z {
			if g := gx[k] + gy[k]; h == h && g == g {
				one(h, gx[k], gy[k], row[k*4:k*4+4:k*4+4])
			}
		}
	}
}
