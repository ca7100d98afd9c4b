package demo

import "math"

// rough adds what is too small for the rivers: crags high up, soft ground low down.
func (f *field) rough() {
	f.each(func(i int, x, y float64) {
		if z := f.z[i]; z > 0 {
			crag := seedDetail.ridges(x*38, y*38, 4) - 0.35
			soft := seedDetail.cloud(x*70, y*70, 3)
			f.z[i] = math.Max(0.1, z+crag*70*step(150, 1500, z)+soft*math.Min(5, z*0.06))
		}
	})
}

// carveCaldera sinks the volcano's middle: a steep wall, a floor that slopes into a lake, a young cone in it.
func (f *field) carveCaldera() {
	rim := f.ringHeight(calderaX, calderaY, calderaRadius)
	floor := rim - 430
	f.each(func(i int, x, y float64) {
		if f.z[i] <= 0 {
			return
		}
		d := math.Hypot(x-calderaX, y-calderaY) / calderaRadius
		d += 0.16 * seedCaldera.cloud(x*22, y*22, 4)
		if d >= 1.25 {
			return
		}
		bowl := floor + 480*step(0.62, 1.05, d) + 60*(x-calderaX)/calderaRadius + 14*seedCaldera.cloud(x*60, y*60, 3)
		lake := floor - 8
		cone := floor - 20 + 150*math.Max(0, 1-math.Hypot(x-calderaX-0.022, y-calderaY+0.016)/0.026)
		f.z[i] = mix(max(lake, bowl, cone), f.z[i], step(0.95, 1.25, d))
	})
}

// ringHeight is the mean height on a circle: where a caldera's rim will be.
func (f *field) ringHeight(x, y, radius float64) float64 {
	sum := 0.0
	for k := range 64 {
		s, c := math.Sincos(float64(k) * math.Pi / 32)
		column := int((x + radius*c + 1) / 2 * float64(f.n))
		row := int((1 - y - radius*s) / 2 * float64(f.n))
		sum += f.z[row*f.n+column]
	}
	return sum / 64
}

// digLakes presses bowls into the land. They fill to the brim later.
func (f *field) digLakes() {
	bowls := []struct{ x, y, width, height, depth float64 }{
		{0.13, 0.16, 0.060, 0.030, 160}, {-0.06, -0.22, 0.028, 0.050, 140}, {0.47, -0.16, 0.036, 0.026, 120}, {-0.20, 0.34, 0.030, 0.030, 120},
		{0.05, -0.36, 0.045, 0.020, 60},
	}
	f.each(func(i int, x, y float64) {
		for _, b := range bowls {
			d := math.Hypot((x-b.x)/b.width, (y-b.y)/b.height) + 0.35*seedCoast.cloud(x*18, y*18, 3)
			if d < 1 && f.z[i] > 0 {
				f.z[i] = math.Max(2, f.z[i]-b.depth*step(1, 0.3, d))
			}
		}
	})
}

// shapeCoast makes cliffs on some stretches of the shore and beaches on others.
func (f *field) shapeCoast() {
	f.each(func(i int, x, y float64) {
		z := f.z[i]
		if z <= 0 || z > 400 {
			return
		}
		inside := f.shore[i]
		cliff := step(-0.08, 0.22, seedCoast.cloud(x*2.2+4, y*2.2, 3)-0.25*x)
		wall := z + 130*(1+0.5*seedCoast.cloud(x*9, y*9, 3))*step(0, 0.018, inside)*step(400, 120, z)
		plain := 22*math.Pow(inside/0.10, 1.5) + 0.4
		beach := mix(math.Min(z, plain), z, step(0.03, 0.14, inside))
		f.z[i] = mix(beach, wall, cliff)
	})
}

// sinkSea gives the sea its floor: a shelf, a slope cut by canyons, a basin. Towards the raster's rim it rises to sea level, where
// the ground of the rest of the globe begins.
func (f *field) sinkSea() {
	f.each(func(i int, x, y float64) {
		if f.z[i] > 0 {
			return
		}
		out := -f.shore[i]
		canyon := seedFloor.ridges(x*3.2, y*3.2, 4)
		shelf := 90 * math.Pow(out/0.22, 1.1)
		deep := 1400 * step(0.06, 0.75, out+0.10*(canyon-0.4))
		hills := 90 * step(0.15, 0.6, out) * seedFloor.cloud(x*6, y*6, 5)
		rim := 1 - math.Pow(math.Pow(math.Abs(x), 6)+math.Pow(math.Abs(y), 6), 1.0/6)
		f.z[i] = -0.5 - max(0, shelf+deep-hills)*step(0, 0.42, rim)
	})
}
