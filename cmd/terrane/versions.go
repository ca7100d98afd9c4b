package main

import (
	"context"
	"errors"
	"fmt"
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
		Long: "Lists the versions of a dataset. The first that is whole is what clients get under its name; each can be had as NAME@VERSION,\n" +
			"by info, verify, rm and over HTTP.",
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
			return a.printVersions(list)
		},
	}
}

// versions describes the versions of a dataset that can be read; what is wrong with others is said.
func (a *app) versions(ctx context.Context, folder *mbtiles.Folder, name string) ([]versioned, error) {
	numbers := folder.Versions(name)
	if len(numbers) == 0 {
		return nil, a.unknown(folder, name, remedy.New(name, tilestore.ErrNoDataset, ""))
	}
	list := []versioned{}
	for _, v := range numbers {
		h, err := folder.Get(ctx, name+"@"+versionText(v))
		if err != nil {
			a.warn([]mbtiles.Problem{{Name: name + "@" + versionText(v), Err: err}})
			continue
		}
		list = append(list, versioned{server.Summarize(h.Info()), h.Info().Time})
		h.Release()
	}
	return list, nil
}

// versioned is an element of what "versions --json" prints.
type versioned struct {
	server.Summary
	Time time.Time `json:"time,omitzero"` // instant that the pictures show
}

func (a *app) printVersions(list []versioned) error {
	if a.json {
		return a.printJSON(list)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	timed := slices.ContainsFunc(list, func(v versioned) bool { return !v.Time.IsZero() })
	column := func(text string) string {
		if !timed {
			return ""
		}
		return text + "\t"
	}
	fmt.Fprintln(w, "VERSION\tSERVED AS\t"+column("TIME")+"LEVELS\tTILES\tSIZE\tBOUNDS\tMANIFEST")
	for i, s := range list {
		served := s.Name + "@" + versionText(s.Version)
		if i == 0 {
			served = s.Name + ", " + served
		}
		fmt.Fprintf(w, "%d\t%s\t%s%d-%d\t%s\t%s\t%s\t%.12s\n", s.Version, served, column(instantText(s.Time)), s.Levels[0], s.Levels[1], thousands(s.Tiles), sizeText(s.Bytes),
			boundsText(s.Bounds), s.Manifest)
	}
	return w.Flush()
}

// borrow lends the dataset version that ref names, or says what there is instead.
func (a *app) borrow(ctx context.Context, folder *mbtiles.Folder, ref string) (*mbtiles.Handle, error) {
	h, err := folder.Get(ctx, ref)
	if err != nil {
		return nil, a.unknown(folder, ref, err)
	}
	return h, nil
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
