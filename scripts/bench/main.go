// Command bench measures the built program against references in the same run, because absolute times say little on a shared machine: CPU
// seconds, medians of several runs, and what gdal_translate and nginx need for the like.
//
//	go run ./scripts/bench [PROGRAM]      bin/terrane by default
//
// The DEMs come from the folder TERRANE_SHARED (default ../shared). It prints one line a figure.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

const runs = 3

func main() {
	program := "bin/terrane"
	if len(os.Args) > 1 {
		program = os.Args[1]
	}
	if err := bench(program); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(program string) error {
	shared := os.Getenv("TERRANE_SHARED")
	if shared == "" {
		shared = "../shared"
	}
	dir, err := os.MkdirTemp("", "terrane-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"N42E001", "N48W125"} {
		dem := filepath.Join(dir, name+".hgt.zip")
		data, err := os.ReadFile(filepath.Join(shared, "data/dem", name+".hgt.zip"))
		if errors.Is(err, os.ErrNotExist) {
			fmt.Printf("%s: left out, set TERRANE_SHARED to the folder of the shared data\n", name)
			continue
		}
		if err := errors.Join(err, os.WriteFile(dem, data, 0o644)); err != nil {
			return err
		}
		if err := ingestFigures(program, name, dem, dir); err != nil {
			return err
		}
	}
	if err := scaleFigures(program, dir); err != nil {
		return err
	}
	if err := serveFigures(program, dir); err != nil {
		return err
	}
	return imageryFigures(program, shared, dir)
}

// usage is what a finished process used.
type usage struct {
	cpu      float64 // seconds
	peakSize int64   // bytes
}

// median runs a command several times, with prepare before each, and returns the run with the median CPU time.
func median(prepare func() error, name string, args ...string) (usage, error) {
	var all []usage
	for range runs {
		if err := prepare(); err != nil {
			return usage{}, err
		}
		c := exec.Command(name, args...)
		if out, err := c.CombinedOutput(); err != nil {
			return usage{}, fmt.Errorf("%s: %w\n%s", name, err, out)
		}
		s := c.ProcessState
		peak := s.SysUsage().(*syscall.Rusage).Maxrss << 10
		all = append(all, usage{(s.UserTime() + s.SystemTime()).Seconds(), peak})
	}
	slices.SortFunc(all, func(a, b usage) int { return int((a.cpu - b.cpu) * float64(time.Second)) })
	return all[runs/2], nil
}

// ingestFigures prints tiles per CPU second of a whole ingest without the final reading back, beside gdal_translate of the same DEM.
func ingestFigures(program, name, dem, dir string) error {
	data := filepath.Join(dir, name)
	fresh := func() error { return os.RemoveAll(data) }
	ours, err := median(fresh, program, "ingest", "terrain", "--data", data, "--name", "bench", "--vertical", "ellipsoid", "--no-verify", "--progress", "none", dem)
	if err != nil {
		return err
	}
	copied := filepath.Join(dir, name+".tif")
	reference, err := median(func() error { return nil }, "gdal_translate", "-q", "-co", "COMPRESS=DEFLATE", "--config", "GDAL_PAM_ENABLED", "NO", "/vsizip/"+dem+"/"+name+".hgt", copied)
	if err != nil {
		return err
	}
	out, err := exec.Command(program, "info", "bench", "--json", "--data", data).Output()
	if err != nil {
		return fmt.Errorf("info: %w", err)
	}
	var info struct {
		Tiles int64
		Bytes int64
	}
	if err := json.Unmarshal(out, &info); err != nil {
		return err
	}
	fmt.Printf("%s: %d tiles, %.2f CPU s, %.0f tiles per CPU second, peak %d MB; gdal_translate to deflate %.2f CPU s, ratio %.1f\n",
		name, info.Tiles, ours.cpu, float64(info.Tiles)/ours.cpu, ours.peakSize>>20, reference.cpu, ours.cpu/reference.cpu)
	return nil
}
