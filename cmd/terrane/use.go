package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// used is what "use --json" prints.
type used struct {
	Name    string `json:"name"`
	Version int    `json:"version"` // the current one now
	Fixed   bool   `json:"fixed"`   // it stays when newer ones are published
}

func newUseCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "use NAME[@VERSION]",
		Short: "Make a version of a dataset the current one",
		Long: "Makes a version of a dataset the one that is served under its bare name, and that commands mean by it, until further notice: versions\n" +
			"published later do not change it. Without a version the newest is the current one again. Servers follow within a second, and no request\n" +
			"is lost. Of a time series, instants after that of the version are no longer offered.",
		Example: "  terrane use alps@1\n  terrane use alps",
		Args:    usage(cobra.ExactArgs(1)),
		RunE:    func(c *cobra.Command, args []string) error { return a.use(c.Context(), args[0]) },
	}
}

// use makes what ref names the current version.
func (a *app) use(ctx context.Context, ref string) error {
	folder, err := a.openFolder(ctx)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := folder.Use(ctx, ref); err != nil {
		return a.unknown(folder, ref, err)
	}
	name, pinned := splitRef(ref)
	list, err := a.versions(ctx, folder, name)
	if err != nil || len(list) == 0 {
		return err
	}
	now := list[shownOf(folder, list)].Version
	if a.json {
		return a.printJSON(used{name, now, pinned != ""})
	}
	if pinned == "" {
		a.say("%s is version %d, and follows what is published", name, now)
	} else {
		a.say("%s is version %d, and stays so when others are published        (terrane use %s goes back to the newest)", name, now, name)
	}
	return nil
}

// sayUse says what "terrane use" did to a dataset; used is negative where the version that it named is not among those that can be read.
func (a *app) sayUse(folder *mbtiles.Folder, name string, used int) {
	v, pinned := folder.Pinned(name)
	switch {
	case pinned && used < 0:
		a.say("note     terrane use said version %d, which is not there or not whole: another is served", v)
	case pinned:
		a.say("note     %s stays version %d, as terrane use said        (terrane use %s goes back to the newest)", name, v, name)
	}
}
