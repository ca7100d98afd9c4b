package ingest

import (
	"context"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/verify"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// TestAwkwardRealFilesBecomeFaultlessDatasets plans each at its own depth, runs it no deeper than a few levels into a real store, and verifies what comes out.
func TestAwkwardRealFilesBecomeFaultlessDatasets(t *testing.T) {
	for _, c := range []struct {
		name string
		leaf uint8 // its own
		run  int   // as deep as the test goes
	}{
		{"slovenia_lidar_dtm_1m_epsg3794_nan.tif", 19, 15}, // nodata is NaN
		{"etopo1_1deg_gridline.tif", 2, 2},                 // half a cell beyond the poles and the antimeridian
		{"etopo20_global_20arcmin.tif", 4, 3},              // the whole globe, to the edge
		{"bigtujunga_utm11n_30m_int16.tif", 14, 10},        // projected
		{"n43.dt0", 9, 8},                                  // DTED, posts on whole degrees
		{"nrw_dsm_1m_epsg25832+7837.tif", 19, 15},          // a compound reference system, for which PROJ has no grid
		{"N48W125.hgt.zip", 14, 9},                         // half void, sea
	} {
		t.Run(c.name, func(t *testing.T) {
			path := sharedFile(t, "data/dem/"+c.name)
			o := Options{Sources: []string{path}, Leaf: -1}
			if strings.HasPrefix(c.name, "nrw") {
				o.Vertical = sharedFile(t, "data/geoid/de_bkg_gcg2016.tif")
			}
			dry, err := Prepare(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if dry.Plan.Leaf != c.leaf {
				t.Errorf("deepest level %d, want %d", dry.Plan.Leaf, c.leaf)
			}
			if err := dry.Close(); err != nil {
				t.Fatal(err)
			}
			o.Leaf = c.run
			verified(t, o)
		})
	}
}

func TestRealFilesOfDifferentFinenessBecomeOneFaultlessDataset(t *testing.T) {
	verified(t, Options{Leaf: 8, Sources: []string{
		sharedFile(t, "data/dem/n43.dt0"), sharedFile(t, "data/dem/etopo1_1deg_gridline.tif"),
	}})
}

// verified runs an ingest into a real store and fails the test for any fault of the dataset.
func verified(t *testing.T, o Options) {
	t.Helper()
	ctx := context.Background()
	o.Raster = raster.Options{CacheBytes: 64 << 20}
	job, err := Prepare(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	store, err := mbtiles.Create(ctx, t.TempDir(), "real", mbtiles.Options{Work: job.Work})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := job.Run(ctx, store, 2, silent); err != nil {
		t.Fatal(err)
	}
	reader, err := mbtiles.Open(ctx, store.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	report, err := verify.Run(ctx, reader, verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK() {
		t.Errorf("%d faults, first %v", report.FaultCount, report.Faults)
	}
	for _, l := range report.Levels {
		if l.MaxTurn > 0 {
			t.Logf("level %d: normals of one place turn by up to %.2f degrees", l.Level, l.MaxTurn)
		}
	}
}
