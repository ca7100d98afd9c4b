package importer

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// RunOptions of [Run]. The zero value uses all cores.
type RunOptions struct {
	Jobs     int                     // tiles worked on at a time; 0: one a core
	Progress func(done, total int64) // called after each batch, or nil
	// What is to be said of the dataset; zero values leave what the pile says.
	Title, Attribution string
	Time               time.Time
}

// batchPerJob is how many tiles a worker has before they are written.
const batchPerJob = 32

// tilesPerTransaction is about how many tiles a store that can checkpoint is given between checkpoints: what it keeps apart until then stays small.
const tilesPerTransaction = 2000

// Run packs all tiles of s into w and commits them. It stops at the first tile that is broken: the error wraps terrain.ErrCorrupt,
// terrain.ErrInvalid or [ErrPicture], names the tile, and nothing becomes visible. [ErrIncomplete]: a root or an ancestor of terrain is missing. It begins with the first
// tile whatever w holds already of the same work: tiles put again replace themselves.
func Run(ctx context.Context, s *Source, w tilestore.Writer, opt RunOptions) error {
	if s.info.Kind == tilestore.Terrain {
		if err := s.complete(); err != nil {
			return err
		}
	}
	if opt.Jobs <= 0 {
		opt.Jobs = runtime.GOMAXPROCS(0)
	}
	found, kept, done := tally{}, int64(0), int64(0)
	save, canSave := w.(tilestore.Checkpointer)
	for _, level := range s.coords {
		for batch := range slices.Chunk(level, batchPerJob*opt.Jobs) {
			if err := s.store(ctx, batch, w, opt.Jobs, &found); err != nil {
				return err
			}
			if canSave && found.tiles-kept >= tilesPerTransaction {
				if err := save.Checkpoint(ctx, 0); err != nil { // 0: nothing would be left out the next time
					return err
				}
				kept = found.tiles
			}
			if done += int64(len(batch)); opt.Progress != nil {
				opt.Progress(done, s.info.Tiles)
			}
		}
	}
	info, err := s.told(opt, found)
	if err != nil {
		return err
	}
	return w.Commit(ctx, info)
}

// told describes what was imported.
func (s *Source) told(opt RunOptions, found tally) (tilestore.Info, error) {
	info := s.info
	made := map[string]any{"imported": filepath.Base(s.path), "rows": s.rows.String(), "tiles": found.tiles}
	if info.Kind == tilestore.Imagery {
		info.Format = found.mime
		made["grid"], made["pixels"] = s.grid.String(), found.side
	} else {
		info.Extensions = found.extensions()
	}
	info.Title, info.Attribution, info.Time = cmp.Or(opt.Title, info.Title), cmp.Or(opt.Attribution, info.Attribution), opt.Time
	var err error
	if info.Provenance, err = json.Marshal(made); err != nil {
		return info, fmt.Errorf("describe import: %w", err)
	}
	return info, nil
}

// complete checks that both roots are there and the parent of every tile.
func (s *Source) complete() error {
	missing := func(c tilegrid.Coord, why string) error {
		return remedy.New(s.path, fmt.Errorf("%w: %s %s", ErrIncomplete, c, why),
			"a globe draws nothing below a missing tile: have the tiles made from level 0 on")
	}
	columns, _ := s.info.Grid.Size(0)
	for x := range columns {
		if root := (tilegrid.Coord{X: x}); !s.has(root) {
			return missing(root, "is a root")
		}
	}
	for _, level := range s.coords {
		for _, c := range level {
			if !s.has(c.Parent()) {
				return missing(c.Parent(), "is the parent of "+c.String())
			}
		}
	}
	return nil
}

func (s *Source) has(c tilegrid.Coord) bool {
	if int(c.Z) >= len(s.coords) {
		return false
	}
	_, found := slices.BinarySearchFunc(s.coords[c.Z], c, byRow)
	return found
}

// tally counts what the tiles hold.
type tally struct {
	tiles, normals, water int64
	mime                  string // of pictures: that of all, or PNG if there are several
	side                  int    // of all pictures
}

// extensions names what layer.json may promise: normals if all tiles have them, because a tile without would be drawn dark; water if any
// has, because a tile without is land.
func (t tally) extensions() []string {
	var names []string
	if t.normals == t.tiles {
		names = append(names, "octvertexnormals")
	}
	if t.water > 0 {
		names = append(names, "watermask")
	}
	return names
}

// packed is a tile ready to be written. One without data and error is not there after all.
type packed struct {
	data           []byte
	normals, water bool
	mime           string // of a picture
	side           int
	err            error
}

// store packs tiles in parallel and writes them in order.
func (s *Source) store(ctx context.Context, batch []tilegrid.Coord, w tilestore.Writer, jobs int, found *tally) error {
	done := make([]packed, len(batch))
	var group sync.WaitGroup
	for j := range jobs {
		group.Go(func() {
			for i := j; i < len(batch); i += jobs {
				done[i] = s.pack(ctx, batch[i])
			}
		})
	}
	group.Wait()
	for i, p := range done {
		if p.err != nil {
			return p.err
		}
		if p.data == nil {
			continue
		}
		if err := errors.Join(found.add(s, batch[i], p), w.Put(ctx, batch[i], p.data)); err != nil {
			return err
		}
	}
	return nil
}

// pack reads, decodes and checks a tile and packs it in runs.
func (s *Source) pack(ctx context.Context, c tilegrid.Coord) packed {
	tile, err := s.Tile(ctx, c)
	pictures := s.info.Kind == tilestore.Imagery
	switch {
	case pictures && errors.Is(err, tilestore.ErrNotFound) && ctx.Err() == nil:
		return packed{} // an MBTiles row without data
	case err != nil:
		return packed{err: errors.Join(ctx.Err(), fmt.Errorf("read %s: %w", c, err))}
	case pictures:
		return s.packPicture(c, tile.Data)
	}
	mesh, err := terrain.Decode(bytes.NewReader(tile.Data))
	if err == nil {
		mesh.Edges = mesh.FindEdges()
		mesh.Metadata = nil
		terrain.SetHeader(mesh, s.info.Grid.Bound(c))
		err = mesh.ValidateDrawable()
	}
	if err != nil {
		return packed{err: remedy.New(s.path, fmt.Errorf("tile %s (rows from the south): %w", c, err),
			"make that tile anew; terrane verify "+s.path+" lists all that are broken")}
	}
	runs := []gzrun.Run{
		{ID: 0, Data: terrain.AppendMesh(nil, mesh)},
		{ID: terrain.ExtNormals, Data: terrain.AppendNormals(nil, mesh)},
		{ID: terrain.ExtWater, Data: terrain.AppendWater(nil, mesh)},
	}
	return packed{data: gzrun.Pack(runs), normals: mesh.Normals != nil, water: mesh.Water != nil}
}
