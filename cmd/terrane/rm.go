package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// removed is what "rm --json" prints.
type removed struct {
	Removed    string `json:"removed"` // as it was named
	Versions   []int  `json:"versions"`
	Unfinished bool   `json:"unfinished"` // it was work that had not become a version
}

func newRmCommand(a *app) *cobra.Command {
	var unfinished, force bool
	c := &cobra.Command{
		Use:   "rm NAME[@VERSION]",
		Short: "Remove a dataset, one version of it, or a gazetteer",
		Long: "Remove a dataset with all its versions, or the version that is named. Servers that hold it open answer the requests under\n" +
			"way and forget it. With --unfinished, drop what an interrupted ingest left under the name, and no version. A file that this program\n" +
			"did not make is removed with --force only.",
		Example: "  terrane rm alps\n  terrane rm alps@2\n  terrane rm alps --unfinished",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if unfinished {
				return a.removeUnfinished(c.Context(), args[0])
			}
			return a.remove(c.Context(), args[0], force)
		},
	}
	c.Flags().BoolVar(&unfinished, "unfinished", false, "drop the unfinished work under this name instead")
	c.Flags().BoolVar(&force, "force", false, "remove files too that this program did not make")
	return c
}

// remove removes what ref names; files by others only with force.
func (a *app) remove(ctx context.Context, ref string, force bool) error {
	folder, err := a.openFolder(ctx)
	if err != nil {
		return err
	}
	defer folder.Close()
	if g, ok := a.gazetteerNamed(ctx, folder, ref); ok {
		return a.removeGazetteer(g)
	}
	versions, err := removeFrom(folder, ref, force)
	if err != nil {
		return a.unknown(folder, ref, err)
	}
	return a.sayRemoved(removed{ref, versions, false}, "removed %s: %s", ref, versionsText(versions))
}

// removeFrom removes what ref names from a folder, and returns the versions that went.
func removeFrom(folder *mbtiles.Folder, ref string, force bool) ([]int, error) {
	versions := versionsOf(folder, ref)
	if others := folder.Foreign(ref); len(others) > 0 && !force {
		err := mark(errors.New("this program did not make the file: there may be no other copy"), tilestore.ErrForeign)
		return nil, remedy.New(others[0], err, "terrane rm "+ref+" --force removes it, if it is to go")
	}
	return versions, folder.Remove(ref)
}

func (a *app) removeUnfinished(ctx context.Context, name string) error {
	folder, err := a.openFolder(ctx)
	if err != nil {
		return err
	}
	defer folder.Close()
	size, err := a.dropUnfinished(ctx, name)
	if err != nil {
		return err
	}
	return a.sayRemoved(removed{name, []int{}, true}, "removed the unfinished work of %s, %s", name, sizeText(size))
}

func (a *app) sayRemoved(r removed, format string, args ...any) error {
	if a.json {
		return a.printJSON(r)
	}
	a.say(format, args...)
	return nil
}

// versionsOf lists the versions that ref stands for: all of a name, or the one it pins.
func versionsOf(folder *mbtiles.Folder, ref string) []int {
	name, pinned := splitRef(ref)
	if pinned == "" {
		return folder.Versions(name)
	}
	for _, v := range folder.Versions(name) {
		if pinned == versionText(v) {
			return []int{v}
		}
	}
	return nil
}
