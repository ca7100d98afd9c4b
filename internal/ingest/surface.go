package ingest

import "math"

// smooth is the smoothstep 3t²-2t³, 0 at t <= 0 and 1 at t >= 1.
func smooth(t float32) float32 {
	t = max(0, min(1, t))
	return t * t * (3 - 2*t)
}

func sqrt32(v float32) float32 { return float32(math.Sqrt(float64(v))) }

// pushPull fills the NaN of a grid from what surrounds them: means of the valid samples are pushed up a pyramid until no hole is left, and pulled
// down again into the holes, bilinearly (Gortler et al. 1996, section 3.4.2). Valid samples keep their values. A grid of NaN only becomes zeros.
func pushPull(z []float32, cols, rows int) []float32 {
	out := append([]float32(nil), z...)
	if cols == 1 && rows == 1 {
		if out[0] != out[0] {
			out[0] = 0
		}
		return out
	}
	whole := true
	for _, h := range z {
		whole = whole && h == h
	}
	if whole {
		return out
	}
	halfCols, halfRows := (cols+1)/2, (rows+1)/2
	coarse := pushPull(halve(z, cols, rows), halfCols, halfRows)
	for k, h := range out {
		if h == h {
			continue
		}
		c, r := float32(k%cols)/2-0.25, float32(k/cols)/2-0.25
		out[k] = bilinear(coarse, halfCols, halfRows, c, r)
	}
	return out
}

// halve averages the valid samples of each square of four.
func halve(z []float32, cols, rows int) []float32 {
	halfCols, halfRows := (cols+1)/2, (rows+1)/2
	out := make([]float32, halfCols*halfRows)
	for r := range halfRows {
		for c := range halfCols {
			sum, n := float32(0), 0
			for y := 2 * r; y < min(2*r+2, rows); y++ {
				for x := 2 * c; x < min(2*c+2, cols); x++ {
					if h := z[y*cols+x]; h == h {
						sum, n = sum+h, n+1
					}
				}
			}
			out[r*halfCols+c] = missing
			if n > 0 {
				out[r*halfCols+c] = sum / float32(n)
			}
		}
	}
	return out
}

func bilinear(z []float32, cols, rows int, c, r float32) float32 {
	c, r = max(0, min(float32(cols-1), c)), max(0, min(float32(rows-1), r))
	x, y := min(int(c), max(cols-2, 0)), min(int(r), max(rows-2, 0))
	tx, ty := c-float32(x), r-float32(y)
	x1, y1 := min(x+1, cols-1), min(y+1, rows-1)
	north := z[y*cols+x] + (z[y*cols+x1]-z[y*cols+x])*tx
	south := z[y1*cols+x] + (z[y1*cols+x1]-z[y1*cols+x])*tx
	return north + (south-north)*ty
}

// distances returns, for each sample, how far the nearest marked one is, in rows; a column is narrow rows wide. It is the exact Euclidean
// transform by lower envelopes of parabolas (Felzenszwalb & Huttenlocher 2012). Without any mark all are far.
func distances(marked []bool, cols, rows int, narrow float64) []float32 {
	const far = 1e12
	d := make([]float64, len(marked))
	for k, m := range marked {
		if !m {
			d[k] = far
		}
	}
	e := newEnvelope(max(cols, rows))
	for c := range cols {
		e.pass(d[c:], cols, rows, 1)
	}
	for r := range rows {
		e.pass(d[r*cols:], 1, cols, narrow)
	}
	out := make([]float32, len(d))
	for k, v := range d {
		out[k] = float32(math.Sqrt(v))
	}
	return out
}

// envelope holds the parabolas that are lowest somewhere along a line, and where each takes over.
type envelope struct {
	line []float64
	top  []int
	from []float64
}

func newEnvelope(n int) *envelope {
	return &envelope{make([]float64, n), make([]int, n), make([]float64, n+1)}
}

// pass replaces n values, stride apart, by the lowest of their parabolas: min over q of (scale*(p-q))² + value(q).
func (e *envelope) pass(d []float64, stride, n int, scale float64) {
	s2 := scale * scale
	for k := range n {
		e.line[k] = d[k*stride]
	}
	meet := func(p, q int) float64 {
		return (e.line[p] - e.line[q] + s2*float64(p*p-q*q)) / (2 * s2 * float64(p-q))
	}
	last := 0
	e.top[0], e.from[0], e.from[1] = 0, math.Inf(-1), math.Inf(1)
	for q := 1; q < n; q++ {
		at := meet(q, e.top[last])
		for at <= e.from[last] {
			last--
			at = meet(q, e.top[last])
		}
		last++
		e.top[last], e.from[last], e.from[last+1] = q, at, math.Inf(1)
	}
	k := 0
	for p := range n {
		for e.from[k+1] < float64(p) {
			k++
		}
		q := e.top[k]
		d[p*stride] = s2*float64((p-q)*(p-q)) + e.line[q]
	}
}
