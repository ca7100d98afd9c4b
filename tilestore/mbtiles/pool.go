package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/terrane/terrane/internal/sqlite"
	"github.com/terrane/terrane/tilestore"
)

// session is one connection to a finished file with its statements.
type session struct {
	db            *sqlite.Conn
	tile, heights *sqlite.Statement // heights is nil where the file has no such table
}

// pool lends sessions of one file to goroutines. It opens them as they are needed, up to a limit. A file that was removed or replaced
// is still read by the sessions that are open: there is always one.
type pool struct {
	path   string
	file   os.FileInfo // what path named when the first session was opened
	sql    queries
	idle   chan *session
	spare  chan struct{} // one token for each session that may still be opened
	frozen atomic.Bool   // path names another file by now, or nothing: no more sessions
	done   chan struct{}
	once   sync.Once
}

// queries are the statements of a layout. An empty heights means that there are none.
type queries struct{ tile, heights string }

// immutable tells SQLite that nobody writes the file: no locks, no log beside it, works on read-only media.
const immutable = "mode=ro&immutable=1&_cache_size=-512"

func newPool(path string, file os.FileInfo, sql queries, first *sqlite.Conn) (*pool, error) {
	limit := max(2, min(16, runtime.GOMAXPROCS(0)))
	p := &pool{
		path: path, file: file, sql: sql,
		idle: make(chan *session, limit), spare: make(chan struct{}, limit), done: make(chan struct{}),
	}
	s, err := p.prepare(first)
	if err != nil {
		return nil, err
	}
	p.idle <- s
	for range limit - 1 {
		p.spare <- struct{}{}
	}
	return p, nil
}

func (p *pool) prepare(db *sqlite.Conn) (*session, error) {
	s := &session{db: db}
	var err error
	if s.tile, err = db.Prepare(p.sql.tile); err != nil || p.sql.heights == "" {
		return s, err
	}
	s.heights, err = db.Prepare(p.sql.heights)
	return s, err
}

// get lends a session; the caller gives it back with put.
func (p *pool) get(ctx context.Context) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-p.done:
		return nil, fmt.Errorf("mbtiles: read %s: %w", p.path, fs.ErrClosed)
	default:
	}
	select {
	case s := <-p.idle:
		return s, nil
	default:
	}
	return p.wait(ctx)
}

func (p *pool) wait(ctx context.Context) (*session, error) {
	spare := p.spare
	if p.frozen.Load() {
		spare = nil
	}
	for {
		select {
		case s := <-p.idle:
			return s, nil
		case <-spare:
			s, err := p.open()
			if err == nil {
				return s, nil
			}
			if p.replaced() {
				p.frozen.Store(true)
			}
			p.spare <- struct{}{}
			spare = nil // the sessions that there are serve this call
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-p.done:
			return nil, fmt.Errorf("mbtiles: read %s: %w", p.path, fs.ErrClosed)
		}
	}
}

// replaced tells whether path names another file by now, or nothing. Other reasons why a session cannot be opened, such as too many open
// files, pass.
func (p *pool) replaced() bool {
	now, err := os.Stat(p.path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && !sameState(now, p.file)
}

func (p *pool) put(s *session) { p.idle <- s }

// open opens one more session. SQLite opens by path, so it is checked after the fact that the path still names our file.
func (p *pool) open() (*session, error) {
	db, err := openConn(p.path, immutable)
	if err != nil {
		return nil, err
	}
	now, err := os.Stat(p.path)
	if err == nil && !sameState(now, p.file) {
		err = tilestore.ErrNoDataset
	}
	var s *session
	if err == nil {
		s, err = p.prepare(db)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// sameState tells whether two looks at a path saw the same file, unchanged.
func sameState(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// close waits for the sessions that are lent and closes all.
func (p *pool) close() error {
	var err error
	p.once.Do(func() {
		close(p.done)
		for range cap(p.spare) {
			select {
			case s := <-p.idle:
				err = errors.Join(err, s.close())
			case <-p.spare:
			}
		}
	})
	return err
}

func (s *session) close() error {
	for _, st := range []*sqlite.Statement{s.tile, s.heights} {
		if st != nil {
			st.Close()
		}
	}
	return s.db.Close()
}
