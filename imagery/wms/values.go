package wms

import (
	"image/color"
	"math"
	"strconv"
	"strings"
)

// mostNumber is the largest coordinate taken. The globe's girth is 1.3e8 feet, and no system has a shorter unit; a box of
// larger numbers is no map that anybody could want.
const mostNumber = 1e9

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// whole reads a whole number of digits only. Too large for an int32 is false.
func whole(s string) (int, bool) {
	if !digits(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 32)
	return int(n), err == nil
}

// number reads a decimal number as the standards write it (06-042, 6.5): sign, digits, point, exponent; no NaN, no infinity, no
// hexadecimal. A plus that the client did not escape has become a space.
func number(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if mantissa, exponent, ok := strings.Cut(strings.ToLower(s), "e "); ok {
		s = mantissa + "e+" + exponent
	}
	if s == "" || strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && math.Abs(v) <= mostNumber
}

// colour reads 0xRRGGBB, or #RRGGBB.
func colour(s string) (color.NRGBA, bool) {
	hex := strings.TrimPrefix(s, "#")
	if len(s) == 8 && strings.EqualFold(s[:2], "0x") {
		hex = s[2:]
	} else if len(s) != 7 {
		return color.NRGBA{}, false
	}
	v, err := strconv.ParseUint(hex, 16, 24)
	if err != nil || len(hex) != 6 {
		return color.NRGBA{}, false
	}
	return color.NRGBA{R: byte(v >> 16), G: byte(v >> 8), B: byte(v), A: 255}, true
}

// boolean reads TRUE or FALSE in any case, and 1 or 0 as some clients write them.
func boolean(s string) (value, ok bool) {
	switch strings.ToUpper(s) {
	case "TRUE", "1":
		return true, true
	case "FALSE", "0":
		return false, true
	}
	return false, false
}

// format finds an offered picture format by its media type as clients write it: any case, with or without a space before the
// mode, under aliases.
func (s *Service) format(asked string) (Format, bool) {
	asked = canonical(asked)
	for _, f := range s.Formats {
		if canonical(f.MIME) == asked {
			return f, true
		}
	}
	return Format{}, false
}

// aliases of media types, without spaces.
var aliases = map[string]string{
	"image/jpg":            "image/jpeg",
	"image/png8":           "image/png;mode=8bit",
	"image/png;mode=24bit": "image/png",
	"image/png;mode=32bit": "image/png",
	"image/geotiff":        "image/tiff",
	"application/geo+json": "application/json",
}

func canonical(mime string) string {
	mime = strings.ToLower(strings.ReplaceAll(mime, " ", ""))
	mime = strings.TrimSuffix(mime, ";charset=utf-8")
	if a, ok := aliases[mime]; ok {
		return a
	}
	return mime
}
