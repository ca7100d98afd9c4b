package server

import (
	"context"
	"errors"
	"image"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/terrane/terrane/imagery/xyz"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// demSide is how many pixels a tile of heights has along a side, twice as many with "@2x".
const demSide = 256

// webpWeight is how many times the pixels of PNG those of lossless WebP weigh: libwebp takes half a second for what PNG takes 5
// ms. Such tiles are drawn beside large maps, not to keep other tiles waiting.
const webpWeight = 100

// dem is terrain as pictures whose colours are heights, raster-dem sources of MapLibre and others, in one encoding: /rgb/ or
// /terrarium/.
//
// Every tile of the grid down to the deepest level exists and is opaque: clients read the colour of a transparent pixel as a
// height, -10 000 m, and have no ground where a tile is missing. Outside of the data it is the base.
type dem struct {
	*Server
	prefix   string
	encoding terrain.Encoding
}

// ready finds tiles that were drawn before.
func (m dem) ready(r *http.Request) (reply, error) {
	p, err := xyz.ParseXYZ(strings.TrimPrefix(r.URL.Path, m.prefix))
	if err != nil || p.Document != xyz.None {
		return reply{}, errNoPage
	}
	d, err := m.open(r.Context(), p.Ref, tilestore.Terrain)
	if err != nil {
		return reply{}, errNoPage
	}
	defer d.Release()
	c, err := p.Coord(tilegrid.Mercator)
	if err != nil {
		return reply{}, errNoPage
	}
	a := m.cache.get(m.key(&d, p, c))
	if a == nil {
		return reply{}, errNoPage
	}
	return reply{answer: a, vary: m.headers.varyOrigin, control: tileControl(p.Pinned)}, nil
}

func (m dem) key(d *lease, p xyz.Path, c tilegrid.Coord) cacheKey {
	return cacheKey{opening: d.Opening(), coord: c, variant: m.encoding.String() + " " + strconv.Itoa(p.Scale) + " " + p.MIME}
}

// handle answers what is not ready: tilejson.json, tiles to be drawn, and what is wrong with the rest.
func (m dem) handle(c echo.Context) error {
	r := c.Request()
	p, err := xyz.ParseXYZ(strings.TrimPrefix(r.URL.Path, m.prefix))
	if err != nil {
		return err
	}
	d, err := m.open(r.Context(), p.Ref, tilestore.Terrain)
	if err != nil {
		return err
	}
	defer d.Release()
	if p.Document == xyz.TileJSONFile {
		return m.tileJSON(c, &d, p)
	}
	a, err := m.tile(r.Context(), &d, p)
	if err != nil {
		return err
	}
	return a.send(c, m.headers.varyOrigin, tileControl(p.Pinned))
}

// demLevels are the levels of tiles with so many times the usual pixels. On the deepest, pixels are half as wide as posts are
// apart, so that what a client makes of four of them is nearly what lies between the posts.
func demLevels(info tilestore.Info, scale int) [2]uint8 {
	deepest := min(info.Levels[1], tilegrid.MaxLevel)
	if scale == 2 {
		deepest = max(deepest, 1) - 1
	}
	return [2]uint8{0, deepest}
}

// tile draws a tile.
func (m dem) tile(ctx context.Context, d *lease, p xyz.Path) (*answer, error) {
	c, err := p.Coord(tilegrid.Mercator)
	if err != nil {
		return nil, err
	}
	format, ok := picture.ByMIME(p.MIME)
	if !ok || p.MIME != tilestore.PNG && p.MIME != tilestore.WebP {
		return nil, errNoPage // JPEG would change the heights
	}
	if c.Z > demLevels(d.info, 1)[1] {
		return nil, tilestore.ErrNotFound
	}
	g, err := m.heightsOf(ctx, d)
	if err != nil {
		return nil, err
	}
	side := demSide * p.Scale
	weight := side * side
	if p.MIME == tilestore.WebP {
		weight *= webpWeight
	}
	var body []byte
	err = m.maps.draw(ctx, weight, func(ctx context.Context) error {
		z, err := g.Mercator(ctx, c, side)
		if err != nil {
			return err
		}
		pixels := image.NewNRGBA(image.Rect(0, 0, side, side))
		m.encoding.Paint(pixels.Pix, z)
		body, err = format.Encode(picture.Picture{NRGBA: pixels, Opaque: true}, picture.Lossless)
		return err
	})
	if err != nil {
		return nil, err
	}
	a := newPlain(body, p.MIME)
	m.cache.put(m.key(d, p, c), a)
	return a, nil
}

// demJSON is TileJSON with the member by which clients know how to read the colours, and what the heights count from.
type demJSON struct {
	xyz.TileJSON
	Encoding string `json:"encoding"`
	Vertical string `json:"vertical,omitempty"` // as in layer.json
}

var errDEMFormat = errors.New("server: heights come as png and webp")

// tileJSON answers tilejson.json, for tiles of 256 pixels, or tilejson@2x.json, for as fine pixels in tiles of 512; format=webp
// asks for WebP.
func (m dem) tileJSON(c echo.Context, d *lease, p xyz.Path) error {
	r := c.Request()
	if _, err := m.heightsOf(r.Context(), d); err != nil {
		return err
	}
	ext := either(r.URL.Query().Get("format"), "png")
	if ext != "png" && ext != "webp" {
		return errDEMFormat
	}
	l := xyz.NewLayer(m.baseURL(r), p.Ref, d.info, demSide*p.Scale)
	l.Grid, l.Levels, l.MIME = tilegrid.Mercator, demLevels(d.info, p.Scale), tilestore.PNG
	j := demJSON{xyz.NewTileJSON(l, 1), m.encoding.String(), d.info.Vertical}
	suffix := "." + ext
	if p.Scale == 2 {
		suffix = "@2x." + ext
	}
	j.Format, j.Tiles = ext, []string{l.BaseURL + m.prefix + p.Ref + "/{z}/{x}/{y}" + suffix}
	return m.sendJSON(c, j, tileControl(p.Pinned))
}
