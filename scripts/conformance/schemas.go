package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path"
	"time"
)

// hosts are the folders that hold what a host serves, as the jars ogc-schemas and w3c-schemas lay them out.
var hosts = map[string]string{
	"schemas.opengis.net": "ogc",
	"www.opengis.net":     "ogc",
	"www.w3.org":          "w3c",
	"www.isotc211.org":    "isotc211",
	"standards.iso.org":   "isotc211",
}

// serveSchemas answers as an HTTP proxy on a free port of 127.0.0.1, whose address it writes to w first. It asks nobody: what is
// not in the folder is 404, so a test run never leaves the machine.
func serveSchemas(folder string, w io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for schemas: %w", err)
	}
	fmt.Fprintln(w, l.Addr())
	s := &http.Server{Handler: schemas{os.DirFS(folder)}, ReadHeaderTimeout: 10 * time.Second}
	return s.Serve(l)
}

// schemas is the proxy.
type schemas struct{ folder fs.FS }

func (s schemas) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.URL.Hostname()
	if host == "" {
		host = r.Host
	}
	folder, known := hosts[host]
	if !known || r.Method == http.MethodConnect {
		s.refuse(w, r)
		return
	}
	data, err := fs.ReadFile(s.folder, path.Join(folder, path.Clean("/"+r.URL.Path)))
	if err != nil {
		s.refuse(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	if _, err := w.Write(data); err != nil && !errors.Is(err, net.ErrClosed) {
		fmt.Fprintln(os.Stderr, "schemas:", err)
	}
}

// refuse says on stderr what was asked for, since a test that fails for want of a schema says nothing of it.
func (s schemas) refuse(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(os.Stderr, "schemas: not here: %s %s\n", r.Method, r.URL)
	http.Error(w, "no such schema on this machine", http.StatusNotFound)
}
