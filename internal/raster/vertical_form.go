package raster

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/lukeroth/gdal"
)

// products are DEM products that everybody names in the same way, by the stem of the raster's name, and whose makers say what their heights count
// from. Products that mix datums (GTOPO30, GMTED2010, ETOPO1) or whose heights differ from place to place (3DEP) are not among them.
var products = []struct {
	stem *regexp.Regexp
	what string
	v    Vertical
}{
	{regexp.MustCompile(`(?i)^copernicus_dsm_(cog_)?\d+_[ns]\d\d_\d\d_[ew]\d{3}_\d\d_dem$`), "Copernicus DEM", egm2008}, // Product Handbook, 2.1
	{regexp.MustCompile(`(?i)^[ns]\d\d[ew]\d{3}_fabdem`), "FABDEM", egm2008},                                            // made of Copernicus DEM
	{regexp.MustCompile(`(?i)^etopo_2022_v\d_.*_(surface|bed)$`), "ETOPO 2022", egm2008},                                // NOAA NCEI, user guide
	{regexp.MustCompile(`(?i)^(alpsmlc30_)?[ns]\d{3}[ew]\d{3}_(dsm|ave_dsm|med_dsm)$`), "ALOS World 3D", egm96},         // AW3D30 product description, 2
	{regexp.MustCompile(`(?i)^nasadem_hgt_[ns]\d\d[ew]\d{3}$`), "NASADEM", egm96},                                       // NASADEM user guide
	{regexp.MustCompile(`(?i)^astgtm\w*_[ns]\d\d[ew]\d{3}_dem$`), "ASTER GDEM", egm96},                                  // ASTER GDEM user guide
	{regexp.MustCompile(`(?i)^[ns]\d\d_[ew]\d{3}_[13]arc_v\d$`), "SRTM", egm96},                                         // USGS EROS
	{regexp.MustCompile(`(?i)^srtm_\d\d_\d\d$`), "SRTM", egm96},                                                         // CGIAR-CSI, five-degree tiles
	{regexp.MustCompile(`(?i)^tdm1_dem__\d\d_[ns]\d\d[ew]\d{3}_dem$`), "TanDEM-X DEM", ellipsoidHeights},                // DLR, product specification
}

// What products and headers name.
var (
	egm96            = Vertical{Name: "EGM96 height", EPSG: 5773}
	egm2008          = Vertical{Name: "EGM2008 height", EPSG: 3855}
	ellipsoidHeights = Vertical{Name: "ellipsoid", EPSG: ellipsoidal}
)

// from returns v as found somewhere.
func (v Vertical) from(where string) Vertical {
	v.From = where
	return v
}

// verticalByForm is what a file's metadata, its format or its product's form say about its heights where the CRS says nothing.
func (d *dem) verticalByForm(ds gdal.Dataset) Vertical {
	for _, key := range []string{"VERTICAL_DATUM", "VERT_DATUM", "VERTICALDATUM", "VERTICAL_CRS"} {
		if v := verticalByName(ds.MetadataItem(key, "")); v != (Vertical{}) {
			return v.from("metadata")
		}
	}
	stem, _, _ := strings.Cut(d.base(), ".")
	for _, p := range products {
		if p.stem.MatchString(stem) {
			return p.v.from(p.what + " by its name")
		}
	}
	switch d.Driver {
	case "SRTMHGT":
		return egm96.from("SRTM by convention")
	case "DTED":
		return verticalOfDTED(ds.MetadataItem("DTED_VerticalDatum", ""))
	}
	return Vertical{}
}

// verticalOfDTED reads a header. E96 is EGM96; MSL is what older files say, which MIL-PRF-89020B, 3.8, takes from EGM96 too.
func verticalOfDTED(code string) Vertical {
	if strings.EqualFold(strings.TrimSpace(code), "E96") {
		return egm96.from("DTED header")
	}
	v := egm96.from("DTED header, which says mean sea level")
	v.Assumed = true
	return v
}

// verticalByName reads the text of a metadata item; the zero value if it says nothing that is known.
func verticalByName(text string) Vertical {
	text = strings.TrimSpace(text)
	if code, ok := geoidCode(text); ok {
		if code == ellipsoidal {
			return ellipsoidHeights
		}
		title, err := verticalTitle(code)
		if err != nil {
			return Vertical{}
		}
		return Vertical{Name: title, EPSG: code}
	}
	if v := known(Vertical{Name: text}); v.EPSG != 0 {
		return v
	}
	return Vertical{}
}

// downward finds the axis of a vertical system that counts depths.
var downward = regexp.MustCompile(`AXIS\["[^"]*",down\b`)

// thirdAxis finds the third axis of a reference: its direction and the metres in its unit.
var thirdAxis = regexp.MustCompile(`AXIS\["[^"]*",(up|down),ORDER\[3\],LENGTHUNIT\["[^"]*",([^,\]]+)`)

// number is a code, 0 where there is none.
func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// metresOf reads a unit's factor, 0 where there is none.
func metresOf(text string) float64 {
	v, _ := strconv.ParseFloat(text, 64)
	return v
}
