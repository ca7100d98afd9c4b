package wmts

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

// judge resolves a request: what comes out is a tile within the limits of its layer, or an exception of status 400 or 404
// that holds nothing of the client's text.
func judge(t *testing.T, r Request, err error) {
	t.Helper()
	var tile *Tile
	l := alps()
	switch {
	case err != nil:
	case r.Tile != nil:
		var got Tile
		got, err = l.Tile(*r.Tile)
		tile = &got
	case r.Info != nil:
		var got Info
		got, err = l.Info(*r.Info)
		tile = &got.Tile
		if err == nil && (got.Row < 0 || got.Row >= 256 || got.Column < 0 || got.Column >= 256) {
			t.Fatalf("pixel %d, %d", got.Column, got.Row)
		}
	default:
		_, err = service().Current(r.Capabilities.UpdateSequence)
	}
	var e *Exception
	switch {
	case err != nil && (!errors.As(err, &e) || e.Status != 400 && e.Status != 404 || e.Code == "" || strings.ContainsAny(e.Error(), "<>\x00")):
		t.Fatalf("%v", err)
	case err == nil && tile != nil:
		g := tile.Set.Grid
		north := g.FlipY(tile.Coord)
		for _, m := range l.Links[0].Limits {
			if m.Level == north.Z && north.Y >= m.MinRow && north.Y <= m.MaxRow && north.X >= m.MinCol && north.X <= m.MaxCol {
				return
			}
		}
		t.Fatalf("%s is outside of the limits", tile.Coord)
	}
}

// FuzzParse: no query makes a panic, an odd status, or a tile outside of its layer.
func FuzzParse(f *testing.F) {
	for _, s := range []string{getTile, getInfo,
		"service=WMTS&request=GetCapabilities&sections=Contents,Themes&updatesequence=3", "service=WMTS&request~GetCapabilities!version~1.0.0",
		getTile + "&layer=b&%zz=1&x;y", strings.Replace(getTile, "tilerow=22", "tilerow=-1", 1)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r, err := Parse(query)
		if set := count(r); err == nil && set != 1 || err != nil && set != 0 {
			t.Fatalf("%q: %d requests, %v", query, set, err)
		}
		judge(t, r, err)
	})
}

// FuzzParseREST is FuzzParse for paths; what parses is written back as the same path.
func FuzzParseREST(f *testing.F) {
	f.Add(CapabilitiesPath, "")
	f.Add("1.0.0/alps/default/WebMercatorQuad/6/22/33.jpg", "time=2")
	f.Add("1.0.0/alps/default/WebMercatorQuad/6/22/33/10/255.json", "")
	f.Add("1.0.0/a%2fb/%ff/x/-1/1e9/NaN.png", "%zz=1")
	f.Fuzz(func(t *testing.T, path, query string) {
		r, err := ParseREST(path, query)
		if set := count(r); err == nil && set != 1 || err != nil && set != 0 {
			t.Fatalf("%q: %d requests, %v", path, set, err)
		}
		if err == nil && r.Tile != nil {
			again, err := ParseREST(tilePath(*r.Tile), query)
			if err != nil || again.Tile == nil || tilePath(*again.Tile) != tilePath(*r.Tile) {
				t.Fatalf("%q: read again: %+v, %v", path, again.Tile, err)
			}
		}
		judge(t, r, err)
	})
}

func count(r Request) (n int) {
	for _, set := range []bool{r.Capabilities != nil, r.Tile != nil, r.Info != nil} {
		if set {
			n++
		}
	}
	return n
}

func tilePath(t GetTile) string {
	var parts []string
	for _, s := range []string{t.Layer, t.Style, t.Set, t.Matrix, t.Row, t.Col} {
		parts = append(parts, url.PathEscape(s))
	}
	return "1.0.0/" + strings.Join(parts, "/") + "." + t.Ext
}
