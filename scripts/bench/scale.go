package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// scaleFigures prints what nine times the ground costs: a synthetic DEM of 10 800 x 10 800 posts against one of 3 600 x 3 600, both 1" and float32.
func scaleFigures(program, dir string) error {
	var cpu [2]float64
	var peak int64
	for k, side := range []int{3600, 10800} {
		dem := filepath.Join(dir, fmt.Sprintf("synthetic-%d.img", side))
		if err := writeENVI(dem, side); err != nil {
			return err
		}
		data := filepath.Join(dir, "scale")
		u, err := median(func() error { return os.RemoveAll(data) }, program, "ingest", "terrain", "--data", data, "--name", "bench",
			"--vertical", "ellipsoid", "--no-verify", "--progress", "none", dem)
		if err != nil {
			return err
		}
		cpu[k], peak = u.cpu, u.peakSize
		if err := os.Remove(dem); err != nil {
			return err
		}
	}
	fmt.Printf("synthetic 1\": 3 600 x 3 600 %.1f CPU s, 10 800 x 10 800 %.1f CPU s, ratio %.2f (9 is linear), peak %d MB\n", cpu[0], cpu[1], cpu[1]/cpu[0], peak>>20)
	return nil
}

// writeENVI writes a square of rough hills at 10E 46N as flat float32 with an ENVI header.
func writeENVI(path string, side int) error {
	head := fmt.Sprintf("ENVI\nsamples = %d\nlines = %d\nbands = 1\ndata type = 4\ninterleave = bsq\nbyte order = 0\n"+
		"map info = {Geographic Lat/Lon, 1, 1, 10, 46, %.17g, %.17g, WGS-84}\n", side, side, 1.0/3600, 1.0/3600)
	if err := os.WriteFile(path[:len(path)-len(".img")]+".hdr", []byte(head), 0o644); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	row := make([]float32, side)
	for y := range side {
		for x := range row {
			row[x] = roughness(float64(x), float64(y))
		}
		if err := binary.Write(w, binary.LittleEndian, row); err != nil {
			return err
		}
	}
	return w.Flush()
}

// roughness is a sum of value noise from 1 024 posts down to 4, as rough as middling mountains.
func roughness(x, y float64) float32 {
	sum, height := 800.0, 900.0
	for scale := 1024.0; scale >= 4; scale, height = scale/2, height*0.47 {
		sum += height * noise(x/scale, y/scale, uint64(scale))
	}
	return float32(sum)
}

// noise interpolates random values at whole places, -1 .. 1.
func noise(x, y float64, seed uint64) float64 {
	i, j := math.Floor(x), math.Floor(y)
	u, v := x-i, y-j
	u, v = u*u*(3-2*u), v*v*(3-2*v)
	at := func(i, j float64) float64 {
		h := (uint64(int64(i))*0x9e3779b97f4a7c15 ^ uint64(int64(j))*0xc2b2ae3d27d4eb4f ^ seed) * 0xbf58476d1ce4e5b9
		h ^= h >> 29
		h *= 0x94d049bb133111eb
		return float64(h>>11)/(1<<52) - 1
	}
	north := at(i, j) + (at(i+1, j)-at(i, j))*u
	south := at(i, j+1) + (at(i+1, j+1)-at(i, j+1))*u
	return north + (south-north)*v
}
