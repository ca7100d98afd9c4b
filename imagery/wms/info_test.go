package wms

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

func answer(t *testing.T, format string, infos []Info) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteInfo(&b, format, "https://maps.example/wms", infos); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnswersInEveryFormat(t *testing.T) {
	infos := []Info{
		{Layer: "island", Position: orb.Point{9.25, 40.5}, Kind: StoredValue, Time: "2021-06-02T11:00:00Z", Values: []Value{{Name: "height", Number: 812.5, Unit: "m"}, {Name: "slope", Number: math.NaN(), Unit: "degrees"}}},
		{Layer: "photo", Position: orb.Point{9.25, 40.5}, Kind: StoredColour, Values: []Value{{Name: "colour", Text: "#0a141e"}, {Name: "red", Number: 10}}},
	}
	for _, f := range InfoFormats() {
		golden(t, "info-"+strings.NewReplacer("/", "-").Replace(f)+".golden", []byte(strings.ReplaceAll(answer(t, f, infos), "><", ">\n<")))
	}
}

func TestNothingIsAnAnswerToo(t *testing.T) {
	for format, want := range map[string]string{
		InfoJSON: `{"features":[],"type":"FeatureCollection"}`, InfoPlain: "nothing here\n", InfoHTML: "<p>nothing here</p>", InfoGML: "<gml:null>missing</gml:null>", InfoXML: "<gml:null>missing</gml:null>",
	} {
		if got := answer(t, format, nil); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", format, got)
		}
	}
	if err := WriteInfo(&bytes.Buffer{}, "image/png", "", nil); err == nil {
		t.Error("a format that is none was written")
	}
}

func TestHostileValuesAreEscaped(t *testing.T) {
	hostile := "<script>alert(1)</script>\x00\x1b\"'&]]>\r\nX: 1" + strings.Repeat("a", 64<<10)
	infos := []Info{{Layer: hostile, Kind: StoredValue, Time: hostile, Values: []Value{{Name: hostile, Text: hostile, Unit: hostile}, {Name: "v", Number: math.Inf(1), Unit: hostile}}}}
	for _, f := range InfoFormats() {
		got := answer(t, f, infos)
		if f != InfoPlain && strings.Contains(got, "<script") || strings.ContainsAny(got, "\x00\x1b\r") {
			t.Errorf("%s: text came out as it went in: %.300s", f, got)
		}
		switch f {
		case InfoJSON:
			if !json.Valid([]byte(got)) {
				t.Errorf("not JSON: %.300s", got)
			}
		case InfoGML, InfoXML:
			wellFormed(t, []byte(got))
		}
	}
}

func TestTheSchemaOfAnswersCanBeAskedFor(t *testing.T) {
	parse[*GetSchema](t, schemaQuery)
	wellFormed(t, InfoSchema())
	if !strings.Contains(answer(t, InfoGML, nil), "https://maps.example/wms?SERVICE=WMS&amp;REQUEST=GetFeatureInfoSchema") {
		t.Error("answers do not name their schema")
	}
}
