package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/terrane/terrane/internal/verify"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilestore"
)

// shownFaults is how many faults are listed as text; --json lists keptFaults.
const (
	shownFaults = 20
	keptFaults  = 1000
)

// verified is what "verify --json" prints. Lengths are metres.
type verified struct {
	Subject  string          `json:"subject"`
	OK       bool            `json:"ok"`
	Foreign  bool            `json:"foreign"` // tiles by others
	Manifest string          `json:"manifest"`
	Levels   []verifiedLevel `json:"levels"`
	Count    int64           `json:"faultCount"`
	Faults   []verifiedFault `json:"faults"` // the first
}

type verifiedLevel struct {
	Level uint8 `json:"level"`
	Tiles int64 `json:"tiles"`
	Bytes int64 `json:"bytes"`
	*VerifiedMeshes
	*VerifiedPictures
}

// VerifiedPictures is what a level of pictures has besides. It is exported so that encoding/json can fill it in.
type VerifiedPictures struct {
	Formats map[string]int64 `json:"formats"` // how many tiles are of each MIME type
	Pixels  int              `json:"pixels"`  // a side
}

// VerifiedMeshes is what a level of terrain has besides. It is exported so that encoding/json can fill it in.
type VerifiedMeshes struct {
	Vertices  int64   `json:"vertices"`
	Triangles int64   `json:"triangles"`
	MaxSeam   float64 `json:"maxSeam"`       // widest gap between neighbours
	MaxCross  float64 `json:"maxCross"`      // widest gap to a coarser neighbour
	MaxTurn   float64 `json:"maxNormalTurn"` // degrees, between the normals of one place in two tiles
	Posts     int64   `json:"posts"`         // heights compared; RMS and maxError are theirs
	RMS       float64 `json:"rms"`
	MaxError  float64 `json:"maxError"`
}

type verifiedFault struct {
	Tile   string `json:"tile,omitempty"` // z/x/y
	Rule   string `json:"rule"`
	Detail string `json:"detail"`
}

// reportOf is a report as JSON.
func (s *subject) reportOf(ref string, r verify.Report) verified {
	v := verified{Subject: ref, OK: r.OK(), Foreign: s.foreign, Manifest: r.Manifest, Count: r.FaultCount, Faults: []verifiedFault{}}
	for _, l := range r.Levels {
		level := verifiedLevel{Level: l.Level, Tiles: l.Tiles, Bytes: l.SizeBytes}
		if s.Info().Kind == tilestore.Imagery {
			level.VerifiedPictures = &VerifiedPictures{l.Formats, l.Side}
		} else {
			level.VerifiedMeshes = &VerifiedMeshes{l.Vertices, l.Triangles, l.MaxSeam, l.MaxCross, l.MaxTurn, l.Posts, l.RMS, l.MaxError}
		}
		v.Levels = append(v.Levels, level)
	}
	for _, f := range r.Faults {
		fault := verifiedFault{Rule: f.Rule, Detail: f.Detail}
		if f.AtTile {
			fault.Tile = f.Tile.String()
		}
		v.Faults = append(v.Faults, fault)
	}
	return v
}

// printReport writes what was measured, a line a level, and the first faults.
func (a *app) printReport(ref string, s *subject, report verify.Report) error {
	if a.json {
		return a.printJSON(s.reportOf(ref, report))
	}
	if a.quiet {
		return nil
	}
	print := a.printLevels
	if s.Info().Kind == tilestore.Imagery {
		print = a.printPictures
	}
	if err := print(report); err != nil {
		return err
	}
	for _, f := range report.Faults[:min(len(report.Faults), shownFaults)] {
		fmt.Fprintln(a.stdout, "fault", oneLine(withoutPackages(f.String())))
	}
	switch {
	case report.OK():
		fmt.Fprintln(a.stdout, "no faults")
	case report.FaultCount > shownFaults:
		fmt.Fprintf(a.stdout, "and %s more; --json lists up to %d\n", count(int(report.FaultCount-shownFaults), "fault"), keptFaults)
	}
	return nil
}

// printLevels writes a table, a line a level, and what its columns are.
func (a *app) printLevels(report verify.Report) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "LEVEL\tTILES\tTRIANGLES\tSIZE\tGAP m\tGAP TO COARSER m\tERROR RMS m\tERROR MAX m\t")
	total, compared := report.Total(), false
	total.Posts = 0 // errors of different levels do not add up
	for _, l := range report.Levels {
		printLevel(w, fmt.Sprint(l.Level), l)
		compared = compared || l.Posts > 0
	}
	printLevel(w, "all", total)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprint(a.stdout, "gap: widest crack beside a tile of the same level; to coarser: beside one of the level above, which skirts hide")
	if compared {
		fmt.Fprintf(a.stdout, "; error: mesh, as clients sample it, against the heights of level %d or the deepest there are", total.Level)
		if bulge := terrain.Bulge(total.Level); bulge >= 0.01 {
			fmt.Fprintf(a.stdout, ".\nMeshes keep their bound in space: read between vertices as far apart as a tile is wide, they are off by up to "+
				"%s more at level %d,\nfour times that with each level above: the earth's curvature", metresText(bulge), total.Level)
		}
	}
	_, err := fmt.Fprintln(a.stdout)
	return err
}

func printLevel(w *tabwriter.Writer, name string, l verify.Level) {
	rms, worst := "", ""
	if l.Posts > 0 {
		rms, worst = fmt.Sprintf("%.2f", l.RMS), fmt.Sprintf("%.2f", l.MaxError)
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.3f\t%.2f\t%s\t%s\t\n", name, thousands(l.Tiles), thousands(l.Triangles), sizeText(l.SizeBytes), l.MaxSeam,
		l.MaxCross, rms, worst)
}

// printPictures writes a table, a line a level that holds pictures.
func (a *app) printPictures(report verify.Report) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	total := report.Total()
	formats := slices.Sorted(maps.Keys(total.Formats))
	head := "LEVEL\tTILES\tSIZE\tMEAN\tPIXELS\t"
	for _, mime := range formats {
		head += strings.ToUpper(formatName(mime)) + "\t"
	}
	fmt.Fprintln(w, head)
	for _, l := range report.Levels {
		if l.Tiles > 0 {
			printPicture(w, fmt.Sprint(l.Level), formats, l)
		}
	}
	printPicture(w, "all", formats, total)
	return w.Flush()
}

func printPicture(w io.Writer, name string, formats []string, l verify.Level) {
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d x %d\t", name, thousands(l.Tiles), sizeText(l.SizeBytes), sizeText(l.SizeBytes/max(1, l.Tiles)), l.Side, l.Side)
	for _, mime := range formats {
		fmt.Fprintf(w, "%s\t", thousands(l.Formats[mime]))
	}
	fmt.Fprintln(w)
}
