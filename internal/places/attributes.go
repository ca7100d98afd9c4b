package places

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Names of columns and properties, in lower case, the best first.
var (
	nameFields  = []string{"name", "name_en", "nameascii", "name_long", "title", "label", "place", "toponym", "city"}
	otherFields = []string{"nameascii", "asciiname", "name_en", "name_local", "ls_name", "namealt", "name_alt", "name_long", "alternates",
		"alternatenames"}
	countryFields    = []string{"country", "adm0name", "country_name", "admin0", "sov0name", "sovereignt"}
	codeFields       = []string{"iso_a2", "country_code", "countrycode", "iso2", "cc"}
	regionFields     = []string{"admin", "adm1name", "admin1", "region", "state", "province", "admin_name"}
	populationFields = []string{"population", "pop_max", "pop", "pop_est"}
	layerFields      = []string{"layer", "featurecla", "fclass", "feature_class", "kind", "type"}
	lonFields        = []string{"lon", "longitude", "lng", "long", "x"}
	latFields        = []string{"lat", "latitude", "y"}
)

// attributes are the columns of a row, or the properties of a feature, by their names in lower case.
type attributes map[string]string

// first returns the first attribute of some names that says anything.
func (a attributes) first(names []string) string {
	for _, n := range names {
		if v := clean(a[n]); v != "" && v != "-99" {
			return v
		}
	}
	return ""
}

// place makes a place of what the attributes say, all but where it is.
func (a attributes) place(nameField string) Place {
	names := nameFields
	if nameField != "" {
		names = []string{strings.ToLower(nameField)}
	}
	p := Place{Name: a.first(names), Country: a.first(countryFields), CountryCode: a.first(codeFields), Region: a.first(regionFields)}
	if p.Country == "" && p.CountryCode != "" {
		p.Country = countryOf(p.CountryCode)
	}
	if n := number(a.first(populationFields)); n > 0 && n < 1e11 {
		p.Population = int64(n)
	}
	p.Layer = layerOf(a.first(layerFields))
	for _, field := range otherFields {
		for other := range strings.FieldsFuncSeq(a[field], func(r rune) bool { return r == '|' || r == ';' || r == ',' }) {
			if other = clean(other); other != "" && other != "-99" && other != p.Name && len(other) <= mostName {
				p.Names = append(p.Names, other)
			}
		}
	}
	return p
}

// number reads a number; what is none is NaN.
func number(s string) float64 {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// kinds are words that tell the kind of a place, by what they stand in: our own names and the classes of Natural Earth. The first match counts.
var kinds = []struct {
	layer string
	words []string
}{
	{Locality, []string{"capital", "populated", "city", "town", "village", "hamlet", "locality", "settlement"}},
	{Country, []string{"country", "countries", "sovereign"}},
	{County, []string{"county", "district", "admin-2"}},
	{Region, []string{"region", "state", "province", "admin-1"}},
	{Suburb, []string{"neighbourhood", "suburb", "quarter"}},
	{Landform, []string{"landform", "mountain", "peak", "range", "plateau", "valley", "island", "cape", "desert", "basin", "plain"}},
	{Water, []string{"water", "river", "lake", "sea", "ocean", "bay", "gulf", "strait", "reservoir", "channel"}},
	{Venue, []string{"venue", "airport", "port", "station", "building"}},
	{Area, []string{"area", "park", "reserve", "forest"}},
}

// layerOf is the kind that a word stands for, "" if it is unknown.
func layerOf(s string) string {
	s = strings.ToLower(s)
	for _, k := range kinds {
		if slices.ContainsFunc(k.words, func(w string) bool { return strings.Contains(s, w) }) {
			return k.layer
		}
	}
	return ""
}
