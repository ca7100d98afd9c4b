package server

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/imagery/wmts"
)

// A layer of WMS or WMTS may name a version, "ortho@2", which no document lists.

// pinned describes a version. Errors are those of the catalogue; a version of which no pictures can be drawn is none.
func (s *Server) pinned(ctx context.Context, ref string) (pictured, error) {
	if pinned, ok := checkRef(ref); !pinned || !ok {
		return pictured{}, errStyle
	}
	d, err := s.openAny(ctx, ref)
	if err != nil {
		return pictured{}, err
	}
	defer d.Release()
	f, err := s.maps.facts(ctx, &d)
	if err == nil && !f.pictured() {
		err = errStyle
	}
	i := d.info
	i.Name = ref
	return pictured{info: i, facts: f}, err
}

// namedLayers are the layers that a request of WMS names, in whatever parameter.
func namedLayers(r *http.Request) iter.Seq[string] {
	return func(yield func(string) bool) {
		for key, values := range queryOf(r) {
			if !slices.ContainsFunc([]string{"layers", "query_layers", "layer"}, func(name string) bool { return strings.EqualFold(name, key) }) {
				continue
			}
			for name := range strings.SplitSeq(strings.Join(values, ","), ",") {
				if name = strings.TrimSpace(name); name != "" && !yield(name) {
					return
				}
			}
		}
	}
}

// pinnedLayers are the versions among the layers that a request names, as many as a map may have. What is not there is left out.
func (s *Server) pinnedLayers(r *http.Request, most int) []wms.Layer {
	var all []wms.Layer
	for name := range namedLayers(r) {
		known := slices.ContainsFunc(all, func(l wms.Layer) bool { return l.Name == name })
		if known || len(all) == most || !strings.Contains(name, "@") {
			continue
		}
		if p, err := s.pinned(r.Context(), name); err == nil {
			all = append(all, p.wms())
		}
	}
	return all
}

// layerOfWMTS is a layer of an offer, or a version.
func (s *Server) layerOfWMTS(ctx context.Context, now *offer, name string) (*wmts.Layer, error) {
	if l, ok := now.layers[name]; ok {
		return l, nil
	}
	p, err := s.pinned(ctx, name)
	if errMissing(err) {
		return nil, wmts.NoLayer()
	}
	if err != nil {
		return nil, err
	}
	l := p.wmts()
	return &l, nil
}
