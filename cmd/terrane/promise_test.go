//go:build !serveonly

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ordeal is an undisturbed ingest of a real raster, against which the disturbed ones are held.
type ordeal struct {
	program string
	sample
	file  string        // the sample's
	whole string        // the file that the undisturbed run made
	took  time.Duration // by that run, without verification
	cpu   time.Duration
}

// sample is real work for an ingest.
type sample struct {
	kind   string // of ingest
	source string // below the folder of test data
	flags  string
	page   string // that is there once the dataset is served as alps
	valid  string // what is said of the verified dataset
	small  string // size of a disk on which it does not fit
	large  string // and of one on which it does
}

// dem and globe are what the promises are tried on.
var (
	dem   = sample{"terrain", "dem/N42E001.hgt.zip", "", "/terrain/alps/layer.json", "seams 0.00 m", "8m", "24m"}
	globe = sample{"imagery", "imagery/blue_marble_4096x2048.jpg", "--src-crs EPSG:4326", "/imagery/alps/tilejson.json", "tiles valid", "2m", "24m"}
)

// TestWhatAnIngestPromises is promises 1, 2, 3, 8, 9 and 10 on the built program; 5 is among the bad inputs.
func TestWhatAnIngestPromises(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute or two")
	}
	program := buildProgram(t)
	for _, s := range []sample{dem, globe} {
		t.Run(s.kind, func(t *testing.T) { keepsPromises(t, program, s) })
	}
}

func keepsPromises(t *testing.T, program string, s sample) {
	o := ordeal{program: program, sample: s, file: sharedFile(t, s.source)}
	data := t.TempDir()
	start := time.Now()
	o.cpu = succeed(t, o.program, o.args(data)...).cpu
	o.took, o.whole = time.Since(start), filepath.Join(data, "alps@1.mbtiles")
	t.Logf("undisturbed: %.2f s, %.2f s of CPU", o.took.Seconds(), o.cpu.Seconds())

	t.Run("killed at any instant it carries on to the same bytes", o.survivesKills)
	t.Run("killed while it verifies too", o.survivesKillAtVerify)
	t.Run("a kill costs little", o.carriesOnCheaply)
	t.Run("terminated it ends soon and carries on", o.endsWhenTold)
	t.Run("the number of jobs changes no byte", o.isDeterministic)
	t.Run("of two under one name one works, and neither is seen before it is whole", o.excludes)
}

func (o *ordeal) args(data string, more ...string) []string {
	return append(o.line(data, o.file), append(more, "--no-verify")...)
}

// line is the command line that ingests a file as alps.
func (s sample) line(data, file string) []string {
	line := []string{"ingest", s.kind, "--name", "alps", "--progress", "lines", "--data", data, file}
	return append(line, strings.Fields(s.flags)...)
}

// held holds that the folder has the dataset as it should be and nothing else.
func (o *ordeal) held(t *testing.T, data string, others ...string) {
	t.Helper()
	want := append([]string{"alps@1.mbtiles"}, others...)
	if got := names(t, data); !slices.Equal(got, want) {
		t.Errorf("the folder holds %v, want %v", got, want)
	}
	sameFile(t, o.whole, filepath.Join(data, "alps@1.mbtiles"))
}

// survivesKills kills twelve times: four datasets, three times each, so that resumed runs are killed as well. Another dataset lies in the folder.
func (o *ordeal) survivesKills(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 4 {
		data := t.TempDir()
		published, err := os.ReadFile(o.whole)
		if err != nil {
			t.Fatal(err)
		}
		other := write(t, filepath.Join(data, "other@1.mbtiles"), published)
		for range 3 {
			wait := time.Duration(random.Float64() * 0.6 * float64(o.took))
			r := begin(t, o.program, o.args(data)...)
			time.Sleep(wait) // the instant is the point
			r.command.Process.Kill()
			end := r.wait(t)
			t.Logf("dataset %d: killed after %3d ms, exit %d; %d lines of progress", n, wait.Milliseconds(), end.code, strings.Count(end.stderr, "tiling"))
			if list := succeed(t, o.program, "list", "--data", data); end.code != exitDone && strings.Contains(list.stdout, "alps") {
				o.held(t, data, "other@1.mbtiles") // killed when it was published already: then it is whole
			}
		}
		if !slices.Contains(names(t, data), "alps@1.mbtiles") {
			succeed(t, o.program, o.args(data)...)
		}
		o.held(t, data, "other@1.mbtiles")
		sameFile(t, o.whole, other)
	}
}

// survivesKillAtVerify kills when the file is sealed and being read through.
func (o *ordeal) survivesKillAtVerify(t *testing.T) {
	data := t.TempDir()
	line := o.line(data, o.file)
	r := begin(t, o.program, line...)
	r.waitForText(t, "verify ")
	r.command.Process.Kill()
	r.wait(t)
	if got := names(t, data); slices.Contains(got, "alps@1.mbtiles") {
		t.Errorf("published before it was verified: %v", got)
	}
	if end := succeed(t, o.program, line...); !strings.Contains(end.stderr, "resume ") || !strings.Contains(end.stderr, o.valid) {
		t.Errorf("carried on as\n%s", end.stderr)
	}
	o.held(t, data)
}

// costs is how much of an undisturbed run's CPU the finishing may take after a kill in the second half.
const costs = 0.6

// carriesOnCheaply kills where three quarters of the units are done. Where a full run is over in a blink, opening and planning weigh too much.
func (o *ordeal) carriesOnCheaply(t *testing.T) {
	data := t.TempDir()
	r := begin(t, o.program, o.args(data)...)
	r.waitForTiling(t, 75)
	r.command.Process.Kill()
	r.wait(t)
	end := succeed(t, o.program, o.args(data)...)
	share := float64(end.cpu) / float64(o.cpu)
	t.Logf("killed at 75 %%: finishing took %.2f s of CPU, %.2f of a full run", end.cpu.Seconds(), share)
	if o.cpu > time.Second && share > costs {
		t.Errorf("finishing took %.2f of a full run, promised %.1f", share, costs)
	}
	o.held(t, data)
}

func (o *ordeal) endsWhenTold(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		data := t.TempDir()
		r := begin(t, o.program, o.args(data)...)
		r.waitForTiling(t, 30)
		r.command.Process.Signal(signal)
		start := time.Now()
		end := r.wait(t)
		if took := time.Since(start); end.code != exitInterrupted || took > 10*time.Second {
			t.Errorf("%v: exit %d after %v", signal, end.code, took)
		}
		if !strings.Contains(end.stderr, "terrane: interrupted\ntry: the same command again") {
			t.Errorf("%v: said\n%s", signal, end.stderr)
		}
		done, all := 0, 0
		end = succeed(t, o.program, o.args(data)...)
		_, line, _ := strings.Cut(end.stderr, "resume ")
		if n, _ := fmt.Sscanf(line, "%d of %d units of work are done", &done, &all); n != 2 || done < all/4 || done >= all {
			t.Errorf("%v: carried on as\n%s", signal, end.stderr)
		}
		o.held(t, data)
	}
}

func (o *ordeal) isDeterministic(t *testing.T) {
	for _, jobs := range []string{"1", "5"} {
		data := t.TempDir()
		succeed(t, o.program, o.args(data, "--jobs", jobs, "--memory", "300MB")...)
		o.held(t, data)
	}
}

// excludes runs two ingests of one name while a server watches the folder and the catalogue is listed again and again.
func (o *ordeal) excludes(t *testing.T) {
	data := t.TempDir()
	_, base := serve(t, o.program, "--data", data)
	r := begin(t, o.program, o.args(data, "--jobs", "1")...) // slow enough to be looked at
	r.waitForTiling(t, 10)
	invoke(t, o.program, append(o.args(data), "--quiet")...).checkScreen(t, exitStore, "alps: dataset is being written by another process")
	looks := 0
	for !strings.Contains(r.stderr.String(), "tiling   100 %") {
		seen := status(t, base+o.page) == http.StatusOK
		list := succeed(t, o.program, "list", "--json", "--data", data)
		if strings.Contains(r.stderr.String(), "tiling   100 %") {
			break // whatever was seen may be the finished one
		}
		if looks++; seen || strings.TrimSpace(list.stdout) != "[]" {
			t.Fatalf("seen before it was whole: over HTTP %v, listed as %s", seen, list.stdout)
		}
	}
	if end := r.wait(t); end.code != exitDone || looks < 1 {
		t.Errorf("exit %d, looked %d times\n%s", end.code, looks, end.stderr)
	}
	for deadline := time.Now().Add(5 * time.Second); status(t, base+o.page) != http.StatusOK; {
		if time.Now().After(deadline) {
			t.Fatal("the finished dataset is not served after 5 s")
		}
	}
	o.held(t, data)
}
