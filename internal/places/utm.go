package places

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// bands are the letters of UTM's zones of latitude: 8 degrees each from 80 south; the last has 12.
const bands = "CDEFGHJKLMNPQRSTUVWX"

// readUTM reads a zone with its band, easting and northing. A band from N on is of the northern half; "S" and "N" alone, as some write the
// halves, are taken for bands too, which is the same for N, and refused for S where the northing does not fit that band.
func readUTM(_, upper string) (Written, bool) {
	m := utmPair.FindStringSubmatch(upper)
	if m == nil {
		return Written{}, false
	}
	zone, _ := strconv.Atoi(m[1])
	c, ok := unproject(zone, m[2] >= "N", decimalOf(m[3]), decimalOf(m[4]))
	if !ok || !inBand(c.Point.Lat(), m[2][0]) {
		return Written{}, false
	}
	c.Read = "UTM, zone " + m[1] + m[2]
	return c, true
}

// inBand tells whether a latitude is that of a band, or not far from it.
func inBand(lat float64, band byte) bool {
	k := strings.IndexByte(bands, band)
	south := float64(-80 + 8*k)
	north := south + 8
	if band == 'X' {
		north = 84
	}
	return k >= 0 && lat > south-1 && lat < north+1
}

// readMGRS reads a place of the Military Grid Reference System, whose two letters name a square of 100 km (NGA.STND.0037, 3.2).
func readMGRS(_, upper string) (Written, bool) {
	m := mgrsText.FindStringSubmatch(upper)
	if m == nil {
		return Written{}, false
	}
	digits := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, m[5])
	zone, _ := strconv.Atoi(m[1])
	if len(digits)%2 != 0 || zone < 1 || zone > 60 {
		return Written{}, false
	}
	column := strings.Index([]string{"STUVWXYZ", "ABCDEFGH", "JKLMNPQR"}[zone%3], m[3])
	row := strings.Index([]string{"FGHJKLMNPQRSTUVABCDE", "ABCDEFGHJKLMNPQRSTUV"}[zone%2], m[4])
	if column < 0 || row < 0 {
		return Written{}, false
	}
	half := len(digits) / 2
	unit := math.Pow(10, float64(5-half))
	east := float64(column+1)*100e3 + (decimalOf(digits[:half])+0.5)*unit // the middle of the square that is named
	north := float64(row)*100e3 + (decimalOf(digits[half:])+0.5)*unit
	for ; north < 10e6; north += 2000e3 { // rows are named again every 2,000 km
		c, ok := unproject(zone, m[2] >= "N", east, north)
		if ok && inBand(c.Point.Lat(), m[2][0]) {
			c.Read = "MGRS, square " + m[1] + m[2] + " " + m[3] + m[4]
			return c, true
		}
	}
	return Written{}, false
}

// unproject takes easting and northing of a zone of UTM, metres, back to degrees: Krüger's series to the third order of the third flattening
// (Karney 2011, Transverse Mercator with an accuracy of a few nanometers, eq. 36 to the third order), good to a millimetre.
func unproject(zone int, northern bool, east, north float64) (Written, bool) {
	if zone < 1 || zone > 60 || east < 100e3 || east >= 900e3 || north < 0 || north > 10e6 {
		return Written{}, false
	}
	if !northern {
		north -= 10e6
	}
	const scale, a, f = 0.9996, 6378137.0, 1 / 298.257223563
	n := f / (2 - f)
	radius := a / (1 + n) * (1 + n*n/4 + n*n*n*n/64)
	xi, eta := north/(scale*radius), (east-500e3)/(scale*radius)
	beta := [3]float64{n/2 - 2*n*n/3 + 37*n*n*n/96, n*n/48 + n*n*n/15, 17 * n * n * n / 480}
	xi0, eta0 := xi, eta
	for k, b := range beta {
		j := float64(2 * (k + 1))
		xi0 -= b * math.Sin(j*xi) * math.Cosh(j*eta)
		eta0 -= b * math.Cos(j*xi) * math.Sinh(j*eta)
	}
	chi := math.Asin(math.Sin(xi0) / math.Cosh(eta0)) // conformal latitude
	delta := [3]float64{2*n - 2*n*n/3 - 2*n*n*n, 7*n*n/3 - 8*n*n*n/5, 56 * n * n * n / 15}
	lat := chi
	for k, d := range delta {
		lat += d * math.Sin(float64(2*(k+1))*chi)
	}
	lon := math.Atan2(math.Sinh(eta0), math.Cos(xi0))
	return at(lat*180/math.Pi, float64(6*zone-183)+lon*180/math.Pi, "UTM")
}
