package main

import (
	"github.com/spf13/cobra"
)

func newRmCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "rm NAME[@VERSION]",
		Short: "Remove a dataset, or one version of it",
		Long: "Remove a dataset with all its versions, or the version that is named. Servers that hold it open answer the requests under\n" +
			"way and forget it.",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			folder, err := a.openFolder(c.Context())
			if err != nil {
				return err
			}
			defer folder.Close()
			if err := folder.Remove(args[0]); err != nil {
				return err
			}
			a.say("removed %s", args[0])
			return nil
		},
	}
}
