package wmts

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got, go test -update writes it anew):\n%s", name, diff)
	}
}

func service() Service {
	return Service{BaseURL: "http://127.0.0.1:8080", Title: "Terrane", Abstract: "Terrain and imagery", Provider: "Survey & Sons",
		ProviderSite: "http://127.0.0.1:8080/?a=1&b=2", UpdateSequence: "17", Layers: []Layer{alps(), relief()}}
}

// answer parses a query and writes its capabilities.
func answer(t *testing.T, s Service, query string) ([]byte, error) {
	t.Helper()
	r, err := Parse("service=WMTS&request=GetCapabilities" + query)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = WriteCapabilities(&b, s, *r.Capabilities)
	return b.Bytes(), err
}

func TestCapabilities(t *testing.T) {
	got, err := answer(t, service(), "")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "capabilities.golden", got)
}

// parts names the children of the root, in order.
func parts(t *testing.T, document []byte) string {
	t.Helper()
	var root struct {
		XMLName  xml.Name
		Sequence string                       `xml:"updateSequence,attr"`
		Children []struct{ XMLName xml.Name } `xml:",any"`
	}
	if err := xml.Unmarshal(document, &root); err != nil {
		t.Fatal(err)
	}
	names := []string{root.XMLName.Local + root.Sequence}
	for _, c := range root.Children {
		names = append(names, c.XMLName.Local)
	}
	return strings.Join(names, " ")
}

// TestSections: a document of some sections has these and no other element, or the suite takes the parameter for not implemented.
func TestSections(t *testing.T) {
	for query, want := range map[string]string{
		"":                                "Capabilities17 ServiceIdentification ServiceProvider OperationsMetadata Contents Themes ServiceMetadataURL",
		"&sections=All":                   "Capabilities17 ServiceIdentification ServiceProvider OperationsMetadata Contents Themes ServiceMetadataURL",
		"&sections=ServiceIdentification": "Capabilities17 ServiceIdentification",
		"&sections=ServiceProvider":       "Capabilities17 ServiceProvider",
		"&sections=OperationsMetadata":    "Capabilities17 OperationsMetadata",
		"&sections=Contents":              "Capabilities17 Contents",
		"&sections=Themes":                "Capabilities17 Themes",
		"&sections=Themes,Contents":       "Capabilities17 Contents Themes",
	} {
		got, err := answer(t, service(), query)
		if err != nil || parts(t, got) != want {
			t.Errorf("%s: got %s, %v, want %s", query, parts(t, got), err, want)
		}
	}
}

func TestUpdateSequence(t *testing.T) {
	whole, _ := answer(t, service(), "")
	for sequence, want := range map[string]string{
		"17": "Capabilities17", "017": "Capabilities17", "16": "whole", "07": "whole", "0": "whole", "": "whole",
		"18": InvalidUpdateSequence, "27": InvalidUpdateSequence, "99999999999999999999": InvalidUpdateSequence,
		"-1": InvalidUpdateSequence, ":7": InvalidUpdateSequence, "NaN": InvalidUpdateSequence,
		"17.0": InvalidUpdateSequence, "1e9": InvalidUpdateSequence, "<b>": InvalidUpdateSequence,
	} {
		got, err := answer(t, service(), "&updatesequence="+sequence)
		switch {
		case want == InvalidUpdateSequence:
			if verdict(err) != want || len(got) != 0 {
				t.Errorf("%s: got %q and %d bytes, want %s without locator", sequence, verdict(err), len(got), want)
			}
		case want == "whole":
			if err != nil || !bytes.Equal(got, whole) {
				t.Errorf("%s: not the whole document: %v", sequence, err)
			}
		case err != nil || parts(t, got) != want:
			t.Errorf("%s: got %s, %v, want %s", sequence, parts(t, got), err, want)
		}
	}
	without := service()
	without.UpdateSequence = ""
	if got, err := answer(t, without, "&updatesequence=18"); err != nil || !strings.HasPrefix(parts(t, got), "Capabilities Service") {
		t.Errorf("a service without sequence: %v", err)
	}
}

func TestLayersThatCannotBeAskedForAreLeftOut(t *testing.T) {
	s := service()
	none, bare, empty := alps(), alps(), alps()
	none.Formats, bare.Styles, empty.Links = nil, nil, []Link{NewLink(Set{tilegrid.Mercator, 256}, [][]tilegrid.Range{nil, {}})}
	s.Layers = []Layer{none, bare, empty, {}}
	got, err := answer(t, s, "&sections=Contents")
	if err != nil || bytes.Contains(got, []byte("<Layer>")) {
		t.Errorf("%s %v", got, err)
	}
}

// TestMarkupIsEscaped: titles come from files that anybody may have made.
func TestMarkupIsEscaped(t *testing.T) {
	s := service()
	const evil = "]]></Title><script>\x00\x1b\xff\"'&"
	s.Title, s.Abstract, s.Provider, s.ProviderSite, s.Fees, s.Constraints = evil, evil, evil, evil, evil, evil
	for n := range s.Layers {
		l := &s.Layers[n]
		l.Title, l.Abstract, l.Theme, l.Name = evil, evil, evil, evil
		l.Styles = []Style{{evil, evil, &Legend{evil, evil, 1, 1}}}
		l.Formats = []Format{{evil, evil}}
		l.Dimensions = []Dimension{{evil, evil, evil, evil, []string{evil}}}
	}
	got, err := answer(t, s, "")
	if err != nil || bytes.Contains(got, []byte("<script")) || bytes.ContainsAny(got, "\x00\x1b") {
		t.Errorf("markup got through: %v", err)
	}
	parts(t, got)
}

func TestExceptionsAreReports(t *testing.T) {
	var b bytes.Buffer
	for _, e := range []*Exception{NoLayer(), NoPath(), {VersionNegotiationFailed, "", "the version is 1.0.0", 400},
		{"<x>", "\"<y>\"", "<z>&\x00", 400}} {
		if err := e.Encode(&b); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "exceptions.golden", b.Bytes())
	if got := NoLayer().Error(); got != "wmts: InvalidParameterValue Layer: no such layer" {
		t.Error(got)
	}
}

// TestNothingOfTheClientComesBack sends markup in every value.
func TestNothingOfTheClientComesBack(t *testing.T) {
	const evil = "<script>alert(1)</script>"
	for _, query := range []string{getTile, getInfo, "service=WMTS&request=GetCapabilities&sections=All&acceptversions=1.0.0&updatesequence=17"} {
		for pair := range strings.SplitSeq(query, "&") {
			key, _, _ := strings.Cut(pair, "=")
			r, err := Parse(strings.Replace(query, pair, key+"="+evil, 1))
			switch {
			case err != nil:
			case r.Tile != nil:
				_, err = alps().Tile(*r.Tile)
			case r.Info != nil:
				_, err = alps().Info(*r.Info)
			default:
				_, err = service().Current(r.Capabilities.UpdateSequence)
			}
			if err == nil && key != "layer" { // the server looks layers up
				t.Errorf("%s in %s is taken", evil, key)
			}
			if err != nil && strings.Contains(err.Error(), "script") {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
}

func TestDataAcrossTheAntimeridianHaveABoxThatClientsRead(t *testing.T) {
	l := alps()
	l.Bound = orb.Bound{Min: orb.Point{170, -20}, Max: orb.Point{200, -10}}
	s := service()
	s.Layers = []Layer{l}
	got, _ := answer(t, s, "&sections=Contents")
	if want := "<ows:LowerCorner>-180 -20</ows:LowerCorner><ows:UpperCorner>180 -10</ows:UpperCorner>"; !bytes.Contains(got, []byte(want)) {
		t.Errorf("no %s in %s", want, got)
	}
}

// thousand is a service of 1 000 layers of 19 levels.
func thousand() Service {
	s := service()
	s.Layers = nil
	b := orb.Bound{Min: orb.Point{5.9, 45.8}, Max: orb.Point{10.5, 47.8}}
	for n := range 1000 {
		l := alps()
		l.Name = fmt.Sprintf("layer-%d", n)
		l.Links = []Link{NewLink(Set{tilegrid.Mercator, 256}, box(tilegrid.Mercator, b, 0, 18))}
		s.Layers = append(s.Layers, l)
	}
	return s
}

func TestAThousandLayersAreQuick(t *testing.T) {
	s := thousand()
	start := time.Now()
	got, err := answer(t, s, "")
	if d := time.Since(start); err != nil || d > time.Second {
		t.Errorf("%d bytes took %s, %v", len(got), d, err)
	}
	if n := bytes.Count(got, []byte("<Layer>")); n != 1000 {
		t.Errorf("%d layers", n)
	}
}

func BenchmarkCapabilities1000(b *testing.B) {
	s := thousand()
	b.ReportAllocs()
	for b.Loop() {
		WriteCapabilities(io.Discard, s, GetCapabilities{Sections: Sections{true, true, true, true, true}})
	}
}

func BenchmarkGetTile(b *testing.B) {
	l := alps()
	b.ReportAllocs()
	for b.Loop() {
		r, err := Parse(getTile)
		if err != nil {
			b.Fatal(err)
		}
		if _, err = l.Tile(*r.Tile); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRESTTile(b *testing.B) {
	l := alps()
	b.ReportAllocs()
	for b.Loop() {
		r, err := ParseREST("1.0.0/alps/default/WebMercatorQuad/6/22/33.jpg", "")
		if err != nil {
			b.Fatal(err)
		}
		if _, err = l.Tile(*r.Tile); err != nil {
			b.Fatal(err)
		}
	}
}
