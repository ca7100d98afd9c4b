//go:build serveonly

package main

import "github.com/terrane/terrane/imagery"

// newRegistry returns the reference systems that need no PROJ: WGS 84 and Mercator.
func newRegistry() imagery.Registry { return imagery.Builtin() }
