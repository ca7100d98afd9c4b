package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
)

// app is what the commands share: where to write, and the flags that all of them have.
type app struct {
	stdout io.Writer // the result
	stderr io.Writer // the talk

	data    string
	config  string
	quiet   bool
	verbose bool
	json    bool
}

// newRootCommand returns the program with all its commands.
func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "terrane",
		Short: "Rasters in, a globe out, and nothing ever leaves the building",
		Long: "Terrane turns rasters into terrain and picture tiles, and serves them to CesiumJS, Cesium for Unreal, QGIS, OpenLayers, MapLibre and others.\n\n" +
			"Each flag is also a variable (--base-url is TERRANE_BASE_URL) and a key of terrane.yaml (base-url); a flag wins over\n" +
			"the variable, the variable over the file.",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          usage(cobra.NoArgs),
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error { return configure(c, a) }
	root.SetVersionTemplate(programText())
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usageError(c, err) })
	f := root.PersistentFlags()
	f.StringVar(&a.data, "data", "./data", "folder of the datasets")
	f.StringVar(&a.config, "config", "", "configuration file (default terrane.yaml, if there is one)")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "only results and errors")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "say more")
	f.BoolVar(&a.json, "json", false, "results as JSON on stdout")
	root.AddCommand(newServeCommand(a), newListCommand(a), newInfoCommand(a), newVersionsCommand(a), newUseCommand(a), newPruneCommand(a), newRmCommand(a), newVerifyCommand(a), newImportCommand(a), newExportCommand(a), newVersionCommand(a))
	root.AddCommand(newHeightCommand(a), newProfileCommand(a), newTokenCommand(a), newDoctorCommand(a), newSnippetCommand(a))
	root.AddCommand(rasterCommands(a)...)
	return root
}

// printJSON writes v as one JSON value on stdout.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// say writes a line of talk to stderr, unless the user wants quiet.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.stderr, format+"\n", args...)
	}
}

// log returns the log of a command that runs for long: warnings, and with --verbose all.
func (a *app) log() *slog.Logger {
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level}))
}

// usage makes what args finds wrong a usage error.
func usage(args cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, given []string) error {
		if err := args(c, given); err != nil {
			return usageError(c, err)
		}
		return nil
	}
}

// sizeText writes bytes in SI units, three digits.
func sizeText(n int64) string {
	v, units := float64(n), []string{"B", "kB", "MB", "GB", "TB", "PB"}
	i := 0
	for ; v >= 999.5 && i < len(units)-1; i++ {
		v /= 1000
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.3g", v), ".") + " " + units[i]
}
