package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

func newVersionsCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "versions NAME",
		Short: "List the versions of a dataset, the latest first",
		Long: "Lists the versions of a dataset. The first that is whole is what clients get under its name, or, of pictures with a time, that of the\n" +
			"latest instant, unless terrane use said which; each can be had as NAME@VERSION, by info, verify, rm, export and over HTTP.",
		Example: "  terrane versions alps\n  terrane rm alps@1",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			folder, err := a.openFolder(c.Context())
			if err != nil {
				return err
			}
			defer folder.Close()
			list, err := a.versions(c.Context(), folder, args[0])
			if err != nil {
				return err
			}
			return a.printVersions(c.Context(), folder, args[0], list)
		},
	}
}

// versions describes the versions of a dataset that can be read; what is wrong with others is said.
func (a *app) versions(ctx context.Context, folder *mbtiles.Folder, name string) ([]server.Summary, error) {
	numbers := folder.Versions(name)
	if len(numbers) == 0 {
		return nil, a.unknown(folder, name, remedy.New(name, tilestore.ErrNoDataset, ""))
	}
	list := []server.Summary{}
	for _, v := range numbers {
		h, err := folder.Get(ctx, name+"@"+versionText(v))
		if err != nil {
			a.warn([]mbtiles.Problem{{Name: name + "@" + versionText(v), Err: err}})
			continue
		}
		list = append(list, server.Summarize(h.Info()))
		h.Release()
	}
	return list, nil
}

// versioned is an element of what "versions --json" prints.
type versioned struct {
	server.Summary
	Current bool `json:"current,omitempty"` // served under the bare name
	Used    bool `json:"used,omitempty"`    // because "terrane use" said so
	written
}

// written is when and by what a version came to be.
type written struct {
	Written time.Time `json:"written,omitzero"` // of its file
	Made    string    `json:"made,omitempty"`   // in a few words
}

// writtenOf looks into the file of a version; what cannot be told is empty.
func writtenOf(ctx context.Context, folder *mbtiles.Folder, s server.Summary) (w written) {
	h, err := folder.Get(ctx, s.Name+"@"+versionText(s.Version))
	if err != nil {
		return w
	}
	defer h.Release()
	w.Made = makingOf(h.Info().Provenance).last()
	if file, err := os.Stat(h.Path()); err == nil {
		w.Written = file.ModTime().Truncate(time.Second)
	}
	return w
}

func (a *app) printVersions(ctx context.Context, folder *mbtiles.Folder, name string, list []server.Summary) error {
	shown, used := shownOf(folder, list), pinnedOf(folder, list)
	if a.json {
		all := []versioned{}
		for i, s := range list {
			all = append(all, versioned{s, i == shown, i == used, writtenOf(ctx, folder, s)})
		}
		return a.printJSON(all)
	}
	defer a.sayUnfinishedOf(name)
	defer a.sayUse(folder, name, used)
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	timed := slices.ContainsFunc(list, func(v server.Summary) bool { return !v.Time.IsZero() })
	column := func(text string) string {
		if !timed {
			return ""
		}
		return text + "\t"
	}
	fmt.Fprintln(w, "VERSION\tSERVED AS\tWRITTEN\tKIND\tFORMAT\t"+column("TIME")+"LEVELS\tTILES\tSIZE\tBOUNDS\tMANIFEST\tMADE")
	for i, s := range list {
		served := s.Name + "@" + versionText(s.Version)
		if i == shown {
			served = s.Name + ", " + served
		}
		by := writtenOf(ctx, folder, s)
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s%d-%d\t%s\t%s\t%s\t%.12s\t%s\n", s.Version, served, by.Written.Format("2006-01-02 15:04"), s.Kind,
			formatName(s.Format), column(instantText(s.Time)), s.Levels[0], s.Levels[1], thousands(s.Tiles), sizeText(s.Bytes),
			boundsText(s.Bounds), s.Manifest, by.Made)
	}
	return w.Flush()
}

// pinnedOf says which of a dataset's versions "terrane use" made the current one, -1 if none that is there.
func pinnedOf(folder *mbtiles.Folder, list []server.Summary) int {
	return slices.IndexFunc(list, func(s server.Summary) bool {
		v, ok := folder.Pinned(s.Name)
		return ok && v == s.Version
	})
}

// newest lends the highest version of a dataset that is whole, whichever is the current one.
func newest(ctx context.Context, folder *mbtiles.Folder, name string) (*mbtiles.Handle, error) {
	for _, v := range folder.Versions(name) {
		if h, err := folder.Get(ctx, name+"@"+versionText(v)); err == nil {
			return h, nil
		}
	}
	return folder.Get(ctx, name)
}

// borrow lends the dataset version that ref names, or says what there is instead. A bare name is the version that is served under it.
func (a *app) borrow(ctx context.Context, folder *mbtiles.Folder, ref string) (*mbtiles.Handle, error) {
	h, err := folder.Get(ctx, ref)
	if err != nil {
		return nil, a.unknown(folder, ref, err)
	}
	name, pinned := splitRef(ref)
	if pinned != "" || h.Info().Time.IsZero() {
		return h, nil
	}
	newest := h.Info().Version // of the instants the latest is served
	h.Release()
	list, err := a.versions(ctx, folder, name)
	if err != nil {
		return nil, err
	}
	if len(list) > 0 {
		newest = list[shownOf(folder, list)].Version
	}
	return folder.Get(ctx, fmt.Sprintf("%s@%d", name, newest))
}

// unknown gives an error about a reference that stands for nothing the remedy that fits: other versions, unfinished work, the list.
func (a *app) unknown(folder *mbtiles.Folder, ref string, err error) error {
	if errors.Is(err, tilestore.ErrName) {
		return remedy.New("", err, "terrane list names the datasets there are; terrane verify also takes files and addresses")
	}
	if !errors.Is(err, tilestore.ErrNoDataset) {
		return err
	}
	name, pinned := splitRef(ref)
	versions := folder.Versions(name)
	switch {
	case pinned != "" && len(versions) > 0:
		return remedy.New(ref, fmt.Errorf("%w: %s has no version %s", tilestore.ErrNoDataset, name, pinned), "terrane versions "+name+": there "+versionsThere(versions))
	case mbtiles.Unfinished(a.data, name) > 0:
		return remedy.New(ref, fmt.Errorf("%w: it is unfinished", tilestore.ErrNoDataset),
			"the command that began it carries on; terrane rm "+name+" --unfinished drops it")
	}
	return remedy.New(ref, tilestore.ErrNoDataset, "terrane list names the datasets there are; --data DIR names another folder")
}

// splitRef takes "alps@2" apart; pinned is empty where no version is named.
func splitRef(ref string) (name, pinned string) {
	name, pinned, _ = strings.Cut(ref, "@")
	return name, pinned
}

func versionText(v int) string { return strconv.Itoa(v) }

// versionsText writes "version 2" or "versions 3, 2 and 1".
func versionsText(list []int) string {
	if len(list) == 1 {
		return "version " + versionText(list[0])
	}
	return "versions " + listText(list)
}

func versionsThere(list []int) string {
	if len(list) == 1 {
		return "is " + versionsText(list)
	}
	return "are " + versionsText(list)
}

// listText writes up to ten numbers.
func listText(list []int) string {
	var words []string
	for i, v := range list {
		if i == 10 {
			return strings.Join(words, ", ") + fmt.Sprintf(" and %d more", len(list)-i)
		}
		words = append(words, versionText(v))
	}
	return strings.Join(words, ", ")
}
