package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/server"
)

// Set by the linker in a build by make (-X main.version=1.2.3 -X main.commit=...); nothing else writes them.
var (
	version = "dev"
	commit  string
)

// build says what program this is.
func build() server.Build {
	return server.Build{Version: version, Commit: orElse(commit, revision()), Go: runtime.Version(), GDAL: gdalVersion()}
}

// revision returns the commit that the Go tool wrote into the program, or "".
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

// programText is what "version" and --version print.
func programText() string {
	b := build()
	text := "terrane " + b.Version + "\n"
	for _, line := range [][2]string{{"commit", b.Commit}, {"go", b.Go}, {"gdal", b.GDAL}} {
		if line[1] != "" {
			text += fmt.Sprintf("%-8s%s\n", line[0], line[1])
		}
	}
	return text
}

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which build this is",
		Args:  usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				return a.printJSON(build())
			}
			_, err := io.WriteString(a.stdout, programText())
			return err
		},
	}
}
