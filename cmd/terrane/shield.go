package main

import "github.com/spf13/cobra"

// shield puts a blank in front of arguments of "terrane height" that begin like a negative number, so that they are places in
// the west or south and no flags.
func shield(root *cobra.Command, args []string) []string {
	c, _, err := root.Find(args)
	if err != nil || c.Name() != "height" {
		return args
	}
	out := make([]string, len(args))
	for k, arg := range args {
		if out[k] = arg; len(arg) > 1 && arg[0] == '-' && (arg[1] >= '0' && arg[1] <= '9' || arg[1] == '.') {
			out[k] = " " + arg
		}
	}
	return out
}
