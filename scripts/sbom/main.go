// Command sbom lists what a program of ours holds, as CycloneDX JSON: the Go modules that the linker put into it, the JavaScript that is embedded,
// and the shared libraries of the system that it was linked with. Modules and libraries are read from the program itself.
//
//	go run ./scripts/sbom --version 1.2.3 --time 2026-01-02T03:04:05Z bin/terrane
package main

import (
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// lockFile names the JavaScript packages; those that are not for development are embedded.
const lockFile = "e2e/package-lock.json"

func main() {
	version := flag.String("version", "dev", "version of the program")
	time := flag.String("time", "", "time that the document says, RFC 3339")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: sbom [--version V] [--time T] PROGRAM")
		os.Exit(2)
	}
	if err := write(os.Stdout, flag.Arg(0), *version, *time); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

// write writes the list of what program holds.
func write(w io.Writer, program, version, time string) error {
	modules, err := goModules(program)
	if err != nil {
		return fmt.Errorf("modules of %s: %w", program, err)
	}
	scripts, err := embedded(lockFile)
	if err != nil {
		return fmt.Errorf("packages of %s: %w", lockFile, err)
	}
	libraries, err := linked(program)
	if err != nil {
		return fmt.Errorf("libraries of %s: %w", program, err)
	}
	all := slices.Concat(modules, scripts, libraries)
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: time, Component: &cdx.Component{
		BOMRef: "terrane", Type: cdx.ComponentTypeApplication, Name: "terrane", Version: version,
		Licenses: &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}},
	}}
	bom.Components = &all
	return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom)
}

// component is a library with its package URL (https://github.com/package-url/purl-spec).
func component(name, version, purl string) cdx.Component {
	return cdx.Component{BOMRef: purl, Type: cdx.ComponentTypeLibrary, Name: name, Version: version, PackageURL: purl}
}

// goModules are the modules whose packages are linked into program.
func goModules(program string) ([]cdx.Component, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	all := []cdx.Component{component("std", strings.TrimPrefix(info.GoVersion, "go"), "pkg:golang/std@"+strings.TrimPrefix(info.GoVersion, "go"))}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c := component(m.Path, m.Version, "pkg:golang/"+m.Path+"@"+m.Version)
		c.Properties = &[]cdx.Property{{Name: "go.sum", Value: m.Sum}}
		all = append(all, c)
	}
	return all, nil
}

// embedded are the packages of a lock file of npm that are not for development only.
func embedded(lock string) ([]cdx.Component, error) {
	text, err := os.ReadFile(lock)
	if err != nil {
		return nil, err
	}
	var file struct {
		Packages map[string]struct {
			Version, License, Integrity string
			Dev                         bool
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	var all []cdx.Component
	for path, p := range file.Packages {
		name, ok := strings.CutPrefix(path, "node_modules/")
		if !ok || p.Dev || strings.Contains(name, "node_modules/") {
			continue
		}
		c := component(name, p.Version, "pkg:npm/"+strings.Replace(name, "@", "%40", 1)+"@"+p.Version)
		if p.License != "" {
			c.Licenses = &cdx.Licenses{{Expression: p.License}}
		}
		c.Properties = &[]cdx.Property{{Name: "integrity", Value: p.Integrity}}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b cdx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })
	return all, nil
}

// linked are the shared libraries that program names, as the packages of the Debian that it was built on.
func linked(program string) ([]cdx.Component, error) {
	f, err := elf.Open(program)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.ImportedLibraries()
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []cdx.Component
	for _, name := range names {
		owner, err := exec.Command("dpkg-query", "-S", "*/"+name).Output()
		if err != nil {
			return nil, fmt.Errorf("%s belongs to no package: %w", name, err)
		}
		pack, _, _ := strings.Cut(filepath.Base(strings.Fields(string(owner))[0]), ":")
		version, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", pack).Output()
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", pack, err)
		}
		c := component(pack, string(version), "pkg:deb/debian/"+pack+"@"+string(version))
		if !slices.ContainsFunc(all, func(o cdx.Component) bool { return o.BOMRef == c.BOMRef }) {
			all = append(all, c)
		}
	}
	return all, nil
}
