package server

import (
	"errors"
	"slices"
	"sync"

	"github.com/terrane/terrane/imagery/wmts"
)

// documentKey tells the capabilities of one offer apart.
type documentKey struct {
	base     string // where the client sees the server
	kind     string // media type, of which each version has its own
	version  string
	sections wmts.Sections // of WMTS
}

// documents are the capabilities of one offer that have been asked for, ready to be sent: with a thousand datasets they are megabytes, which are
// dear to write and to compress. As clients name the server as they like, those asked for longest ago give way. They go with their offer.
type documents struct {
	mu   sync.Mutex  // guards kept
	kept []*document // at most mostDocuments, the one asked for last at the end
}

// mostDocuments is enough for both protocols, their versions and languages, below a few addresses.
const mostDocuments = 12

// document is made once, by whoever asks first.
type document struct {
	key  documentKey
	make sync.Once
	pair pair
	err  error
}

// errUnwritten is the error of those who waited for a document whose writing panicked.
var errUnwritten = errors.New("server: the document could not be written")

// get returns a document; write makes its bytes if nobody has asked for it yet. Its error is that of all who wait for the same; nobody after them
// gets it.
func (d *documents) get(key documentKey, write func() ([]byte, error)) (pair, error) {
	one := d.of(key)
	one.make.Do(func() {
		one.err = errUnwritten // that is what stays if write panics: the Once is done then as well
		defer func() {
			if one.err != nil {
				d.drop(one)
			}
		}()
		body, err := write()
		if err == nil {
			one.pair = newPair(body, key.kind)
		}
		one.err = err
	})
	return one.pair, one.err
}

func (d *documents) of(key documentKey) *document {
	d.mu.Lock()
	defer d.mu.Unlock()
	one := &document{key: key}
	if n := slices.IndexFunc(d.kept, func(o *document) bool { return o.key == key }); n >= 0 {
		one = d.kept[n]
		d.kept = slices.Delete(d.kept, n, n+1)
	} else if len(d.kept) == mostDocuments {
		d.kept = slices.Delete(d.kept, 0, 1)
	}
	d.kept = append(d.kept, one)
	return one
}

func (d *documents) drop(one *document) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept = slices.DeleteFunc(d.kept, func(o *document) bool { return o == one })
}
