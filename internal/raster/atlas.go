package raster

import (
	"context"
	"fmt"
	"sync"
)

// atlas remembers references while a stack is opened: thousands of files share a few, and taking one apart costs
// milliseconds.
type atlas struct {
	given    *crs           // instead of the files' own
	vertical []verticalRule // what the caller says of heights

	mu     sync.Mutex // guards what follows
	byWKT  map[string]crs
	lender map[[2]string]*lender // by the definitions that they go from and to

	reading sync.Mutex // guards geoids, while one is read
	geoids  map[string]*Geoid
}

func newAtlas(given *crs) *atlas {
	return &atlas{given: given, byWKT: map[string]crs{}, lender: map[[2]string]*lender{}, geoids: map[string]*Geoid{}}
}

// reference is newCRS, once for each text.
func (a *atlas) reference(whole string) (crs, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.byWKT[whole]; ok {
		return c, nil
	}
	c, err := newCRS(whole)
	if err == nil {
		a.byWKT[whole] = c
	}
	return c, err
}

// replaced names the reference that a file states, if the one given is not the same on the ground.
func (a *atlas) replaced(whole string) string {
	if whole == "" {
		return ""
	}
	c, err := a.reference(whole)
	switch {
	case err != nil:
		return "a reference that cannot be used"
	case sameReference(c.horizontal, a.given.horizontal):
		return ""
	}
	return c.name
}

// geoid is OpenGeoid, once for each model however it is named.
func (a *atlas) geoid(name string) (*Geoid, error) {
	key := name
	if code, ok := geoidCode(name); ok {
		key = fmt.Sprintf("EPSG:%d", code)
	}
	a.reading.Lock()
	defer a.reading.Unlock()
	if g, ok := a.geoids[key]; ok {
		return g, nil
	}
	g, err := OpenGeoid(context.Background(), name)
	if err == nil {
		a.geoids[key] = g
	}
	return g, err
}

// toLonLat returns the lender of transforms from a reference, fromLonLat that of the way back.
func (a *atlas) toLonLat(definition string) *lender   { return a.between(definition, lonLat) }
func (a *atlas) fromLonLat(definition string) *lender { return a.between(lonLat, definition) }

func (a *atlas) between(from, to string) *lender {
	a.mu.Lock()
	defer a.mu.Unlock()
	way := [2]string{from, to}
	if a.lender[way] == nil {
		a.lender[way] = &lender{from: from, to: to}
	}
	return a.lender[way]
}

func (a *atlas) close() {
	for _, l := range a.lender {
		l.close()
	}
}

// lender lends transforms of one kind, one goroutine each.
type lender struct {
	from, to string // definitions

	mu   sync.Mutex // guards what follows
	free []transform
	shut bool
}

func (p *lender) borrow() (transform, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		t := p.free[n-1]
		p.free = p.free[:n-1]
		return t, nil
	}
	return newTransform(p.from, p.to)
}

func (p *lender) giveBack(t transform) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		t.close()
		return
	}
	p.free = append(p.free, t)
}

// close frees what is idle now, and the rest as it comes back.
func (p *lender) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = true
	for _, t := range p.free {
		t.close()
	}
	p.free = nil
}
