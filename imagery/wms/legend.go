package wms

import (
	"fmt"
	"image/color"
	"strings"
)

// GetLegendGraphic asks for the legend of one style (05-078r4, 12). Without WIDTH and HEIGHT the picture has the size and
// format that the capabilities state, Style.Legend. TRANSPARENT and BGCOLOR are those of a map: what the legend is drawn on. SCALE,
// RULE, FEATURETYPE and the like are not looked at: a style is one rule, at every scale.
type GetLegendGraphic struct {
	Layer         *Layer
	Style         Style // its Legend is never nil
	Format        Format
	Width, Height int // hints; 0 where the client gave none
	Transparent   bool
	Background    color.NRGBA // opaque; what the legend is drawn on if it is not Transparent
	Report        Report
}

// mostLegend is the largest side of a legend that can be asked for.
const mostLegend = 4096

func (p *parser) getLegendGraphic() (Request, error) {
	g := &GetLegendGraphic{}
	if err := p.legendStyle(g); err != nil {
		return nil, err
	}
	if _, ok := p.get("format"); !ok {
		p.values["format"] = g.Style.Legend.MIME
	}
	paper := &GetMap{}
	if err := p.paper(paper, true); err != nil {
		return nil, err
	}
	g.Format, g.Transparent, g.Background = paper.Format, paper.Transparent, paper.Background
	for key, side := range map[string]*int{"width": &g.Width, "height": &g.Height} {
		if err := p.hint(key, side); err != nil {
			return nil, err
		}
	}
	p.report.Width, p.report.Height = g.Style.Legend.Width, g.Style.Legend.Height
	if err := p.exceptions(paper); err != nil {
		return nil, err
	}
	if err := p.noStyles(); err != nil {
		return nil, err
	}
	g.Report = p.report
	return g, nil
}

// legendStyle reads LAYER and STYLE. Clients that only know GetMap write LAYERS and STYLES.
func (p *parser) legendStyle(g *GetLegendGraphic) error {
	name, ok := p.get("layer")
	if !ok {
		if name, ok = p.get("layers"); !ok {
			return p.fail(MissingParameter, "layer", "the parameter LAYER is missing")
		}
	}
	layer, ok := p.service.Layer(name)
	if !ok {
		return p.fail(LayerNotDefined, "layer", "LAYER names a layer that is not in the capabilities")
	}
	style, given := p.get("style")
	if !given {
		style = p.values["styles"]
	}
	if g.Style, ok = layer.style(style); !ok {
		return p.fail(StyleNotDefined, "style", "STYLE names a style that the layer does not have")
	}
	if g.Style.Legend == nil {
		return p.fail(StyleNotDefined, "style", "the style has no legend")
	}
	g.Layer = layer
	return nil
}

func (p *parser) hint(key string, side *int) error {
	asked, ok := p.get(key)
	if !ok {
		return nil
	}
	if *side, ok = whole(asked); !ok || *side < 1 || *side > mostLegend {
		return p.fail(InvalidParameter, key, fmt.Sprintf("%s is not a whole number from 1 to %d", strings.ToUpper(key), mostLegend))
	}
	return nil
}

// Fail makes an exception of something that went wrong after the request was parsed.
func (g *GetLegendGraphic) Fail(code, locator, text string) *Exception {
	return &Exception{Code: code, Locator: locator, Text: text, Report: g.Report}
}
