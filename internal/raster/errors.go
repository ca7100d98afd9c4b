package raster

import (
	"errors"
	"fmt"

	"github.com/terrane/terrane/internal/remedy"
)

// refusal is a sentinel that also matches [ErrInput].
type refusal string

func (r refusal) Error() string { return string(r) }

// Is makes every refusal match ErrInput.
func (r refusal) Is(target error) bool { return target == ErrInput }

// Errors that callers branch on. They come wrapped in a remedy.Error that names the file.
var (
	// ErrInput is matched by every error below but ErrLattice: an input cannot be used, the program itself is well.
	ErrInput error = refusal("raster: unusable input")
	// ErrOpen: no such file, not a regular file, empty, or no raster of a supported format.
	ErrOpen error = refusal("raster: cannot open")
	// ErrUnsafe: the file leads elsewhere (a VRT over other folders or the network, a sidecar that is no file).
	ErrUnsafe error = refusal("raster: refers to something outside")
	// ErrCorrupt: the file is truncated or damaged; at open or at any later read.
	ErrCorrupt error = refusal("raster: truncated or corrupt")
	// ErrSize: dimensions or blocks that no machine should try to read.
	ErrSize error = refusal("raster: absurd size")
	// ErrNotDEM: a picture, complex values or several bands: not one band of heights.
	ErrNotDEM error = refusal("raster: not an elevation model")
	// ErrNotPicture: complex values, or bands that are not there: nothing that can be shown in colours.
	ErrNotPicture error = refusal("raster: not a picture")
	// ErrNoCRS: no spatial reference, or no georeferencing at all.
	ErrNoCRS error = refusal("raster: no spatial reference")
	// ErrCRS: a spatial reference that cannot be placed on Earth, or that contradicts the coordinates.
	ErrCRS error = refusal("raster: unusable spatial reference")
	// ErrEmpty: not one valid height.
	ErrEmpty error = refusal("raster: no valid height")
	// ErrBlank: a picture without one visible pixel.
	ErrBlank error = refusal("raster: nothing to see")
	// ErrHeights: heights that are not of Earth: a wrong unit, or nodata that is not declared.
	ErrHeights error = refusal("raster: impossible heights")
	// ErrVertical: heights that cannot be brought to the ellipsoid: no grid for their datum, or none where they lie.
	ErrVertical error = refusal("raster: unusable vertical datum")
	// ErrLattice: a window that Heights or Paint cannot fill, a mistake of the caller.
	ErrLattice = errors.New("raster: bad lattice window")
)

// refuse returns a remedy.Error about a file. The format's arguments say why.
func refuse(path string, sentinel error, try, format string, args ...any) error {
	return remedy.New(path, fmt.Errorf("%w: %s", sentinel, fmt.Sprintf(format, args...)), try)
}
