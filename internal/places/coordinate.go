package places

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// Written is a place that was written as numbers.
type Written struct {
	Point orb.Point
	Read  string // how it was understood: "latitude, longitude"
	west  bool   // O was read as west
}

// Otherwise is the place with O for the east of German, "Ost", if it was read as the west of French and Spanish, "ouest" and "oeste".
func (w Written) Otherwise() (Written, bool) {
	return Written{Point: orb.Point{-w.Point[0], w.Point[1]}, Read: w.Read + ", O for east"}, w.west
}

// number, and the signs of degrees, minutes and seconds in all their shapes.
const (
	decimal  = `[+\-]?\d{1,3}(?:\.\d+)?`
	unsigned = `\d{1,3}(?:\.\d+)?`
	degree   = `\s*(?:[°º˚]|DEG|D)?\s*`
	minute   = `\s*(?:['’′‵ʹ´]|MIN|M)?\s*`
	second   = `\s*(?:["”″‶ʺ¨]|''|’’|′′|SEC|S)?\s*`
	sexa     = `(` + unsigned + `)` + degree + `(?:(` + unsigned + `)` + minute + `(?:(` + unsigned + `)` + second + `)?)?`
)

// notations are compiled once; they are tried in this order.
var (
	plainPair  = regexp.MustCompile(`^\(?\s*(` + decimal + `)\s*[°º˚]?\s*(?:[,;/\s])\s*(` + decimal + `)\s*[°º˚]?\s*\)?$`)
	withHeight = regexp.MustCompile(`^\(?\s*([+\-]?\d{1,3}\.\d+)\s*,\s*([+\-]?\d{1,3}\.\d+)\s*,\s*[+\-]?\d{1,5}(?:\.\d+)?\s*[Mm]?\s*\)?$`)
	wktPoint   = regexp.MustCompile(`^POINT\s*Z?\s*\(\s*(` + decimal + `)\s+(` + decimal + `)(?:\s+[+\-]?\d+(?:\.\d+)?)?\s*\)$`)
	compact    = regexp.MustCompile(`^(\d\d)(\d\d)(\d\d(?:\.\d+)?)?([NS])\s*(\d{3})(\d\d)(\d\d(?:\.\d+)?)?([EW])$`)
	geoURI     = regexp.MustCompile(`^(?i:geo):(` + decimal + `),(` + decimal + `)(?:,[^;]*)?(?:[;?].*)?$`)
	letterLast = regexp.MustCompile(`^([+\-]?)` + sexa + `([NSEWO])[,;\s]*([+\-]?)` + sexa + `([NSEWO])$`)
	letterHead = regexp.MustCompile(`^([NSEWO])\s*` + sexa + `[,;\s]*([NSEWO])\s*` + sexa + `$`)
	signedPair = regexp.MustCompile(`^([+\-]?)` + sexaSigned + `[,;\s]\s*([+\-]?)` + sexaSigned + `$`)
	utmPair    = regexp.MustCompile(`^(?:UTM\s*)?(\d{1,2})\s*([C-HJ-NP-X])\s+(\d{5,7}(?:\.\d+)?)\s*M?\s*E?[,;\s]\s*(\d{1,8}(?:\.\d+)?)\s*M?\s*N?$`)
	mgrsText   = regexp.MustCompile(`^(?:MGRS\s*)?(\d{1,2})\s*([C-HJ-NP-X])\s*([A-HJ-NP-Z])([A-HJ-NP-V])\s*((?:\d\s*){2,10})$`)
)

// sexaSigned is sexa with degrees and minutes marked: nothing else tells these from a list of numbers.
const sexaSigned = `(` + unsigned + `)\s*[°º˚]\s*(?:(` + unsigned + `)\s*['’′‵ʹ´]\s*(?:(` + unsigned + `)` + second + `)?)?`

// dashes are what programs make of a minus.
var dashes = strings.NewReplacer("−", "-", "–", "-", "—", "-", "‐", "-", "‑", "-")

var (
	decimalComma = regexp.MustCompile(`(\d),(\d)`)
	otherComma   = regexp.MustCompile(`,\S`)
)

// ParseCoordinate reads a place written as numbers: decimal degrees ("46.5, 7.9", latitude first unless it can only be the longitude; "7.9E
// 46.5N"; "46,5 7,9"; a height may follow), degrees and minutes and seconds (46°30'0"N 7°54'0"E, N46 30.5 E7 54, 46d30m N 7d54m E,
// 4630N00754E), UTM (32T 417000 5150000), MGRS (32TMS1700050000), POINT(7.9 46.5), and geo: addresses.
func ParseCoordinate(text string) (Written, bool) {
	text = strings.TrimSpace(dashes.Replace(text))
	if len(text) > 100 || !strings.ContainsAny(text, "0123456789") {
		return Written{}, false
	}
	if w, ok := readAny(text); ok {
		return w, true
	}
	dotted := decimalComma.ReplaceAllString(text, "$1.$2")
	if dotted == text || otherComma.MatchString(dotted) {
		return Written{}, false
	}
	return readAny(dotted)
}

func readAny(text string) (Written, bool) {
	upper := strings.ToUpper(text)
	for _, try := range []func(text, upper string) (Written, bool){readGeo, readPlain, readLetters, readSigned, readUTM, readMGRS} {
		if c, ok := try(text, upper); ok {
			return c, true
		}
	}
	return Written{}, false
}

// decimalOf reads a number that an expression matched.
func decimalOf(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64)
	return v
}

// at checks a place.
func at(lat, lon float64, read string) (Written, bool) {
	if !(math.Abs(lat) <= 90 && math.Abs(lon) <= 360) {
		return Written{}, false
	}
	if lon > 180 || lon < -180 {
		lon = math.Mod(lon+540, 360) - 180
	}
	return Written{Point: orb.Point{lon, lat}, Read: read}, true
}

func readGeo(text, _ string) (Written, bool) {
	m := geoURI.FindStringSubmatch(text)
	if m == nil {
		return Written{}, false
	}
	return at(decimalOf(m[1]), decimalOf(m[2]), "geo: address")
}

// readPlain reads two numbers: latitude first, unless only the other way round is on the globe.
func readPlain(text, upper string) (Written, bool) {
	if m := wktPoint.FindStringSubmatch(upper); m != nil {
		return at(decimalOf(m[2]), decimalOf(m[1]), "longitude, latitude")
	}
	m := plainPair.FindStringSubmatch(text)
	if m == nil {
		m = withHeight.FindStringSubmatch(text)
	}
	if m == nil {
		return Written{}, false
	}
	a, b := decimalOf(m[1]), decimalOf(m[2])
	if math.Abs(a) > 90 && math.Abs(a) <= 180 && math.Abs(b) <= 90 {
		return at(b, a, "longitude, latitude")
	}
	if math.Abs(b) > 180 {
		return Written{}, false
	}
	return at(a, b, "latitude, longitude")
}

// readLetters reads numbers that say by N, S, E, W (or O, see [Written.Otherwise]) what they are.
func readLetters(_, upper string) (Written, bool) {
	if m := compact.FindStringSubmatch(upper); m != nil {
		return lettered([2]string{m[4], m[8]}, [2]string{}, [2][]string{m[1:4], m[5:8]})
	}
	if m := letterLast.FindStringSubmatch(upper); m != nil {
		return lettered([2]string{m[5], m[10]}, [2]string{m[1], m[6]}, [2][]string{m[2:5], m[7:10]})
	}
	if m := letterHead.FindStringSubmatch(upper); m != nil {
		return lettered([2]string{m[1], m[5]}, [2]string{}, [2][]string{m[2:5], m[6:9]})
	}
	return Written{}, false
}

func lettered(letters, signs [2]string, parts [2][]string) (Written, bool) {
	var lat, lon []float64
	for k, letter := range letters {
		v, ok := angle(parts[k])
		if !ok || signs[k] != "" && signs[k] != "+" {
			return Written{}, false
		}
		if letter == "S" || letter == "W" || letter == "O" {
			v = -v
		}
		if letter == "N" || letter == "S" {
			lat = append(lat, v)
		} else {
			lon = append(lon, v)
		}
	}
	if len(lat) != 1 || math.Abs(lon[0]) > 180 {
		return Written{}, false
	}
	w, ok := at(lat[0], lon[0], "degrees"+finer(parts[0]))
	w.west = letters[0] == "O" || letters[1] == "O"
	return w, ok
}

// readSigned reads degrees and minutes with signs instead of letters, latitude first.
func readSigned(_, upper string) (Written, bool) {
	m := signedPair.FindStringSubmatch(upper)
	if m == nil {
		return Written{}, false
	}
	lat, okLat := angle(m[2:5])
	lon, okLon := angle(m[6:9])
	if !okLat || !okLon || lon > 180 {
		return Written{}, false
	}
	if m[1] != "" && m[1] != "+" {
		lat = -lat
	}
	if m[5] != "" && m[5] != "+" {
		lon = -lon
	}
	return at(lat, lon, "latitude, longitude in degrees"+finer(m[2:5]))
}

// angle adds degrees, minutes and seconds up; what comes before others is whole.
func angle(parts []string) (v float64, ok bool) {
	for k, unit := range []float64{1, 60, 3600} {
		if parts[k] == "" {
			continue
		}
		n := decimalOf(parts[k])
		more := k < 2 && parts[k+1] != ""
		if k > 0 && n >= 60 || more && strings.Contains(parts[k], ".") {
			return 0, false
		}
		v += n / unit
	}
	return v, true
}

// finer names the parts of an angle below degrees.
func finer(parts []string) string {
	switch {
	case parts[2] != "":
		return ", minutes, seconds"
	case parts[1] != "":
		return ", minutes"
	}
	return ""
}
