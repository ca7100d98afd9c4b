package server

import (
	"context"
	"math"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilestore"
)

// A thumbnail is a small picture of a whole dataset: imagery as it is, terrain in its first style, coloured by height and shaded. Where there is
// nothing it is transparent, and white in formats that keep no alpha.
const (
	thumbnailWidth   = 320
	thumbnailHeight  = 200
	thumbnailInfix   = "/thumbnail."
	thumbnailVariant = "thumbnail "
)

// mostTrimmed is how much of the ground may lie beyond the edges of a thumbnail that is filled with the rest: more would be a keyhole. What is
// wider than widestTrimmed degrees is shown whole, for nobody would look for the missing side of the globe.
const (
	mostTrimmed   = 0.6
	widestTrimmed = 180
)

// parseThumbnail reads "{name}[@{version}]/thumbnail.{ext}".
func parseThumbnail(path string) (ref string, f picture.Format, ok bool) {
	ref, ext, found := strings.Cut(path, thumbnailInfix)
	if !found {
		return "", f, false
	}
	f, ok = picture.ByExt(ext)
	return ref, f, ok
}

// thumbnail answers /datasets/{name}/thumbnail.png, .jpg and .webp.
func (s *Server) thumbnail(c echo.Context, ref string, f picture.Format) error {
	pinned, ok := checkRef(ref)
	if !ok {
		return tilestore.ErrNoDataset
	}
	ctx := c.Request().Context()
	d, err := s.openShown(ctx, ref)
	if err != nil {
		return err
	}
	defer d.Release()
	key := cacheKey{opening: d.Opening(), variant: thumbnailVariant + f.Name}
	a := s.cache.get(key)
	if a == nil {
		body, err := s.drawThumbnail(ctx, &d, f)
		if err != nil {
			return err
		}
		a = newPlain(body, f.MIME)
		s.cache.put(key, a)
	}
	return a.send(c, s.headers.varyOrigin, tileControl(pinned))
}

// drawThumbnail draws a dataset and writes the picture. Of terrain without heights there is none: errStyle.
func (s *Server) drawThumbnail(ctx context.Context, d *lease, f picture.Format) (body []byte, err error) {
	err = s.maps.draw(ctx, thumbnailWidth*thumbnailHeight, func(ctx context.Context) error {
		source, err := s.maps.source(ctx, d, defaultStyle)
		if err != nil {
			return err
		}
		plate, err := imagery.Builtin().CRS("CRS:84")
		if err != nil {
			return err
		}
		v := imagery.View{Projection: plate, Bound: thumbnailBound(d.info.Bound), Width: thumbnailWidth, Height: thumbnailHeight}
		p, err := s.maps.drawer.Draw(ctx, []imagery.Source{source}, v)
		if err != nil {
			return err
		}
		if !f.Alpha {
			p = p.Over(white)
		}
		body, err = f.Encode(p, 0)
		return err
	})
	return body, err
}

// thumbnailBound is the box of degrees that a thumbnail of some ground shows: the middle of the ground where that fills the picture and shows most
// of it, else all of it with room beside. A degree of longitude is taken as long as it is in the middle.
func thumbnailBound(b orb.Bound) orb.Bound {
	const aspect = float64(thumbnailWidth) / thumbnailHeight
	centre := b.Center()
	shrink := max(math.Cos(centre.Lat()*math.Pi/180), 0.1)
	width, height := max((b.Max[0]-b.Min[0])*shrink, 1e-6), max(b.Max[1]-b.Min[1], 1e-6)
	shown := min(width/(height*aspect), height*aspect/width)
	fill := shown >= 1-mostTrimmed && b.Max[0]-b.Min[0] < widestTrimmed
	if wide := width > height*aspect; wide == fill {
		width = height * aspect
	} else {
		height = width / aspect
	}
	half := orb.Point{width / shrink / 2, height / 2}
	return orb.Bound{Min: orb.Point{centre[0] - half[0], centre[1] - half[1]}, Max: orb.Point{centre[0] + half[0], centre[1] + half[1]}}
}
