// Command conformance is the part of `make conformance` that is no shell: it serves OGC's schemas to the test engine, and reads
// what the engine wrote.
//
//	conformance schemas FOLDER            a proxy for the schemas in FOLDER; prints its address, runs until it is ended
//	conformance report NAME=FOLDER...     a table of the suites, each run in a session folder of TEAM Engine
//
// Report ends with 1 if a test failed, or if a suite did not run: a suite that is missing never counts as passed.
package main

import (
	"errors"
	"fmt"
	"os"
)

// errFailed says that the report is printed and that it is bad.
var errFailed = errors.New("not every test passed")

func main() {
	err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "schemas":
		return serveSchemas(args[1], os.Stdout)
	case len(args) > 1 && args[0] == "report":
		return reportAll(args[1:], os.Stdout)
	}
	return errors.New("usage: conformance schemas FOLDER, or conformance report NAME=FOLDER [NAME=FOLDER] ... with a folder for each suite")
}
