package server

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/imagery/wmts"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// services is what WMS, WMTS and TMS offer, made anew when the catalogue has changed.
type services struct {
	mu       sync.Mutex // guards all below
	now      *offer
	asked    time.Time // when the catalogue was last looked at
	sequence int64
}

// offer is the state of the catalogue that the documents describe. It is not changed once it is made.
type offer struct {
	infos    []tilestore.Info // what it was made of
	pictured []pictured
	wms      wms.Service
	wmts     wmts.Service
	layers   map[string]*wmts.Layer
	instants map[string][]instant
}

// pictured is a dataset of which pictures can be drawn.
type pictured struct {
	info tilestore.Info
	*facts
	instants []instant
}

// instant is a version that shows the ground at a time.
type instant struct {
	time  time.Time
	ref   string // name@version
	bound orb.Bound
}

// ref names the version of a dataset that shows an instant: the newest one for the zero time, and where there are no instants.
func (o *offer) ref(name string, at time.Time) string {
	for _, i := range o.instants[name] {
		if !at.IsZero() && i.time.Equal(at) {
			return i.ref
		}
	}
	return name
}

// instantsOf lists the instants that the versions of a dataset show, in order; of versions of one instant the newest counts.
func (s *Server) instantsOf(ctx context.Context, i tilestore.Info) ([]instant, error) {
	chronicle, ok := s.catalog.(Chronicle)
	if !ok || i.Time.IsZero() {
		return nil, nil
	}
	versions, err := chronicle.Versions(ctx, i.Name)
	if err != nil {
		return nil, err
	}
	var all []instant
	for _, v := range slices.Backward(versions) {
		if !v.Time.IsZero() && v.Kind == i.Kind {
			all = append(all, instant{v.Time.UTC(), fmt.Sprintf("%s@%d", v.Name, v.Version), v.Bound})
		}
	}
	slices.SortStableFunc(all, func(a, b instant) int { return a.time.Compare(b.time) })
	return slices.CompactFunc(all, func(a, b instant) bool { return a.time.Equal(b.time) }), nil
}

// instants lists those of each dataset that shows any.
func (s *Server) instants(ctx context.Context, infos []tilestore.Info) (map[string][]instant, error) {
	all := map[string][]instant{}
	for _, i := range infos {
		instants, err := s.instantsOf(ctx, i)
		if err != nil {
			return nil, err
		}
		if instants != nil {
			all[i.Name] = instants
		}
	}
	return all, nil
}

// fresh is how long an offer is taken for current: as long a new dataset may be missing from the documents.
const fresh = 500 * time.Millisecond

// mapFormats are the picture formats of WMS, the one that clients take unasked first.
func mapFormats() []picture.Format { return append(picture.Formats(), geoTIFF) }

// geoTIFF is written by picture.AppendGeoTIFF, which must know the place.
var geoTIFF = picture.Format{Name: "geotiff", MIME: "image/tiff", Ext: "tif", Alpha: true}

// advertised are the reference systems that capabilities name; the registry's others are drawn as well.
var advertised = []string{
	"CRS:84", "EPSG:4326", "EPSG:3857", "EPSG:3395", "EPSG:4258", "EPSG:3035", "EPSG:3034", "EPSG:25832", "EPSG:25833", "EPSG:2154", "EPSG:27700", "EPSG:4269",
	"EPSG:5070", "EPSG:3413", "EPSG:3031", "EPSG:3978", "EPSG:2193", "EPSG:7855",
}

// services returns what is offered now.
func (s *Server) services(ctx context.Context) (*offer, error) {
	v := &s.maps.services
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.now != nil && time.Since(v.asked) < fresh {
		return v.now, nil
	}
	infos, err := s.catalog.All(ctx)
	if err != nil {
		return nil, err
	}
	instants, err := s.instants(ctx, infos)
	if err != nil {
		return nil, err
	}
	if v.now == nil || !equalInfos(v.now.infos, infos) || !equalInstants(v.now.instants, instants) {
		o, err := s.offer(ctx, infos, instants)
		if err != nil {
			return nil, err
		}
		v.sequence = max(v.sequence+1, time.Now().Unix())
		o.wms.UpdateSequence = strconv.FormatInt(v.sequence, 10)
		o.wmts.UpdateSequence = o.wms.UpdateSequence
		v.now = o
	}
	v.asked = time.Now()
	return v.now, nil
}

// equalInfos tells whether two states of the catalogue hold the same versions.
func equalInfos(a, b []tilestore.Info) bool {
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		if a[k].Name != b[k].Name || a[k].Version != b[k].Version || a[k].Manifest != b[k].Manifest || !a[k].Time.Equal(b[k].Time) || a[k].SizeBytes != b[k].SizeBytes {
			return false
		}
	}
	return true
}

// equalInstants tells whether two states of the catalogue show the same instants.
func equalInstants(a, b map[string][]instant) bool {
	for name := range a {
		if !slices.EqualFunc(a[name], b[name], func(x, y instant) bool { return x.ref == y.ref && x.time.Equal(y.time) }) {
			return false
		}
	}
	return len(a) == len(b)
}

// offer describes the datasets of which pictures can be drawn. One that cannot be read is left out.
func (s *Server) offer(ctx context.Context, infos []tilestore.Info, instants map[string][]instant) (*offer, error) {
	o := &offer{infos: infos, layers: map[string]*wmts.Layer{}, instants: instants}
	deepest := uint8(0)
	for _, i := range infos {
		f, err := s.factsOf(ctx, i)
		if err == nil && f.pictured() {
			o.pictured = append(o.pictured, pictured{i, f, instants[i.Name]})
			deepest = max(deepest, f.deep+mercatorBeyond)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			s.options.Log.Warn("dataset without pictures", "dataset", i.Name, "cause", err.Error())
		}
	}
	o.wms = wms.Service{
		Title: s.options.Title, Keywords: []string{"terrain", "imagery", "elevation"}, Contact: s.options.Contact, Formats: mapFormats(), InfoFormats: wms.InfoFormats(), CRSs: s.offered(),
		Limits: wms.Limits{MaxWidth: mostMapSide, MaxHeight: mostMapSide, MaxPixels: mostMapPixels, LayerLimit: 32},
	}
	o.wmts = wmts.Service{Title: s.options.Title}
	for _, p := range o.pictured {
		o.wms.Layers = append(o.wms.Layers, p.wms())
		o.wmts.Layers = append(o.wmts.Layers, p.wmts(deepest))
	}
	for k := range o.wmts.Layers {
		o.layers[o.wmts.Layers[k].Name] = &o.wmts.Layers[k]
	}
	return o, nil
}

// offered are the advertised systems that the registry knows.
func (s *Server) offered() []string {
	var known []string
	for _, code := range advertised {
		if _, err := s.maps.registry.CRS(code); err == nil {
			known = append(known, code)
		}
	}
	return known
}

// bound is the ground that any of the instants shows.
func (p pictured) bound() orb.Bound {
	all := []orb.Bound{p.info.Bound}
	for _, i := range p.instants {
		all = append(all, i.bound)
	}
	return tilegrid.UniteBounds(all)
}

// wms describes the dataset as a layer of WMS.
func (p pictured) wms() wms.Layer {
	i := p.info
	l := wms.Layer{
		Name: i.Name, Title: either(i.Title, i.Name), Attribution: i.Attribution, Bound: p.bound(), Queryable: true, Keywords: []string{string(i.Kind)},
		Abstract: fmt.Sprintf("Pictures of dataset %s, version %d, levels %d to %d in %s.", i.Name, i.Version, i.Levels[0], i.Levels[1], i.Grid.CRS()),
		Data:     []wms.Link{{MIME: "application/json", URL: "datasets/" + i.Name}},
	}
	for _, at := range p.instants {
		l.Times = append(l.Times, at.time)
	}
	if p.ground {
		l.Abstract = fmt.Sprintf("Heights of dataset %s, version %d, levels 0 to %d, drawn in a choice of styles.", i.Name, i.Version, i.Levels[1])
		for _, st := range style.Styles() {
			w, h := st.LegendSize()
			l.Styles = append(l.Styles, wms.Style{Name: st.Name, Title: st.Title, Abstract: st.Abstract, Legend: &wms.Legend{Width: w, Height: h, MIME: tilestore.PNG}})
		}
	}
	return l
}

// timeDimension is what WMTS calls the choice of an instant.
const timeDimension = "Time"

// wmts describes the dataset as a layer of WMTS, in its own grid and the other one, down to the deepest level of any.
func (p pictured) wmts(deepest uint8) wmts.Layer {
	i := p.info
	l := wmts.Layer{Name: i.Name, Title: either(i.Title, i.Name), Bound: p.bound(), Styles: []wmts.Style{{Name: defaultStyle, Title: "Default"}}}
	mimes := []string{tilestore.PNG, tilestore.JPEG, tilestore.WebP}
	if i.Format == tilestore.JPEG {
		mimes[0], mimes[1] = mimes[1], mimes[0]
	}
	for _, m := range mimes {
		if f, ok := wmts.FormatOf(m); ok {
			l.Formats = append(l.Formats, f)
		}
	}
	for _, m := range []struct{ mime, ext string }{{wms.InfoJSON, "json"}, {wms.InfoPlain, "txt"}, {wms.InfoHTML, "html"}} {
		l.InfoFormats = append(l.InfoFormats, wmts.Format{MIME: m.mime, Ext: m.ext})
	}
	if n := len(p.instants); n > 0 {
		d := wmts.Dimension{Name: timeDimension, Unit: "ISO8601", Default: p.instants[n-1].time.Format(time.RFC3339)}
		for _, at := range p.instants {
			d.Values = append(d.Values, at.time.Format(time.RFC3339))
		}
		l.Dimensions = []wmts.Dimension{d}
	}
	if p.ground {
		l.Styles = nil
		for _, st := range style.Styles() {
			l.Styles = append(l.Styles, wmts.Style{Name: st.Name, Title: st.Title})
		}
	}
	grids := []tilegrid.Grid{tilegrid.Mercator, tilegrid.Geodetic}
	if !p.ground && i.Grid == tilegrid.Geodetic {
		grids[0], grids[1] = grids[1], grids[0]
	}
	for _, g := range grids {
		link := wmts.NewLink(wmts.Set{Grid: g, TileSize: 256}, nil)
		if !p.ground && g == i.Grid && p.size == 256 {
			link = wmts.NewLink(wmts.Set{Grid: g, TileSize: 256}, i.Available)
		}
		l.Links = append(l.Links, link.Extend(p.bound(), 0, deepest))
	}
	return l
}
