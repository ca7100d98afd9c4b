package gzrun

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// MaxPlain is the most that Inflate gives back. A terrain tile is a few kilobytes, 65 536 vertices are 2 MB: more is an attack.
const MaxPlain = 64 << 20

var inflaters = sync.Pool{New: func() any { return new(gzip.Reader) }}

func inflate(member []byte) ([]byte, error) {
	z := inflaters.Get().(*gzip.Reader)
	defer inflaters.Put(z)
	if err := z.Reset(bytes.NewReader(member)); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	plain := bytes.NewBuffer(make([]byte, 0, 4*len(member)))
	n, err := io.Copy(plain, io.LimitReader(z, MaxPlain+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	if n > MaxPlain {
		return nil, fmt.Errorf("%w: inflates to more than %d bytes", ErrCorrupt, MaxPlain)
	}
	return plain.Bytes(), nil
}
