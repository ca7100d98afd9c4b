package server

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"encoding/xml"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// What /datasets/{name}/metadata.xml answers: a record of ISO 19115 in the form of ISO 19139 (schemas of 2007-04-17), which WMS calls the
// metadata of a layer, and which catalogues of metadata harvest. It says what is known of a dataset and leaves the rest out: who runs the
// service, what the dataset shows, where and when, and where to get it. Nothing of the machine is in it, and no names of sources.
const (
	metadataSuffix = "/metadata.xml"
	metadataMIME   = "text/xml"
)

//go:embed metadata.xml
var metadataRecord string

// record is what the template fills in.
type record struct {
	Summary
	Organization, Person, Email string
	Abstract                    string
	Topic                       string // of ISO 19115, MD_TopicCategoryCode
	Code                        string // of the reference system, EPSG
	Boxes                       []orb.Bound
	Begin, End                  time.Time // of the instants; zero: none
	Revised                     time.Time // when the newest source was last changed; zero: not known
	Online                      []online
}

// online is where a dataset is to be had, and in what tongue.
type online struct{ URL, Protocol string }

// onlines are the addresses of a summary that clients of some protocol start from. Protocols are named as catalogues of metadata know them.
func onlines(links map[string]string) (all []online) {
	for _, o := range []online{
		{"wms", "OGC:WMS"}, {"wmts", "OGC:WMTS"}, {"tms", "OSGeo:TMS"}, {"tilejson", "TileJSON"}, {"layer", "quantized-mesh"},
		{"self", "WWW:LINK-1.0-http--link"},
	} {
		if url, ok := links[o.URL]; ok {
			all = append(all, online{url, o.Protocol})
		}
	}
	return all
}

// metadata answers the record of a dataset whose summary is sum.
func (s *Server) metadata(c echo.Context, i tilestore.Info, sum Summary, now *offer) error {
	contact := s.options.Contact
	r := record{
		Summary: sum, Organization: either(contact.Organization, s.options.Title), Person: contact.Person, Email: contact.Email,
		Abstract: "Pictures of the ground, cut into tiles.", Topic: "imageryBaseMapsEarthCover",
		Code: strings.TrimPrefix(i.Grid.CRS().String(), "EPSG:"), Boxes: tilegrid.SplitBound(i.Bound), Begin: i.Time, End: i.Time,
		Revised: revised(i.Provenance), Online: onlines(sum.Links),
	}
	r.Title = either(sum.Title, sum.Name)
	if i.Kind == tilestore.Terrain {
		r.Abstract, r.Topic = "Heights of the ground, cut into tiles.", "elevation"
	}
	if all := now.instants[i.Name].all; len(all) > 0 && !strings.Contains(sum.Links["self"], "@") {
		r.Begin, r.End = all[0].time, all[len(all)-1].time
		r.Boxes = tilegrid.SplitBound(boundOf(i, all))
	}
	forms := template.FuncMap{
		"x": escapeXML, "code": codeOf, "decimal": decimalOf, "day": layout(time.DateOnly), "instant": layout("2006-01-02T15:04:05Z"),
	}
	t, err := template.New("metadata").Funcs(forms).Parse(metadataRecord)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, r); err != nil {
		return err
	}
	return s.sendDocument(c, newPair(b.Bytes(), metadataMIME), cacheRevalidate)
}

// revised is when the newest of a dataset's sources was last changed, as far as its provenance tells.
func revised(provenance json.RawMessage) (latest time.Time) {
	var p struct {
		Sources []struct {
			Modified time.Time `json:"modified"`
		} `json:"sources"`
	}
	if json.Unmarshal(provenance, &p) != nil {
		return time.Time{}
	}
	for _, s := range p.Sources {
		if s.Modified.After(latest) {
			latest = s.Modified
		}
	}
	return latest
}

// codeOf writes a value of one of ISO's code lists.
func codeOf(list, value string) string {
	const lists = "http://standards.iso.org/ittf/PubliclyAvailableStandards/ISO_19139_Schemas/resources/codelist/ML_gmxCodelists.xml#"
	return `<gmd:` + list + ` codeList="` + lists + list + `" codeListValue="` + value + `">` + value + `</gmd:` + list + `>`
}

func decimalOf(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// layout writes times in a form, in UTC.
func layout(form string) func(time.Time) string {
	return func(t time.Time) string { return t.UTC().Format(form) }
}

// escapeXML writes text for an element or attribute; what XML cannot hold is dropped.
func escapeXML(s string) (string, error) {
	held := func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}
	var b bytes.Buffer
	err := xml.EscapeText(&b, []byte(strings.Map(held, strings.ToValidUTF8(s, ""))))
	return b.String(), err
}
