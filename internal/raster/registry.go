package raster

import (
	"container/list"
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"
)

// metresPerRadian is on OGC's sphere of 6378137 m, by which WMS and WMTS turn degrees into metres.
const metresPerRadian = 6378137

// CRS is a map's reference system: geographic or projected, in two dimensions, of Earth. Its methods are safe for concurrent use.
//
// x runs as GDAL's traditional axis order has it, east (or longitude) before north, whatever the authority says. In the few systems whose axes run south
// and west (EPSG:2048, EPSG:5513) they keep running so, as in GDAL and QGIS.
type CRS struct {
	Code          string    // "EPSG:3035", "CRS:84"
	Title         string    // "ETRS89-extended / LAEA Europe"
	NorthFirst    bool      // WMS 1.3.0 and WMTS write the northing or latitude first
	MetresPerUnit float64   // a degree has 111319.49079327358
	Area          orb.Bound // of use, degrees; Max.Lon > 180 where it crosses the antimeridian
	geographic    bool
	radPerUnit    float64 // of a geographic system
	from, to      lender  // from and to longitude and latitude
}

// LookupCRS finds "EPSG:n" or "CRS:84" in PROJ's database, by whatever case. Everything else is an error that matches [ErrCRS]: other text, unknown codes,
// vertical, compound, geocentric, three-dimensional and local systems. It costs milliseconds: see [Registry].
func LookupCRS(code string) (*CRS, error) {
	setup(0)
	if strings.EqualFold(code, "CRS:84") {
		c, err := newMapCRS(4326)
		if err == nil {
			c.Code, c.Title, c.NorthFirst = "CRS:84", "WGS 84 (longitude, latitude)", false
		}
		return c, err
	}
	n, vertical, err := epsg(code)
	if err != nil || vertical != 0 {
		return nil, refuse("", ErrCRS, mapAdvice, "not of the form EPSG:n or CRS:84")
	}
	return newMapCRS(n)
}

const mapAdvice = "EPSG:n with a code of the EPSG registry, geographic or projected, or CRS:84"

func newMapCRS(n int) (*CRS, error) {
	c := &CRS{Code: fmt.Sprintf("EPSG:%d", n)}
	sr, err := load(c.Code)
	if err != nil {
		return nil, refuse(c.Code, ErrCRS, mapAdvice, "not in the registry")
	}
	defer sr.Destroy()
	if err := checkMapCRS(sr); err != nil {
		return nil, refuse(c.Code, ErrCRS, mapAdvice, "%v", err)
	}
	c.Title, c.NorthFirst, c.Area, c.geographic = srsName(sr), northFirst(sr), areaOfUse(sr), sr.IsGeographic()
	if c.MetresPerUnit = unit(sr); c.geographic {
		c.radPerUnit, c.MetresPerUnit = c.MetresPerUnit, c.MetresPerUnit*metresPerRadian
	}
	c.from.from, c.from.to, c.to.from, c.to.to = lonLat, c.Code, c.Code, lonLat
	t, err := c.to.borrow()
	if err != nil || !(c.MetresPerUnit > 0) {
		return nil, refuse(c.Code, ErrCRS, mapAdvice, "PROJ cannot compute it")
	}
	c.to.giveBack(t)
	return c, nil
}

// checkMapCRS tells why a map cannot be drawn in a reference.
func checkMapCRS(sr gdal.SpatialReference) error {
	switch {
	case sr.IsCompound() || sr.IsVertical() || sr.IsGeocentric() || sr.IsLocal() || !sr.IsGeographic() && !sr.IsProjected():
		return fmt.Errorf("%s is neither geographic nor projected", srsName(sr))
	case axes(sr) != 2:
		return fmt.Errorf("%s has %d axes", srsName(sr), axes(sr))
	}
	if radius, err := sr.SemiMajorAxis(); err != nil || radius < 6.3e6 || radius > 6.5e6 {
		return fmt.Errorf("%s is not on Earth", srsName(sr))
	}
	return nil
}

// Forward turns longitudes and latitudes of WGS 84 into positions of the system, in place; NaN where it has none. Among several operations it takes what GDAL
// takes for that point, grid shifts where their files are installed; nothing is fetched.
func (c *CRS) Forward(x, y []float64) {
	checkLatitudes(x, y, 90)
	c.move(&c.from, x, y)
}

// Inverse turns positions into longitudes and latitudes of WGS 84, in place; NaN where nothing on Earth is there. Longitudes may lie outside -180..180.
func (c *CRS) Inverse(x, y []float64) {
	if c.geographic {
		checkLatitudes(x, y, math.Pi/2/c.radPerUnit)
	}
	c.move(&c.to, x, y)
	checkLatitudes(x, y, 90)
}

func (c *CRS) move(l *lender, x, y []float64) {
	t, err := l.borrow()
	if err != nil {
		for i := range x {
			x[i], y[i] = math.NaN(), math.NaN()
		}
		return
	}
	defer l.giveBack(t)
	t.points(x, y)
}

// checkLatitudes makes NaN of what lies beyond a pole, for which PROJ has answers; a rounding error beyond is the pole.
func checkLatitudes(x, y []float64, pole float64) {
	for i, v := range y {
		if v < -pole || v > pole {
			if y[i] = math.Copysign(pole, v); math.Abs(v) > pole*(1+1e-12) {
				x[i], y[i] = math.NaN(), math.NaN()
			}
		}
	}
}

func (c *CRS) close() {
	c.from.close()
	c.to.close()
}

// registrySize bounds the systems that a registry keeps; each holds a few kilobytes and some transforms.
const registrySize = 128

// Registry remembers the systems that were looked up, those used last. It is safe for concurrent use.
type Registry struct {
	mu     sync.Mutex // guards what follows
	recent list.List  // of *CRS, used last first
	byCode map[string]*list.Element
}

// NewRegistry returns an empty one.
func NewRegistry() *Registry { return &Registry{byCode: map[string]*list.Element{}} }

// CRS is [LookupCRS], remembered. What the registry forgets stays usable.
func (r *Registry) CRS(code string) (*CRS, error) {
	code = strings.ToUpper(code)
	if c := r.known(code); c != nil {
		return c, nil
	}
	c, err := LookupCRS(code) // without the lock: it takes long
	if err != nil {
		return nil, err
	}
	if first := r.known(c.Code); first != nil {
		c.close()
		return first, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byCode[c.Code] = r.recent.PushFront(c)
	if r.recent.Len() > registrySize {
		old := r.recent.Remove(r.recent.Back()).(*CRS)
		delete(r.byCode, old.Code)
		old.close()
	}
	return c, nil
}

func (r *Registry) known(code string) *CRS {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.byCode[code]
	if e == nil {
		return nil
	}
	r.recent.MoveToFront(e)
	return e.Value.(*CRS)
}

// CRSCodes lists the codes that [LookupCRS] knows by PROJ's database, "EPSG:n" in rising order, without those that EPSG has deprecated.
func CRSCodes() []string {
	setup(0)
	var out []string
	for _, n := range epsgCodes() {
		out = append(out, fmt.Sprintf("EPSG:%d", n))
	}
	return out
}
