package server

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/imagery/wmts"
	"github.com/terrane/terrane/internal/ion"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// services is what WMS, WMTS and TMS offer, made anew when the catalogue has changed.
type services struct {
	making   sync.Mutex // held by whoever looks for changes
	mu       sync.Mutex // guards all below
	now      *offer
	asked    time.Time // when the catalogue was last looked at
	sequence int64
}

// last is what was offered when the catalogue was last looked at, and whether that is fresh; nil before the first look.
func (v *services) last() (now *offer, young bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now, time.Since(v.asked) < fresh
}

// offer is the state of the catalogue that the documents describe. It is not changed once it is made, but for keeping these.
type offer struct {
	infos    []tilestore.Info // what it was made of
	pictured []pictured
	wms      wms.Service
	wmts     wmts.Service
	layers   map[string]*wmts.Layer
	instants map[string]instants
	partial  bool // a dataset could not be read

	whole     *offer    // of which this is the part for some; nil: this is all
	views     views     // its parts
	documents documents // what has been written of all this
	numbered  atomic.Pointer[ion.Register]
}

// pictured is a dataset of which pictures can be drawn.
type pictured struct {
	info tilestore.Info // of the version that is shown to who names none
	*facts
	instants []instant
}

// fresh is how long an offer is taken for current: as long a new dataset may be missing from the documents. Who asks for what is missing is told so
// only by an offer that is younger than hasty: see [Server.renewed].
const (
	fresh = 500 * time.Millisecond
	hasty = 100 * time.Millisecond
)

// mapFormats are the picture formats of WMS, the one that clients take unasked first.
func mapFormats() []picture.Format { return append(picture.Formats(), geoTIFF) }

// geoTIFF is written by picture.AppendGeoTIFF, which must know the place.
var geoTIFF = picture.Format{Name: "geotiff", MIME: "image/tiff", Ext: "tif", Alpha: true}

// advertised are the reference systems that capabilities name; the registry's others are drawn as well.
var advertised = []string{
	"CRS:84", "EPSG:4326", "EPSG:3857", "EPSG:3395", "EPSG:4258", "EPSG:3035", "EPSG:3034", "EPSG:25832", "EPSG:25833", "EPSG:2154",
	"EPSG:27700", "EPSG:4269", "EPSG:5070", "EPSG:3413", "EPSG:3031", "EPSG:3978", "EPSG:2193", "EPSG:7855",
}

// allServices returns what is offered now, to everybody together. While one request looks for changes, others are given what was offered before.
func (s *Server) allServices(ctx context.Context) (*offer, error) {
	v := &s.maps.services
	now, young := v.last()
	if now != nil && (young || !v.making.TryLock()) {
		return now, nil
	}
	if now == nil {
		v.making.Lock()
	}
	defer v.making.Unlock()
	if now, young = v.last(); young {
		return now, nil // it was made meanwhile
	}
	return s.renew(ctx, now)
}

// renewed returns what is offered now, for a request that names what seen, the offer that it was given, does not hold: something that was published a
// moment ago. The catalogue is looked at, unless that was done within [hasty], whatever is asked and however often. It returns nil if nothing else is
// offered, and if the catalogue cannot be read: then what is said of seen holds.
func (s *Server) renewed(ctx context.Context, seen *offer) *offer {
	v := &s.maps.services
	v.making.Lock()
	defer v.making.Unlock()
	v.mu.Lock()
	now, young := v.now, time.Since(v.asked) < hasty
	v.mu.Unlock()
	if !young {
		var err error
		if now, err = s.renew(ctx, now); err != nil {
			return nil
		}
	}
	if now == seen.root() {
		return nil
	}
	return s.seenBy(ctx, now)
}

// renew looks at the catalogue, and makes a new offer if it is not what the last one was made of, or that was not whole. One goroutine at a time
// does so.
func (s *Server) renew(ctx context.Context, last *offer) (*offer, error) {
	ctx = everything(ctx)
	infos, err := s.catalog.All(ctx)
	if err != nil {
		return nil, err
	}
	instants, err := s.instants(ctx, infos, last)
	if err != nil {
		return nil, err
	}
	now := last
	if last == nil || last.partial || !equalInfos(last.infos, infos) || !equalInstants(last.instants, instants) {
		if now, err = s.offer(ctx, infos, instants); err != nil {
			return nil, err
		}
	}
	v := &s.maps.services
	v.mu.Lock()
	defer v.mu.Unlock()
	if now != last {
		v.sequence = max(v.sequence+1, time.Now().Unix())
		now.wms.UpdateSequence = strconv.FormatInt(v.sequence, 10)
		now.wmts.UpdateSequence = now.wms.UpdateSequence
	}
	v.now, v.asked = now, time.Now()
	return now, nil
}

// equalInfos tells whether two states of the catalogue hold the same versions.
func equalInfos(a, b []tilestore.Info) bool {
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		if a[k].Name != b[k].Name || a[k].Version != b[k].Version || a[k].Manifest != b[k].Manifest ||
			!a[k].Time.Equal(b[k].Time) || a[k].SizeBytes != b[k].SizeBytes {
			return false
		}
	}
	return true
}

// offer describes the datasets of which pictures can be drawn. One that cannot be read is left out.
func (s *Server) offer(ctx context.Context, infos []tilestore.Info, times map[string]instants) (*offer, error) {
	o := &offer{infos: infos, layers: map[string]*wmts.Layer{}, instants: times}
	for _, i := range infos {
		i = o.shown(i)
		f, err := s.factsOf(ctx, i)
		if err == nil && f.pictured() {
			o.pictured = append(o.pictured, pictured{i, f, times[i.Name].all})
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			o.partial = true
			s.options.Log.Warn("dataset without pictures", "dataset", i.Name, "cause", err.Error())
		}
	}
	o.wms = wms.Service{
		Title: s.options.Title, Keywords: []string{"terrain", "imagery", "elevation"}, Contact: s.options.Contact,
		Formats: mapFormats(), InfoFormats: wms.InfoFormats(), CRSs: s.offered(),
		Limits: wms.Limits{MaxWidth: mostMapSide, MaxHeight: mostMapSide, MaxPixels: mostMapPixels, LayerLimit: 32},
	}
	o.wmts = wmts.Service{Title: s.options.Title}
	for _, p := range o.pictured {
		o.wms.Layers = append(o.wms.Layers, p.wms())
		o.wmts.Layers = append(o.wmts.Layers, p.wmts())
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

// boundOf is the ground that a version, or any of the instants, shows.
func boundOf(i tilestore.Info, instants []instant) orb.Bound {
	all := []orb.Bound{i.Bound}
	for _, at := range instants {
		all = append(all, at.info.Bound)
	}
	return tilegrid.UniteBounds(all)
}

// reach is the level of grid g that shows all that any of the instants holds. Pictures of terrain go as far beyond its levels in each of them.
func (p pictured) reach(g tilegrid.Grid) uint8 {
	deepest := p.deepest(p.info.Grid, g)
	for _, at := range p.instants {
		deep := int(p.deep) + int(at.info.Levels[1]) - int(p.info.Levels[1])
		f := facts{deep: uint8(min(max(deep, 0), tilegrid.MaxLevel))}
		deepest = max(deepest, f.deepest(at.info.Grid, g))
	}
	return deepest
}

// wms describes the dataset as a layer of WMS.
func (p pictured) wms() wms.Layer {
	i := p.info
	l := wms.Layer{
		Name: i.Name, Title: either(i.Title, i.Name), Attribution: i.Attribution, Bound: boundOf(i, p.instants), Queryable: true, Keywords: []string{string(i.Kind)},
		Abstract: fmt.Sprintf("Pictures of dataset %s, version %d, levels %d to %d in %s.", i.Name, i.Version, i.Levels[0], i.Levels[1], i.Grid.CRS()),
		Data:     []wms.Link{{MIME: "application/json", URL: "datasets/" + i.Name}},
		Metadata: []wms.Link{{Type: "ISO19115:2003", MIME: metadataMIME, URL: "datasets/" + i.Name + metadataSuffix}},
	}
	for _, at := range p.instants {
		l.Times = append(l.Times, at.time)
	}
	if p.ground {
		l.Abstract = fmt.Sprintf("Heights of dataset %s, version %d, levels 0 to %d, drawn in a choice of styles.", i.Name, i.Version, i.Levels[1])
		for _, st := range style.Styles() {
			w, h := st.LegendSize()
			legend := &wms.Legend{Width: w, Height: h, MIME: tilestore.PNG}
			l.Styles = append(l.Styles, wms.Style{Name: st.Name, Title: st.Title, Abstract: st.Abstract, Legend: legend})
		}
	}
	return l
}

// timeDimension is what WMTS calls the choice of an instant.
const timeDimension = "Time"

// wmts describes the dataset as a layer of WMTS, in its own grid and the other one, each down to the level where the pixels are its finest.
func (p pictured) wmts() wmts.Layer {
	i := p.info
	l := wmts.Layer{Name: i.Name, Title: either(i.Title, i.Name), Bound: boundOf(i, p.instants), Styles: []wmts.Style{{Name: defaultStyle, Title: "Default"}}}
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
	l.Links = p.links()
	return l
}

// links are the sets that the dataset is cut in, its own grid first. Of instants, which differ in ground and depth, the ground of all and the
// deepest count: what one of them does not hold is drawn, or transparent.
func (p pictured) links() (all []wmts.Link) {
	grids := []tilegrid.Grid{tilegrid.Mercator, tilegrid.Geodetic}
	if !p.ground && p.info.Grid == tilegrid.Geodetic {
		grids[0], grids[1] = grids[1], grids[0]
	}
	for _, g := range grids {
		link := wmts.NewLink(wmts.Set{Grid: g, TileSize: 256}, nil)
		if !p.ground && g == p.info.Grid && p.size == 256 && len(p.instants) < 2 {
			link = wmts.NewLink(link.Set, p.info.Available)
		}
		all = append(all, link.Extend(boundOf(p.info, p.instants), 0, p.reach(g)))
	}
	return all
}
