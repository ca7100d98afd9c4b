package verify

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// span is a run of columns in a row, both ends included.
type span struct{ first, last uint32 }

// index answers whether a level holds a tile: the runs of each row, sorted, none touching another.
type index struct{ rows map[uint32][]span }

// maxRuns is how many runs of tiles in a row a dataset may list, over all levels: a billion rows are quickly written, and cost 100 bytes each.
const maxRuns = 1 << 23

// checkRuns refuses a list that is too long to be kept in rows.
func checkRuns(info tilestore.Info) error {
	runs := uint64(0)
	for _, ranges := range info.Available {
		for _, r := range ranges {
			runs += uint64(r.MaxY) - uint64(r.MinY) + 1
		}
	}
	if runs > maxRuns {
		return remedy.New(info.Name, fmt.Errorf("%w: available lists %d rows of tiles, more than %d", ErrList, runs, maxRuns), "shorten the list of available tiles")
	}
	return nil
}

func newIndex(ranges []tilegrid.Range) index {
	x := index{map[uint32][]span{}}
	for _, r := range ranges {
		for y := uint64(r.MinY); y <= uint64(r.MaxY); y++ {
			x.rows[uint32(y)] = append(x.rows[uint32(y)], span{r.MinX, r.MaxX})
		}
	}
	for y, spans := range x.rows {
		x.rows[y] = merge(spans)
	}
	return x
}

func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return int(int64(a.first) - int64(b.first)) })
	merged := spans[:1]
	for _, s := range spans[1:] {
		if last := &merged[len(merged)-1]; uint64(s.first) <= uint64(last.last)+1 {
			last.last = max(last.last, s.last)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

func (x index) has(column, row uint32) bool {
	_, found := slices.BinarySearchFunc(x.rows[row], column, func(s span, c uint32) int {
		switch {
		case s.last < c:
			return -1
		case s.first > c:
			return 1
		}
		return 0
	})
	return found
}

// all yields the tiles of the level by row from the south, then column.
func (x index) all(z uint8) iter.Seq[tilegrid.Coord] {
	return func(yield func(tilegrid.Coord) bool) {
		for _, y := range slices.Sorted(maps.Keys(x.rows)) {
			for _, s := range x.rows[y] {
				for column := uint64(s.first); column <= uint64(s.last); column++ {
					if !yield(tilegrid.Coord{Z: z, X: uint32(column), Y: y}) {
						return
					}
				}
			}
		}
	}
}

// tree checks the shape of the dataset: roots, ancestors, and that what is listed is what is there.
func (v *verifier) tree(ctx context.Context) error {
	pictures := v.info.Kind == tilestore.Imagery // they may begin at any level and fade, see verifier.fades; those by others may have gaps
	columns, _ := v.info.Grid.Size(0)
	for x := range columns {
		if root := (tilegrid.Coord{X: x}); !pictures && !v.has(root) {
			v.tileFault(root, "tree.root", "the root tile is missing: clients draw no globe")
		}
	}
	for z := 1; z < len(v.levels); z++ {
		for c := range v.levels[z].all(uint8(z)) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !v.info.Grid.Valid(c) {
				v.tileFault(c, "tree.outside", "the grid has no such tile")
			} else if !pictures {
				v.parent(c)
			}
		}
	}
	lister, ok := v.reader.(tilestore.Lister)
	if !ok {
		return nil
	}
	for z := range uint8(tilegrid.MaxLevel + 1) {
		if err := v.unlisted(ctx, lister, z); err != nil {
			return err
		}
	}
	return nil
}

// parent finds a tile whose parent is missing.
func (v *verifier) parent(c tilegrid.Coord) {
	if p := c.Parent(); !v.has(p) {
		v.tileFault(c, "tree.parent", "its parent %s is missing", p)
	}
}

// unlisted finds tiles that are there and not in the list. Those that are listed and not there are found on reading them.
func (v *verifier) unlisted(ctx context.Context, lister tilestore.Lister, z uint8) error {
	for c, err := range lister.Coords(ctx, z) {
		if err != nil {
			return fmt.Errorf("verify: list level %d: %w", z, err)
		}
		if !v.has(c) {
			v.tileFault(c, "available.unlisted", "the tile is there and not listed: clients never ask for it")
		}
	}
	return nil
}
