package server

import (
	"encoding/xml"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
)

// harvested is what the tests read of a metadata record, as a catalogue that harvests it would.
type harvested struct {
	XMLName xml.Name `xml:"http://www.isotc211.org/2005/gmd MD_Metadata"`
	File    string   `xml:"fileIdentifier>CharacterString"`
	Party   string   `xml:"contact>CI_ResponsibleParty>organisationName>CharacterString"`
	Code    string   `xml:"referenceSystemInfo>MD_ReferenceSystem>referenceSystemIdentifier>RS_Identifier>code>CharacterString"`
	Data    struct {
		Title   string `xml:"citation>CI_Citation>title>CharacterString"`
		Edition string `xml:"citation>CI_Citation>edition>CharacterString"`
		Credit  string `xml:"credit>CharacterString"`
		Topic   string `xml:"topicCategory>MD_TopicCategoryCode"`
		Extent  struct {
			West  []float64 `xml:"geographicElement>EX_GeographicBoundingBox>westBoundLongitude>Decimal"`
			East  []float64 `xml:"geographicElement>EX_GeographicBoundingBox>eastBoundLongitude>Decimal"`
			Begin string    `xml:"temporalElement>EX_TemporalExtent>extent>TimePeriod>beginPosition"`
			End   string    `xml:"temporalElement>EX_TemporalExtent>extent>TimePeriod>endPosition"`
		} `xml:"extent>EX_Extent"`
	} `xml:"identificationInfo>MD_DataIdentification"`
	Online []string `xml:"distributionInfo>MD_Distribution>transferOptions>MD_DigitalTransferOptions>onLine>CI_OnlineResource>linkage>URL"`
}

func harvest(t *testing.T, s *Server, path string) (h harvested) {
	t.Helper()
	r := ask(s, "GET", path)
	if r.StatusCode != 200 || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/xml") {
		t.Fatalf("%s answers %d, %s", path, r.StatusCode, r.Header.Get("Content-Type"))
	}
	if err := xml.Unmarshal(bodyOf(t, r), &h); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return h
}

// TestEveryLayerHasARecordOfMetadata that both versions of WMS point at.
func TestEveryLayerHasARecordOfMetadata(t *testing.T) {
	dir := t.TempDir()
	fiji := tint{box(179, -17, 181, -16), 40}
	publishPicture(t, dir, "fiji", tiler.Options{
		Sources: []string{fiji.write(t, 128, false)}, Grid: tilegrid.Mercator, Max: 6, Format: tiler.PNG,
		Title: "Fiji & <isles>\x01", Attribution: "© A & B",
	})
	publishInstant(t, dir, "plot", "2021-06-01", 40)
	publishInstant(t, dir, "plot", "2019-06-01", 80)
	s := New(openFolder(t, dir), Options{Title: "Maps", Contact: wms.Contact{Organization: "Survey & Co", Email: "a@b.example"}})
	for version, want := range map[string]string{"1.1.1": `type="TC211"`, "1.3.0": `type="ISO19115:2003"`} {
		said := string(bodyOf(t, ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION="+version)))
		if strings.Count(said, "<MetadataURL "+want) != 2 || !strings.Contains(said, "http://example.com/datasets/fiji/metadata.xml") {
			t.Errorf("%s does not point at the records:\n%s", version, said)
		}
	}
	h := harvest(t, s, "/datasets/fiji/metadata.xml")
	if h.Data.Title != "Fiji & <isles>" || h.Data.Credit != "© A & B" || h.Party != "Survey & Co" || h.Data.Edition != "1" || h.Code != "3857" {
		t.Errorf("%+v", h)
	}
	if e := h.Data.Extent; len(e.West) != 2 || e.West[1] != -180 || e.East[0] != 180 || e.Begin != "" {
		t.Errorf("what crosses the antimeridian extends over %+v", e)
	}
	if !strings.HasSuffix(h.File, "/datasets/fiji") || len(h.Online) < 5 {
		t.Errorf("%s is had from %s", h.File, h.Online)
	}
	for ref, want := range map[string]string{
		"plot": "2019-06-01T00:00:00Z to 2021-06-01T00:00:00Z, version 1", "plot@2": "2019-06-01T00:00:00Z to 2019-06-01T00:00:00Z, version 2",
	} {
		d := harvest(t, s, "/datasets/"+ref+"/metadata.xml").Data
		if got := d.Extent.Begin + " to " + d.Extent.End + ", version " + d.Edition; got != want {
			t.Errorf("%s extends over %s", ref, got)
		}
	}
	for _, path := range []string{
		"/datasets/nobody/metadata.xml", "/datasets/metadata.xml", "/datasets/plot@9/metadata.xml", "/datasets/plot/metadata.xml/",
	} {
		if got := ask(s, "GET", path).StatusCode; got != 404 {
			t.Errorf("%s answers %d", path, got)
		}
	}
}

// TestARecordOfInstantsHasTheGroundOfAllOfThem, one of a version by its number that version's.
func TestARecordOfInstantsHasTheGroundOfAllOfThem(t *testing.T) {
	dir := t.TempDir()
	for n, west := range []float64{10, 14, 12} {
		at := time.Date(2020+n, 1, 1, 0, 0, 0, 0, time.UTC)
		k := tint{box(west, 47, west+1, 48), 40}
		publishPicture(t, dir, "plot", tiler.Options{
			Sources: []string{k.write(t, 128, false)}, Grid: tilegrid.Mercator, Max: 3, Format: tiler.PNG, Time: at,
		})
	}
	s := New(openFolder(t, dir), Options{})
	for ref, want := range map[string][2]float64{"plot": {10, 15}, "plot@1": {10, 11}, "plot@2": {14, 15}, "plot@3": {12, 13}} {
		e := harvest(t, s, "/datasets/"+ref+"/metadata.xml").Data.Extent
		if len(e.West) != 1 || math.Abs(e.West[0]-want[0]) > 0.01 || math.Abs(e.East[0]-want[1]) > 0.01 {
			t.Errorf("%s extends from %v to %v, want %v", ref, e.West, e.East, want)
		}
	}
}

func TestARecordIsDatedByItsNewestSource(t *testing.T) {
	for provenance, want := range map[string]string{
		`{"sources":[{"modified":"2020-01-02T03:04:05Z"},{"modified":"2021-01-02T03:04:05Z"},{}]}`: "2021-01-02",
		`{"sources":[]}`: "0001-01-01", `[]`: "0001-01-01", ``: "0001-01-01",
	} {
		if got := revised([]byte(provenance)).Format(time.DateOnly); got != want {
			t.Errorf("%s is of %s", provenance, got)
		}
	}
}
