package server

import (
	"context"
	"fmt"
	"sync"

	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/imagery/wmts"
	"github.com/terrane/terrane/internal/access"
	"github.com/terrane/terrane/tilestore"
)

// mostViews bounds the views of an offer that are kept: tokens are for few different sets of datasets.
const mostViews = 64

// views are the parts of an offer that are for some datasets only, by these. Each keeps documents of its own, so what is written for one is never
// read by another.
type views struct {
	mu sync.Mutex // guards of
	of map[string]*offer
}

// services returns what is offered now to who asks.
func (s *Server) services(ctx context.Context) (*offer, error) {
	now, err := s.allServices(ctx)
	if err != nil {
		return nil, err
	}
	return s.seenBy(ctx, now), nil
}

// root is the offer that o is a part of, or o itself.
func (o *offer) root() *offer {
	if o.whole != nil {
		return o.whole
	}
	return o
}

// seenBy returns the part of an offer that is for who asks. Without access control that is all of it; who is not known sees nothing.
func (s *Server) seenBy(ctx context.Context, o *offer) *offer {
	if s.options.Access == nil {
		return o
	}
	v := visitorOf(ctx)
	switch {
	case v == nil, v.grant == nil:
		return o.view(new(access.Grant))
	case v.grant.All():
		return o
	}
	return o.view(v.grant)
}

// view returns the part of an offer that a grant is for.
func (o *offer) view(g *access.Grant) *offer {
	key := fmt.Sprintf("%q", g.Datasets) // the names in a JWT are its issuer's: they may hold anything
	o.views.mu.Lock()
	defer o.views.mu.Unlock()
	if part, ok := o.views.of[key]; ok {
		return part
	}
	if o.views.of == nil || len(o.views.of) == mostViews {
		o.views.of = map[string]*offer{}
	}
	part := o.part(g)
	o.views.of[key] = part
	return part
}

// part makes an offer of the datasets that a grant is for.
func (o *offer) part(g *access.Grant) *offer {
	p := &offer{wms: o.wms, wmts: o.wmts, layers: map[string]*wmts.Layer{}, instants: o.instants, partial: o.partial, whole: o}
	p.infos = seen(g, o.infos, func(i *tilestore.Info) string { return i.Name })
	p.pictured = seen(g, o.pictured, func(d *pictured) string { return d.info.Name })
	p.wms.Layers = seen(g, o.wms.Layers, func(l *wms.Layer) string { return l.Name })
	p.wmts.Layers = seen(g, o.wmts.Layers, func(l *wmts.Layer) string { return l.Name })
	for k := range p.wmts.Layers {
		p.layers[p.wmts.Layers[k].Name] = &p.wmts.Layers[k]
	}
	return p
}
