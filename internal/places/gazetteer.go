package places

import (
	"cmp"
	"context"
	"database/sql/driver"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"github.com/terrane/terrane/internal/sqlite"
)

// Query is what somebody looks for.
type Query struct {
	Text  string
	Size  int              // so many answers at most; 0 is 10
	Focus *orb.Point       // where they look: what is near comes sooner
	Keep  func(Place) bool // what may be found; nil is everything
}

// Hit is a place that was found.
type Hit struct {
	Place
	Gazetteer string
	ID        int64 // in the gazetteer
	Tier      int   // how well the name fits, 0 is best; only for comparing
}

// Limits of a search: so many answers at most, and so many looked at where there is more to a question than the text.
const (
	DefaultSize = 10
	MostSize    = 40
	mostLooked  = 2000
)

// Gazetteer is one file, open for searching. It is safe for concurrent use.
type Gazetteer struct {
	path string
	info Info

	mu     sync.Mutex // guards the fields below
	idle   []*session
	users  int
	closed bool
	spare  chan struct{} // one for each search that may run at a time
}

// session is one connection with its statement.
type session struct {
	db     *sqlite.Conn
	search *sqlite.Statement
}

// searches is how many run at a time on one file; each keeps up to 2 MB of pages.
const searches = 4

// Open opens a gazetteer. Errors wrap tilestore.ErrForeign, ErrCorrupt, [ErrNoFTS5] or those of the file system.
func Open(ctx context.Context, path string) (*Gazetteer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := Supported(); err != nil {
		return nil, err
	}
	if err := checkHeader(path); err != nil {
		return nil, err
	}
	g := &Gazetteer{path: path, spare: make(chan struct{}, searches)}
	s, err := g.open()
	if err != nil {
		return nil, err
	}
	if g.info, err = readInfo(s.db, path); err != nil {
		return nil, errors.Join(err, s.close())
	}
	for range searches - 1 { // now: later the path may name another file
		more, err := g.open()
		if err != nil {
			return nil, errors.Join(err, s.close(), g.Close())
		}
		g.idle = append(g.idle, more)
	}
	g.idle = append(g.idle, s)
	return g, nil
}

// checkHeader reads the marks that say that a file is a gazetteer, at bytes 60 and 68 of a SQLite file.
func checkHeader(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var header [100]byte
	if _, err := io.ReadFull(f, header[:]); err != nil || string(header[:16]) != "SQLite format 3\x00" {
		return foreign(path, "no SQLite database")
	}
	if binary.BigEndian.Uint32(header[68:]) != ApplicationID {
		return foreign(path, "no gazetteer of this program")
	}
	if v := binary.BigEndian.Uint32(header[60:]); v != Layout {
		return foreign(path, fmt.Sprintf("layout %d, this program knows %d", v, Layout))
	}
	return nil
}

func (g *Gazetteer) open() (*session, error) {
	d, err := openDB(g.path, "mode=ro&immutable=1&_cache_size=-2048")
	if err != nil {
		return nil, err
	}
	s := &session{db: d}
	s.search, err = d.Prepare(`SELECT p.id, p.name, p.region, p.country, p.code, p.layer, p.population, p.importance,
		p.lon, p.lat, p.west, p.south, p.east, p.north
		FROM term CROSS JOIN place p ON p.id = term.rowid WHERE term MATCH ? ORDER BY term.rowid`)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return s, nil
}

func (s *session) close() error {
	s.search.Close()
	return s.db.Close()
}

func readInfo(d *sqlite.Conn, path string) (Info, error) {
	info := Info{Name: strings.TrimSuffix(filepath.Base(path), Extension)}
	var bound [4]float64
	var bad error
	err := d.Each("SELECT name, value FROM about", func(v []driver.Value) error {
		switch value := textOf(v[1]); textOf(v[0]) {
		case "attribution":
			info.Attribution = value
		case "program":
			info.Program = value
		case "work":
			info.Work = value
		case "sources":
			bad = errors.Join(bad, json.Unmarshal([]byte(value), &info.Sources))
		case "bound":
			bad = errors.Join(bad, json.Unmarshal([]byte(value), &bound))
		}
		return nil
	})
	if err == nil && bad != nil {
		err = foreign(path, bad.Error())
	}
	if err != nil {
		return info, err
	}
	info.Bound = orb.Bound{Min: orb.Point{bound[0], bound[1]}, Max: orb.Point{bound[2], bound[3]}}
	if info.Places, err = numberOf(d, "SELECT max(id) FROM place"); err != nil {
		return info, err
	}
	stat, err := os.Stat(path)
	if err == nil {
		info.SizeBytes = stat.Size()
	}
	return info, err
}

// Info describes the gazetteer.
func (g *Gazetteer) Info() Info { return g.info }

// Search finds places, best first. A text of which no letter or digit is left finds none.
func (g *Gazetteer) Search(ctx context.Context, q Query) ([]Hit, error) {
	size := min(cmp.Or(q.Size, DefaultSize), MostSize)
	if size < 1 {
		return nil, nil
	}
	select {
	case g.spare <- struct{}{}:
		defer func() { <-g.spare }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s, err := g.borrow()
	if err != nil {
		return nil, err
	}
	defer g.back(s)
	hits, err := g.search(ctx, s, q, size)
	if err != nil {
		return nil, err
	}
	if q.Focus != nil {
		sortNear(hits, *q.Focus)
	}
	return hits[:min(len(hits), size)], nil
}

func (g *Gazetteer) borrow() (*session, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, fmt.Errorf("places: %s: %w", g.info.Name, fs.ErrClosed)
	}
	last := len(g.idle) - 1 // there is one: spare has as many tokens
	s := g.idle[last]
	g.idle = g.idle[:last]
	g.users++
	return s, nil
}

func (g *Gazetteer) back(s *session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.users--
	if g.closed {
		s.close()
		return
	}
	g.idle = append(g.idle, s)
}

// search asks tier after tier until there is enough.
func (g *Gazetteer) search(ctx context.Context, s *session, q Query, size int) (hits []Hit, err error) {
	want := size
	if q.Focus != nil {
		want = max(size, MostSize) // to choose the near ones from
	}
	for tier, expression := range matches(q.Text) {
		if expression == "" || len(hits) >= want || tier == tierWhere && len(hits) > 0 {
			continue
		}
		looked := 0
		err := s.search.Each(func(v []driver.Value) error {
			looked++
			h := hitOf(v)
			h.Gazetteer, h.Tier = g.info.Name, tier
			known := slices.ContainsFunc(hits, func(o Hit) bool { return o.ID == h.ID })
			if !known && (q.Keep == nil || q.Keep(h.Place)) {
				hits = append(hits, h)
			}
			if len(hits) >= want || looked >= mostLooked {
				return sqlite.ErrEnough
			}
			return ctx.Err()
		}, expression)
		if err != nil {
			return nil, err
		}
	}
	return hits, nil
}

func hitOf(v []driver.Value) Hit {
	return Hit{ID: intOf(v[0]), Place: Place{
		Name: textOf(v[1]), Region: textOf(v[2]), Country: textOf(v[3]), CountryCode: textOf(v[4]), Layer: textOf(v[5]),
		Population: intOf(v[6]), Importance: intOf(v[7]), Point: orb.Point{floatOf(v[8]), floatOf(v[9])},
		Bound: orb.Bound{Min: orb.Point{floatOf(v[10]), floatOf(v[11])}, Max: orb.Point{floatOf(v[12]), floatOf(v[13])}},
	}}
}

// sortNear sorts by tier, and in it by importance and distance: what is twice as far must be four times as large.
func sortNear(hits []Hit, focus orb.Point) {
	weight := func(h Hit) float64 {
		return math.Log(float64(h.Importance)+1000)/2 - math.Log(geo.DistanceHaversine(h.Point, focus)+10e3)
	}
	slices.SortStableFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Tier, b.Tier), cmp.Compare(weight(b), weight(a)))
	})
}

// Close closes the file when the searches under way have ended.
func (g *Gazetteer) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	var err error
	for _, s := range g.idle {
		err = errors.Join(err, s.close())
	}
	g.idle = nil
	return err
}
