package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// pruneFlags are the flags of "prune" as the user wrote them.
type pruneFlags struct {
	keep   int
	older  string
	dryRun bool
	all    bool
	age    time.Duration // of older
}

// pruned is what "prune --json" prints.
type pruned struct {
	Versions []prunedVersion `json:"versions"` // removed, or to be removed
	Bytes    int64           `json:"bytes"`    // of all
	DryRun   bool            `json:"dryRun,omitempty"`
}

type prunedVersion struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	Bytes   int64  `json:"bytes"`
}

func newPruneCommand(a *app) *cobra.Command {
	var f pruneFlags
	c := &cobra.Command{
		Use:   "prune [NAME]",
		Short: "Remove old versions of one dataset, or of all",
		Long: "Removes versions of a dataset, or of all, that are older than its newest. What stays in any case: the newest ones (--keep), the one\n" +
			"that is served under the bare name (terrane use), versions with a time, which are the instants of a series, and files that this program did\n" +
			"not make or cannot read. A version is as old as its file. Servers answer the requests under way. What is removed cannot be\n" +
			"had back: without a name it takes --keep, --older-than or --all.",
		Example: "  terrane prune alps --dry-run\n  terrane prune --keep 3 --older-than 30d\n  terrane prune --all",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			age, err := parseAge(f.older)
			f.age = age
			if f.keep < 1 {
				err = errors.Join(err, fmt.Errorf("--keep %d: at least one version stays; terrane rm NAME removes all", f.keep))
			}
			if f.all && len(args) > 0 {
				err = errors.Join(err, errors.New("--all is every dataset: leave the name out, or --all"))
			}
			if err != nil {
				return usageError(c, err)
			}
			told := len(args) > 0 || f.all || f.dryRun || c.Flags().Changed("keep") || c.Flags().Changed("older-than")
			if told {
				return a.prune(c.Context(), strings.Join(args, ""), f)
			}
			f.dryRun = true
			if err := a.prune(c.Context(), "", f); err != nil {
				return err
			}
			err = errors.New("nothing was removed: it takes the name of a dataset, or --all for all but the newest version of each")
			return mark(remedy.New("", err, "terrane prune NAME, terrane prune --keep 3, terrane prune --all"), errUsage)
		},
	}
	v := c.Flags()
	v.IntVar(&f.keep, "keep", 1, "how many of the newest versions stay")
	v.StringVar(&f.older, "older-than", "", "only versions older than this: 30d, 12h, 2w")
	v.BoolVar(&f.all, "all", false, "without a name: of every dataset, all but the newest versions")
	v.BoolVar(&f.dryRun, "dry-run", false, "say what would go, and remove nothing")
	return c
}

// parseAge reads --older-than: days or weeks, or what Go calls a duration; "" is none, 0.
func parseAge(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	wrong := fmt.Errorf("--older-than %q: it is a number of days (30d), weeks (2w), hours (12h)", text)
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, found := strings.CutSuffix(text, unit); found {
			n, err := strconv.Atoi(number)
			if err != nil || n < 0 || int64(n) > math.MaxInt64/int64(length) {
				return 0, wrong
			}
			return time.Duration(n) * length, nil
		}
	}
	age, err := time.ParseDuration(text)
	if err != nil || age < 0 {
		return 0, wrong
	}
	return age, nil
}

// prune removes old versions of the dataset that is named, or of all.
func (a *app) prune(ctx context.Context, name string, f pruneFlags) error {
	if strings.Contains(name, "@") {
		base, _ := splitRef(name)
		err := errors.New("prune takes a dataset, not one version of it")
		return mark(remedy.New(name, err, "terrane rm "+name+" removes it, terrane prune "+base+" what is old"), errUsage)
	}
	folder, err := a.openFolder(ctx)
	if err != nil {
		return err
	}
	defer folder.Close()
	names := []string{name}
	if name == "" {
		names = nil
		all, _ := folder.All(ctx)
		for _, i := range all {
			names = append(names, i.Name)
		}
	}
	done := pruned{Versions: []prunedVersion{}, DryRun: f.dryRun}
	for _, n := range names {
		if err := a.pruneOne(ctx, folder, n, f, &done); err != nil {
			return err
		}
	}
	return a.sayPruned(done)
}

// pruneOne removes old versions of a dataset and adds them to done.
func (a *app) pruneOne(ctx context.Context, folder *mbtiles.Folder, name string, f pruneFlags, done *pruned) error {
	list, err := a.versions(ctx, folder, name)
	if err != nil {
		return err
	}
	for _, s := range old(ctx, folder, list, f) {
		ref := name + "@" + versionText(s.Version)
		verb := "would go"
		if !f.dryRun {
			verb = "removed"
			if err := folder.Remove(ref); err != nil && !errors.Is(err, tilestore.ErrNoDataset) {
				return err
			}
		}
		done.Versions = append(done.Versions, prunedVersion{name, s.Version, s.Bytes})
		done.Bytes += s.Bytes
		a.say("%s %s, %s", verb, ref, sizeText(s.Bytes))
	}
	return nil
}

// old picks the versions to remove from those of a dataset, the newest first.
func old(ctx context.Context, folder *mbtiles.Folder, list []server.Summary, f pruneFlags) (out []server.Summary) {
	if len(list) <= f.keep {
		return nil
	}
	current := shownOf(folder, list)
	for k, s := range list {
		ref := s.Name + "@" + versionText(s.Version)
		if k < f.keep || k == current || !s.Time.IsZero() || len(folder.Foreign(ref)) > 0 || !aged(ctx, folder, ref, f.age) {
			continue
		}
		out = append(out, s)
	}
	return out
}

// aged tells whether a version was there so long ago. What cannot be told is young.
func aged(ctx context.Context, folder *mbtiles.Folder, ref string, age time.Duration) bool {
	if age == 0 {
		return true
	}
	h, err := folder.Get(ctx, ref)
	if err != nil {
		return false
	}
	defer h.Release()
	file, err := os.Stat(h.Path())
	return err == nil && time.Since(file.ModTime()) > age
}

func (a *app) sayPruned(p pruned) error {
	if a.json {
		return a.printJSON(p)
	}
	switch {
	case len(p.Versions) == 0:
		a.say("nothing to remove")
	case p.DryRun:
		a.say("dry run  %s would go, %s would be freed", count(len(p.Versions), "version"), sizeText(p.Bytes))
	default:
		a.say("removed %s, %s freed", count(len(p.Versions), "version"), sizeText(p.Bytes))
	}
	return nil
}
