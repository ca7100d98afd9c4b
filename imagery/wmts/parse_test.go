package wmts

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// verdict is an exception in short, "code locator status", or "" for none.
func verdict(err error) string {
	var e *Exception
	if !errors.As(err, &e) {
		if err != nil {
			return "not an exception: " + err.Error()
		}
		return ""
	}
	status := ""
	if e.Status != 400 {
		status = " not 400"
	}
	return strings.TrimSpace(e.Code+" "+e.Locator) + status
}

const getTile = "service=WMTS&request=GetTile&version=1.0.0&layer=alps&style=default&format=image/jpeg" +
	"&tilematrixset=WebMercatorQuad&tilematrix=6&tilerow=22&tilecol=33"

const getInfo = "service=WMTS&request=GetFeatureInfo&version=1.0.0&layer=alps&style=default&format=image/jpeg" +
	"&tilematrixset=WebMercatorQuad&tilematrix=6&tilerow=22&tilecol=33&j=10&i=255&infoformat=application/json"

// TestRequestsThatTheSuiteWantsRefused has the negative cases of OGC's executable test suite for WMTS 1.0.0, and their kin.
func TestRequestsThatTheSuiteWantsRefused(t *testing.T) {
	for query, want := range map[string]string{
		"&":                       "MissingParameterValue Service",
		"request=GetCapabilities": "MissingParameterValue Service",
		"request~GetCapabilities!service~!'WMTS'version~'1.0.0": "MissingParameterValue Service",
		"service=WMTS&request~GetCapabilities!version~1.0.0":    "MissingParameterValue Request",
		"service=WMTS":                                                    "MissingParameterValue Request",
		"service=BOGUS&request=GetCapabilities":                           "InvalidParameterValue Service",
		"service=WMS&request=GetCapabilities":                             "InvalidParameterValue Service",
		"service=WMTS&request=GetBOGUS":                                   "InvalidParameterValue Request",
		"service=WMTS&request=GetMap":                                     "InvalidParameterValue Request",
		"service=WMTS&request=GetCapabilities&sections=Bogus":             "InvalidParameterValue Sections",
		"service=WMTS&request=GetCapabilities&sections=":                  "MissingParameterValue Sections",
		"service=WMTS&request=GetCapabilities&sections=Contents,":         "InvalidParameterValue Sections",
		"service=WMTS&request=GetCapabilities&sections=,":                 "InvalidParameterValue Sections",
		"service=WMTS&request=GetCapabilities&acceptversions=1.1.0":       "VersionNegotiationFailed",
		"service=WMTS&request=GetCapabilities&acceptversions=9.9.9,2.0.0": "VersionNegotiationFailed",
		"service=WMTS&request=GetCapabilities&acceptversions=":            "MissingParameterValue AcceptVersions",
	} {
		if _, err := Parse(query); verdict(err) != want {
			t.Errorf("%s: got %q, want %q", query, verdict(err), want)
		}
	}
}

func TestEachMandatoryParameterIsMissed(t *testing.T) {
	for _, query := range []string{getTile, getInfo} {
		for pair := range strings.SplitSeq(query, "&") {
			key, _, _ := strings.Cut(pair, "=")
			for name, broken := range map[string]string{
				"absent":   strings.Trim(strings.Replace("&"+query+"&", "&"+pair+"&", "&", 1), "&"),
				"empty":    strings.Replace(query, pair, key+"=", 1),
				"no value": strings.Replace(query, pair, key, 1),
			} {
				_, err := Parse(broken)
				if got := verdict(err); !strings.EqualFold(got, MissingParameterValue+" "+key) {
					t.Errorf("%s %s: got %q", key, name, got)
				}
			}
		}
	}
}

func TestValuesThatAreNoText(t *testing.T) {
	for _, value := range []string{"%zz", "%", "%ff", "%00", "a%0ab", "%c3%28"} {
		query := strings.Replace(getTile, "layer=alps", "layer="+value, 1)
		if _, err := Parse(query); verdict(err) != "InvalidParameterValue Layer" {
			t.Errorf("layer=%s: got %q", value, verdict(err))
		}
	}
	if _, err := Parse(getTile + "&%zz=1&foo=%zz&%ff"); err != nil {
		t.Errorf("bad escapes in keys that are not of the protocol: %v", err)
	}
}

func TestDoubledKeys(t *testing.T) {
	for query, want := range map[string]string{
		getTile + "&layer=other":                            "InvalidParameterValue Layer",
		getTile + "&LAYER=other":                            "InvalidParameterValue Layer",
		getTile + "&TileRow=23":                             "InvalidParameterValue TileRow",
		getTile + "&layer=":                                 "InvalidParameterValue Layer",
		getTile + "&SERVICE=WMS":                            "InvalidParameterValue Service",
		getTile + "&request=GetCapabilities":                "InvalidParameterValue Request",
		getTile + "&SERVICE=WMTS&layer=alps":                "", // twice the same is no contradiction: clients add to an address that has them already
		getTile + "&cache=1&cache=2":                        "",
		"service=WMTS&service=WMTS&request=GetCapabilities": "",
	} {
		if _, err := Parse(query); verdict(err) != want {
			t.Errorf("%s: got %q, want %q", query, verdict(err), want)
		}
	}
}

func TestVersionOfTiles(t *testing.T) {
	for _, v := range []string{"1.0", "1.0.1", "2.0.0", "1", "NaN"} {
		if _, err := Parse(strings.Replace(getTile, "1.0.0", v, 1)); verdict(err) != "InvalidParameterValue Version" {
			t.Errorf("version %s: got %q", v, verdict(err))
		}
	}
}

// TestKeysHaveNoCaseAndNoOrder: CesiumJS sends lower case, QGIS and OpenLayers upper, the suite mixes them.
func TestKeysHaveNoCaseAndNoOrder(t *testing.T) {
	want, err := Parse(getTile)
	if err != nil {
		t.Fatal(err)
	}
	pairs := strings.Split(getTile, "&")
	for turn := range pairs {
		var query []string
		for n := range pairs {
			key, value, _ := strings.Cut(pairs[(n+turn)%len(pairs)], "=")
			if n%2 == 0 {
				key = strings.ToUpper(key)
			}
			query = append(query, strings.Replace(key, "t", "%54", turn%2)+"="+strings.ReplaceAll(value, "/", "%2F"))
		}
		got, err := Parse(strings.Join(query, "&"))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v: %v %s", query, err, diff)
		}
	}
}

func TestGetTileIsRead(t *testing.T) {
	got, err := Parse(getTile + "&TIME=2024-05-01&dpiMode=7")
	want := Request{Tile: &GetTile{Layer: "alps", Style: "default", Set: "WebMercatorQuad", Matrix: "6", Row: "22", Col: "33", Format: "image/jpeg",
		Other: map[string]string{"time": "2024-05-01", "dpimode": "7"}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestGetFeatureInfoIsRead(t *testing.T) {
	got, err := Parse(getInfo)
	tile, _ := Parse(getTile)
	want := Request{Info: &GetFeatureInfo{GetTile: *tile.Tile, I: "255", J: "10", InfoFormat: "application/json"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestGetCapabilitiesIsRead(t *testing.T) {
	all := Sections{true, true, true, true, true}
	for query, want := range map[string]GetCapabilities{
		"":                                    {all, "", "application/xml"},
		"&version=1.0.0":                      {all, "", "application/xml"},
		"&version=3":                          {all, "", "application/xml"}, // no parameter of this request
		"&acceptversions=2.0.0,1.0.0":         {all, "", "application/xml"},
		"&sections=All":                       {all, "", "application/xml"},
		"&sections=Contents,All":              {all, "", "application/xml"},
		"&sections=ServiceIdentification":     {Sections{Identification: true}, "", "application/xml"},
		"&sections=ServiceProvider":           {Sections{Provider: true}, "", "application/xml"},
		"&sections=OperationsMetadata":        {Sections{Operations: true}, "", "application/xml"},
		"&SECTIONS=Contents,Themes":           {Sections{Contents: true, Themes: true}, "", "application/xml"},
		"&acceptformats=text/xml":             {all, "", "text/xml"},
		"&acceptformats=bogus/xml,text%2Fxml": {all, "", "text/xml"},
		"&acceptformats=bogus/xml":            {all, "", "application/xml"},
		"&updateSequence=17":                  {all, "17", "application/xml"},
	} {
		got, err := Parse("service=WMTS&request=GetCapabilities" + query)
		if err != nil || got.Capabilities == nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if diff := cmp.Diff(want, *got.Capabilities); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
}

func TestRESTPaths(t *testing.T) {
	for path, want := range map[string]string{
		"1.0.0/WMTSCapabilities.xml":                             "",
		"1.0.0/alps/default/WebMercatorQuad/6/22/33.jpg":         "",
		"1.0.0/alps/default/WebMercatorQuad/6/22/33/10/255.json": "",
		"1.0.0/a%2Fb/default/WebMercatorQuad/6/22/33.jpg":        "",
		"":                                 "NoApplicableCode not 400",
		"1.0.0":                            "NoApplicableCode not 400",
		"1.0.0/":                           "NoApplicableCode not 400",
		"2.0.0/WMTSCapabilities.xml":       "NoApplicableCode not 400",
		"1.0.0/WMTSCapabilities.xml/Bogus": "NoApplicableCode not 400", // asked by the suite
		"1.0.0/WMTSCapabilities.xmlBogus":  "NoApplicableCode not 400",
		"1.0.0/alps/default/WebMercatorQuad/6/22/33":              "NoApplicableCode not 400",
		"1.0.0/alps/default/WebMercatorQuad/6/22/33.jpg/":         "NoApplicableCode not 400",
		"1.0.0/alps/default/WebMercatorQuad/6/22.jpg":             "NoApplicableCode not 400",
		"1.0.0/alps/default/WebMercatorQuad/6/22/33/10.json":      "NoApplicableCode not 400",
		"1.0.0/alps/default/WebMercatorQuad/6/22/33/1/2/3.json":   "NoApplicableCode not 400",
		"1.0.0//default/WebMercatorQuad/6/22/33.jpg":              "MissingParameterValue Layer",
		"1.0.0/alps//WebMercatorQuad/6/22/33.jpg":                 "MissingParameterValue Style",
		"1.0.0/alps/default//6/22/33.jpg":                         "MissingParameterValue TileMatrixSet",
		"1.0.0/alps/default/WebMercatorQuad//22/33.jpg":           "MissingParameterValue TileMatrix",
		"1.0.0/alps/default/WebMercatorQuad/6//33.jpg":            "MissingParameterValue TileRow",
		"1.0.0/alps/default/WebMercatorQuad/6/22/.jpg":            "MissingParameterValue TileCol",
		"1.0.0/alps/default/WebMercatorQuad/6/22/33.":             "MissingParameterValue Format",
		"1.0.0/alps/default/WebMercatorQuad/6/22/33//255.json":    "MissingParameterValue J",
		"1.0.0/alps/default/WebMercatorQuad/6/22/33/10/.json":     "MissingParameterValue I",
		"1.0.0/alps/default/WebMercatorQuad/6/22/33/10/255.":      "MissingParameterValue InfoFormat",
		"1.0.0/%ff/default/WebMercatorQuad/6/22/33.jpg":           "InvalidParameterValue Layer",
		"1.0.0/%zz/default/WebMercatorQuad/6/22/33.jpg":           "InvalidParameterValue Layer",
		"1.0.0/%00/default/WebMercatorQuad/6/22/33.jpg":           "InvalidParameterValue Layer",
		"1.0.0/" + strings.Repeat("a", 5000) + "/d/W/6/22/33.jpg": "NoApplicableCode not 400",
	} {
		if _, err := ParseREST(path, ""); verdict(err) != want {
			t.Errorf("%s: got %q, want %q", path, verdict(err), want)
		}
	}
}

func TestRESTSaysWhatKVPSays(t *testing.T) {
	kvp, _ := Parse(getTile + "&time=2024")
	rest, err := ParseREST("1.0.0/alps/default/WebMercatorQuad/6/22/33.jpg", "TIME=2024&layer=other")
	if err != nil {
		t.Fatal(err)
	}
	rest.Tile.Format, rest.Tile.Ext = "image/jpeg", ""
	if diff := cmp.Diff(kvp, rest); diff != "" {
		t.Error(diff)
	}
}
