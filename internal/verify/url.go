package verify

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// ErrServer says that a server answered something else than a tileset; the text says what.
var ErrServer = errors.New("verify: not a tile server")

// acceptTerrain is what CesiumJS sends for terrain tiles, with all extensions; acceptPictures is what browsers send for pictures, about.
const acceptPictures = "image/webp,image/png,image/jpeg,*/*;q=0.1"

const acceptTerrain = "application/vnd.quantized-mesh;extensions=octvertexnormals-watermask-metadata,application/octet-stream;q=0.9,*/*;q=0.01"

const (
	maxLayerBytes = 64 << 20
	requestTime   = 60 * time.Second
)

// URL reads the tiles of a server of terrain or pictures, this program's or another's. It and internal/doctor are the only code that calls out,
// and only because the user named the address.
type URL struct {
	base    *url.URL
	tiles   []string // templates
	version string   // for templates that ask for it
	north   bool     // rows in addresses count from there
	accept  string
	info    tilestore.Info
	unread  uint8 // how many levels are too large to be read
	client  *http.Client
}

// OpenURL reads base/layer.json or, if there is none, base/tilejson.json; a base that ends in .json is that document. The query of base is sent with every request,
// as clients do. It returns [ErrServer] or terrain.ErrLayer, wrapped in a remedy.Error.
func OpenURL(ctx context.Context, base string) (*URL, error) {
	address, err := url.Parse(base)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Host == "" {
		return nil, remedy.New(base, fmt.Errorf("%w: no http or https address", ErrServer), "http://HOST/terrain/NAME or http://HOST/imagery/NAME/tilejson.json, the address that clients are given")
	}
	documents := []string{"layer.json", "tilejson.json"}
	if folder, name := path.Split(address.Path); strings.HasSuffix(name, ".json") {
		address.Path, documents = folder, []string{name}
	}
	address.Path = strings.TrimSuffix(address.Path, "/") + "/"
	r := &URL{base: address, client: &http.Client{Timeout: requestTime, Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16}}}
	var body []byte
	name := ""
	for _, name = range documents {
		if body, err = r.get(ctx, r.resolve(name), maxLayerBytes); !errors.Is(err, tilestore.ErrNotFound) {
			break
		}
	}
	if errors.Is(err, tilestore.ErrNotFound) {
		return nil, remedy.New(base, fmt.Errorf("%w: it has no %s", ErrServer, strings.Join(documents, " and no ")),
			"the address that clients are given: of terrain where layer.json lies, http://HOST/terrain/NAME, of imagery http://HOST/imagery/NAME/tilejson.json")
	}
	var unreached *url.Error
	if errors.As(err, &unreached) && ctx.Err() == nil {
		return nil, remedy.New(base, unreached.Err, "see that the server runs, and that host and port are right")
	}
	if err == nil {
		body, err = inflate(body)
	}
	if err == nil && name == "layer.json" {
		err = r.readLayer(body)
	} else if err == nil {
		err = r.readTileJSON(body)
	}
	if err != nil {
		return nil, remedy.New(base, err, "open "+name+" under that address in a browser")
	}
	return r, nil
}

func (r *URL) readLayer(text []byte) error {
	l, err := terrain.ParseLayer(text)
	if err != nil {
		return err
	}
	if len(l.Available) == 0 {
		return fmt.Errorf("%w: layer.json does not list the tiles (available)", ErrServer)
	}
	r.tiles, r.version, r.north, r.accept, r.info = l.Tiles, l.Version, l.Scheme == terrain.SchemeSlippyMap, acceptTerrain, infoOf(l)
	return nil
}

func infoOf(l terrain.Layer) tilestore.Info {
	info := tilestore.Info{
		Name: l.Name, Kind: tilestore.Terrain, Title: l.Description, Attribution: l.Attribution, Format: tilestore.QuantizedMesh,
		Grid: l.Grid(), Extensions: l.Extensions, Available: l.Ranges(), Vertical: "ellipsoid",
		Bound: orb.Bound{Min: orb.Point{l.Bounds[0], l.Bounds[1]}, Max: orb.Point{l.Bounds[2], l.Bounds[3]}},
	}
	info.Levels[1] = uint8(len(info.Available) - 1)
	for _, ranges := range info.Available {
		for _, r := range ranges {
			info.Tiles += int64(r.Len())
		}
	}
	return info
}

// Info returns what layer.json or tilejson.json says. TileJSON names no tiles, so those of its bounds are listed.
func (r *URL) Info() tilestore.Info { return r.info }

// Close lets the connections go.
func (r *URL) Close() error {
	r.client.CloseIdleConnections()
	return nil
}

// Tile asks for a tile. A body that does not fit its Content-Encoding is tilestore.ErrCorrupt: clients cannot read it.
func (r *URL) Tile(ctx context.Context, c tilegrid.Coord) (tilestore.Tile, error) {
	row := c
	if r.north {
		row = r.info.Grid.FlipY(c)
	}
	template := r.tiles[uint64(c.X+c.Y+uint32(c.Z))%uint64(len(r.tiles))]
	place := strings.NewReplacer("{z}", strconv.Itoa(int(c.Z)), "{x}", strconv.Itoa(int(c.X)), "{y}", strconv.Itoa(int(row.Y)),
		"{version}", url.QueryEscape(r.version)).Replace(template)
	body, err := r.get(ctx, r.resolve(place), terrain.MaxTileBytes)
	if err != nil {
		return tilestore.Tile{}, err
	}
	return tilestore.Tile{Data: body, ETag: tilestore.HashTile(c, body).ETag()}, nil
}

// resolve makes an address out of a reference, with the query of the base added.
func (r *URL) resolve(reference string) string {
	address, err := r.base.Parse(reference)
	if err != nil {
		return reference // the request will say what is wrong with it
	}
	if extra := r.base.RawQuery; extra != "" && address.RawQuery != extra {
		address.RawQuery = strings.TrimPrefix(address.RawQuery+"&"+extra, "&")
	}
	return address.String()
}

// get returns the body of a 200 answer as it came, gzipped or not.
func (r *URL) get(ctx context.Context, address string, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrServer, err)
	}
	request.Header.Set("Accept", cmp.Or(r.accept, acceptTerrain))
	request.Header.Set("Accept-Encoding", "gzip")
	answer, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("GET %s: %w", address, err)
	case answer.StatusCode == http.StatusNotFound, answer.StatusCode == http.StatusNoContent:
		return nil, fmt.Errorf("%w: GET %s: %s", tilestore.ErrNotFound, address, answer.Status)
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: GET %s: %s", ErrServer, address, answer.Status)
	case int64(len(body)) > limit:
		return nil, fmt.Errorf("%w: GET %s: more than %d bytes", ErrServer, address, limit)
	}
	return plainOrFlagged(body, answer.Header.Get("Content-Encoding"), address)
}

// inflate returns the plain text of a document that came gzipped.
func inflate(body []byte) ([]byte, error) {
	if !isGzip(body) {
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(z, maxLayerBytes))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: its document: %v", ErrServer, err)
	}
	return body, nil
}

func isGzip(body []byte) bool { return len(body) > 1 && body[0] == 0x1f && body[1] == 0x8b }

// plainOrFlagged refuses a body whose first bytes and Content-Encoding disagree.
func plainOrFlagged(body []byte, encoding, address string) ([]byte, error) {
	zipped := isGzip(body)
	switch {
	case zipped && encoding != "gzip":
		return nil, fmt.Errorf("%w: GET %s: gzip without Content-Encoding: gzip", tilestore.ErrCorrupt, address)
	case !zipped && encoding != "" && encoding != "identity":
		return nil, fmt.Errorf("%w: GET %s: Content-Encoding %q on a plain body", tilestore.ErrCorrupt, address, encoding)
	}
	return body, nil
}
