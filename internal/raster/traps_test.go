package raster

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lukeroth/gdal"
)

// Each test here holds one way round a trap of the binding or of GDAL that was seen to bite.

func TestFailureNamesItsOwnFileAmongManyGoroutines(t *testing.T) {
	dir := t.TempDir()
	var wait sync.WaitGroup
	for g := range 32 {
		wait.Go(func() {
			for n := range 20 {
				name := fmt.Sprintf("bad-%d-%d.tif", g, n)
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, []byte("II*\x00 this is no TIFF "+name), 0o666); err != nil {
					t.Error(err)
				}
				err := tryOpen(path, Options{})
				if err == nil || strings.Count(err.Error(), "bad-") != strings.Count(err.Error(), name) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	wait.Wait()
}

func TestFailingReadsNameTheirOwnFileAmongManyGoroutines(t *testing.T) {
	dir := t.TempDir()
	var stacks []*Stack
	for g := range 8 {
		path := small(t, filepath.Join(dir, fmt.Sprintf("cut-%d.tif", g)))
		stacks = append(stacks, open(t, Options{}, path))
		if err := os.Truncate(path, 700); err != nil {
			t.Fatal(err)
		}
	}
	var wait sync.WaitGroup
	for g, s := range stacks {
		for range 4 {
			wait.Go(func() {
				l := windowAt(9, 10.1, 46.9, 20, 20)
				err := s.Heights(context.Background(), l, make([]float32, 400))
				if own := fmt.Sprintf("cut-%d.tif", g); !errors.Is(err, ErrInput) || strings.Count(err.Error(), "cut-") != strings.Count(err.Error(), own) {
					t.Errorf("%s: %v", own, err)
				}
			})
		}
	}
	wait.Wait()
}

func TestReadErrorsSayMoreThanFailureError(t *testing.T) {
	path := small(t, filepath.Join(t.TempDir(), "a.tif"))
	s := open(t, Options{}, path)
	if err := os.Truncate(path, 700); err != nil {
		t.Fatal(err)
	}
	_, err := s.readBlock(context.Background(), s.layers[0], window{0, 0, 20, 20}, 1, &scratch{})
	if !errors.Is(err, ErrInput) || strings.Contains(err.Error(), "Failure Error") {
		t.Errorf("got %v", err)
	}
}

func TestShortBuffersAreRefusedBeforeGDALWritesIntoThem(t *testing.T) {
	ds, err := gdal.Open(small(t, filepath.Join(t.TempDir(), "a.tif")), gdal.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	for _, buf := range [][]float32{nil, {}, make([]float32, 399)} {
		if err := readBand(ds.RasterBand(1), window{0, 0, 20, 20}, buf, 20, 20); err == nil {
			t.Errorf("a buffer of %d was taken for 400 pixels", len(buf))
		}
	}
	transformPoints(gdal.CoordinateTransform{}, nil, nil) // the binding takes &x[0]
}

func TestHandleServesOneGoroutineAtATime(t *testing.T) {
	s := open(t, Options{Handles: 2}, small(t, filepath.Join(t.TempDir(), "a.tif")))
	ctx := context.Background()
	a, errA := s.pool.borrow(ctx, s.dems[0])
	b, errB := s.pool.borrow(ctx, s.dems[0])
	if errA != nil || errB != nil || a.ds == b.ds {
		t.Fatalf("%v, %v: the same handle twice: %t", errA, errB, a.ds == b.ds)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := s.pool.borrow(short, s.dems[0]); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a third handle: %v", err)
	}
	s.pool.giveBack(a)
	c, err := s.pool.borrow(ctx, s.dems[0])
	if err != nil || c.ds != a.ds {
		t.Errorf("the handle that came back was not lent again: %v", err)
	}
	s.pool.giveBack(b)
	s.pool.giveBack(c)
}

// lateCancel is a context that is cancelled right after somebody found it alive.
type lateCancel struct {
	context.Context
	cancel context.CancelFunc
}

func (c lateCancel) Err() error {
	err := c.Context.Err()
	if err == nil {
		c.cancel()
		time.Sleep(20 * time.Millisecond) // time for a wake-up to come too early
	}
	return err
}

func TestPoolWakesABorrowerThatIsCancelledJustBeforeItWaits(t *testing.T) {
	s := open(t, Options{Handles: 1}, small(t, filepath.Join(t.TempDir(), "a.tif")))
	h, err := s.pool.borrow(t.Context(), s.dems[0])
	if err != nil {
		t.Fatal(err)
	}
	defer s.pool.giveBack(h)
	inner, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := s.pool.borrow(lateCancel{inner, cancel}, s.dems[0])
		done <- err
	}()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	case <-time.After(5 * time.Second):
		t.Error("the borrower sleeps on")
	}
}

func TestStatisticsWriteNoFileBesides(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{}, small(t, filepath.Join(dir, "a.tif")))
	ds, err := s.dems[0].source.open()
	if err != nil {
		t.Fatal(err)
	}
	ds.RasterBand(1).GetStatistics(0, 1)
	ds.Close()
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files in the folder, want 1: GDAL_PAM_ENABLED", len(entries))
	}
}

func TestOnlyAllowedDriversOpen(t *testing.T) {
	drivers := demFormats().drivers
	for _, name := range []string{"PNG", "JPEG", "HTTP", "WMS", "WCS", "netCDF", "GPKG", "MEM", "VRT", "PostGISRaster"} {
		for _, allowed := range drivers {
			if allowed == name {
				t.Errorf("%s may open any file", name)
			}
		}
	}
	for _, name := range append(drivers, "VRT") {
		setup(0)
		if _, err := gdal.GetDriverByName(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDangerousFunctionsAreNotCalled reads the package's own source. Warp and Translate answer a bad target with success;
// BuildVRT panics by names; DEMProcessing has its colour logic inverted; CreateCopy hands a Go pointer to C and
// BuildOverviews follows a nil; Metadata of a MajorObject panics; ReprojectImage and FileList leak; VSIFReadL drops the
// count; the unit functions free what they do not own; ToWKT leaks; TransformPoint answers 0, 0 for a failure;
// SetFromUserInput opens files and URLs.
func TestDangerousFunctionsAreNotCalled(t *testing.T) {
	banned := map[string]bool{}
	for _, name := range strings.Fields(`Warp Translate BuildVRT DEMProcessing CreateCopy BuildOverviews Metadata ReprojectImage FileList VSIFReadL
		AngularUnits LinearUnits TargetLinearUnits PrimeMeridian ToWKT ToPrettyWKT TransformPoint SetFromUserInput FromURL OpenShared AutoCreateWarpedVRT
		CPLGetLastErrorMsg Register Deregister`) {
		banned[name] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok && banned[call.Sel.Name] {
				t.Errorf("%s calls %s", file, call.Sel.Name)
			}
			return true
		})
	}
}
