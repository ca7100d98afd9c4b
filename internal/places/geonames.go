package places

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// geoNamesColumns is the number of columns of a GeoNames table: geonameid, name, asciiname, alternatenames, latitude, longitude, feature
// class, feature code, country code, cc2, admin1 to admin4 code, population, elevation, dem, timezone, modification date
// (download.geonames.org/export/dump/readme.txt).
const geoNamesColumns = 19

// mostLine is the longest line of a table, bytes.
const mostLine = 1 << 20

// lines calls row for every line of a table with tabs, numbered from 1.
func (r *Reader) lines(in *input, row func(line int64, columns []string) error) error {
	scanner := bufio.NewScanner(in.text)
	scanner.Buffer(make([]byte, 64<<10), mostLine)
	line := int64(0)
	for scanner.Scan() {
		line++
		if line%1000 == 0 && in.ctx.Err() != nil {
			return in.ctx.Err()
		}
		if text := strings.TrimSuffix(scanner.Text(), "\r"); strings.TrimSpace(text) != "" {
			if err := row(line, strings.Split(text, "\t")); err != nil {
				return err
			}
		}
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		return unusable(in.path, fmt.Sprintf("line %d is longer than %d MB", line+1, mostLine>>20), "")
	}
	return packedFault(in.path, scanner.Err())
}

func (r *Reader) geoNames(in *input) error {
	return r.lines(in, func(line int64, c []string) error {
		if len(c) != geoNamesColumns {
			r.refuse(in, line, fmt.Sprintf("%d columns, a table of GeoNames has %d", len(c), geoNamesColumns))
			return nil
		}
		lat, errLat := strconv.ParseFloat(c[4], 64)
		lon, errLon := strconv.ParseFloat(c[5], 64)
		if errLat != nil || errLon != nil {
			r.refuse(in, line, "latitude and longitude, columns 5 and 6, are no numbers")
			return nil
		}
		p := Place{Name: clean(c[1]), CountryCode: clean(c[8]), Country: countryOf(c[8]), Point: orb.Point{lon, lat}, Layer: geoNamesLayer(c[6], c[7])}
		p.Population = max(intText(c[14]), 0)
		p.Importance = max(p.Population, geoNamesFloor(c[7]), floors[p.Layer])
		p.Region = r.regions[c[8]+"."+c[10]]
		p.Names = append(p.Names, clean(c[2]))
		for other := range strings.SplitSeq(c[3], ",") {
			if other = clean(other); other != "" && len(other) <= mostName {
				p.Names = append(p.Names, other)
			}
		}
		return r.put(in, line, p)
	})
}

// regionNames reads admin1CodesASCII.txt: code, name, name in ASCII, geonameid.
func (r *Reader) regionNames(in *input) error {
	const most = 100_000
	if r.regions == nil {
		r.regions = map[string]string{}
	}
	return r.lines(in, func(line int64, c []string) error {
		if len(c) != 4 || clean(c[1]) == "" || len(r.regions) >= most {
			r.refuse(in, line, "not code, name, name in ASCII and number of a region")
			return nil
		}
		r.regions[c[0]] = clean(c[1])
		return nil
	})
}

func intText(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// countryOf is the English name of a country by its code of ISO 3166-1, the code itself if nobody knows it.
func countryOf(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() {
		return clean(code)
	}
	return display.English.Regions().Name(region)
}

// geoNamesLayer sorts the classes and codes of GeoNames (geonames.org/export/codes.html) into our kinds.
func geoNamesLayer(class, code string) string {
	switch {
	case strings.HasPrefix(code, "PCL"):
		return Country
	case code == "ADM1":
		return Region
	case class == "A":
		return County
	case code == "PPLX":
		return Suburb
	case class == "P":
		return Locality
	case class == "H":
		return Water
	case class == "T", class == "U":
		return Landform
	case class == "S", class == "R":
		return Venue
	}
	return Area
}

// geoNamesFloor is the least importance of some codes.
func geoNamesFloor(code string) int64 {
	switch code {
	case "PPLC": // capital
		return 500_000
	case "CONT", "OCN":
		return 100_000_000
	case "PPLA": // of a region
		return 50_000
	case "AIRP", "MT", "MTS", "LK", "ISL", "SEA", "VLC":
		return 2000
	}
	return 0
}
