package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
)

// imageryFigures prints what pictures cost: the ingest of a globe of 16 384 x 8 192 pixels beside GDAL's, and the server's CPU time for maps and stored tiles.
func imageryFigures(program, shared, dir string) error {
	photo := filepath.Join(shared, "data/imagery/blue_marble_4096x2048.jpg")
	if _, err := os.Stat(photo); errors.Is(err, os.ErrNotExist) {
		fmt.Println("imagery: left out, set TERRANE_SHARED to the folder of the shared data")
		return nil
	}
	globe := filepath.Join(dir, "globe.tif")
	if out, err := exec.Command("gdal_translate", "-q", "-outsize", "16384", "8192", "-r", "cubic", "-a_srs", "EPSG:4326", "-a_ullr", "-180", "90", "180", "-90", "-co", "TILED=YES",
		"--config", "GDAL_PAM_ENABLED", "NO", photo, globe).CombinedOutput(); err != nil {
		return fmt.Errorf("gdal_translate: %w\n%s", err, out)
	}
	defer os.Remove(globe)
	data := filepath.Join(dir, "imagery")
	for _, levels := range []string{"0-6", "0-5"} {
		ours, err := median(func() error { return os.RemoveAll(data) }, program, "ingest", "imagery", "--data", data, "--name", "bench", "--levels", levels, "--format", "jpeg",
			"--no-verify", "--progress", "none", globe)
		if err != nil {
			return err
		}
		fmt.Printf("imagery: 16 384 x 8 192 to JPEG tiles, levels %s: %.2f CPU s, peak %d MB\n", levels, ours.cpu, ours.peakSize>>20)
		if levels == "0-5" {
			if err := gdalFigures(dir, globe, ours.cpu); err != nil {
				return err
			}
		}
	}
	return mapFigures(program, data)
}

// gdalFigures makes the same tiles by gdal_translate and gdaladdo.
func gdalFigures(dir, globe string, ours float64) error {
	file := filepath.Join(dir, "gdal.mbtiles")
	remove := func() error { return os.RemoveAll(file) }
	first, err := median(remove, "gdal_translate", "-q", "-of", "MBTILES", "-co", "TILE_FORMAT=JPEG", "-co", "QUALITY=85", "-co", "ZOOM_LEVEL_STRATEGY=LOWER", globe, file)
	if err != nil {
		return err
	}
	above, err := median(func() error { return nil }, "gdaladdo", "-q", "-r", "average", file, "2", "4", "8", "16", "32")
	if err != nil {
		return err
	}
	theirs := first.cpu + above.cpu
	fmt.Printf("gdal_translate -of MBTILES and gdaladdo: %.2f CPU s; ratio %.2f\n", theirs, ours/theirs)
	return nil
}

// mapFigures prints the CPU time of random maps out of a warm process, and of stored tiles through each protocol.
func mapFigures(program, data string) error {
	url, pid, stop, err := serve(program, data)
	if err != nil {
		return err
	}
	defer stop()
	for _, m := range []struct {
		width, height, n int
		format           string
	}{{256, 256, 2000, "image/jpeg"}, {256, 256, 2000, "image/png"}, {1024, 768, 200, "image/jpeg"}, {1024, 768, 200, "image/png"}} {
		for _, crs := range []string{"EPSG:3857", "EPSG:25832"} {
			us, err := cpuPerAnswer(pid, url+"/wms?service=WMS&version=1.3.0&request=GetMap&layers=bench&styles=&crs="+crs, views(crs, m.width, m.height, m.format), m.n)
			if err != nil {
				return err
			}
			fmt.Printf("GetMap %d x %d %s %s: %.2f ms of CPU\n", m.width, m.height, m.format, crs, us/1000)
		}
	}
	for name, template := range map[string]string{
		"XYZ": "/imagery/bench/%[1]d/%[2]d/%[3]d.jpg", "TMS": "/tms/bench/%[1]d/%[2]d/%[3]d.jpg", "WMTS REST": "/wmts/1.0.0/bench/default/WebMercatorQuad/%[1]d/%[3]d/%[2]d.jpg",
		"WMTS KVP": "/wmts?service=WMTS&version=1.0.0&request=GetTile&layer=bench&style=default&tilematrixset=WebMercatorQuad&tilematrix=%[1]d&tilerow=%[3]d&tilecol=%[2]d&format=image%%2Fjpeg",
	} {
		var tiles []string
		for k := range 500 {
			tiles = append(tiles, fmt.Sprintf(template, 5, k%32, 4+k/32))
		}
		us, err := cpuPerAnswer(pid, url, tiles, requests)
		if err != nil {
			return err
		}
		fmt.Printf("stored tile through %s: %.1f us of CPU\n", name, us)
	}
	return nil
}

// views are boxes of maps at scales between the dataset's deepest and one eighth of it, spread over what the system shows; the same in each run.
func views(crs string, width, height int, format string) []string {
	r := rand.New(rand.NewPCG(1, 2))
	west, south, east, north, finest, coarser := -1.9e7, -1.2e7, 1.9e7, 1.2e7, 4892.0, 3.0 // metres; level 5
	if crs == "EPSG:25832" {
		west, south, east, north, finest, coarser = -5e5, 4e6, 5e5, 5.5e6, 1250.0, 1 // magnified: wide maps of this system are far beyond its use
	}
	var list []string
	for range 100 {
		pixel := finest * (1 + coarser*r.Float64())
		x, y := west+r.Float64()*(east-west), south+r.Float64()*(north-south)
		list = append(list, fmt.Sprintf("&bbox=%.1f,%.1f,%.1f,%.1f&width=%d&height=%d&format=%s", x, y, x+pixel*float64(width), y+pixel*float64(height), width, height, format))
	}
	return list
}
