// Command terrane turns rasters into a globe and serves it: terrain for CesiumJS and its relatives, inside one's own network.
//
// "terrane --help" lists the commands; each is a file here named after it. root.go joins them, config.go says where flags
// may come from beside the command line, exit.go which exit code an error has.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	a := &app{stdout: os.Stdout, stderr: os.Stderr}
	root := newRootCommand(a)
	root.SetArgs(shield(root, os.Args[1:]))
	err := root.ExecuteContext(ctx)
	os.Exit(a.report(ctx, err))
}
