package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/internal/server/web"
	"github.com/terrane/terrane/tilestore"
)

// serveFlags are what "terrane serve" takes beside the common flags.
type serveFlags struct {
	listen      string
	baseURL     string
	cors        []string
	proxies     []string
	tlsCert     string
	tlsKey      string
	accessLog   bool
	cacheMB     int64
	connections int
	title       string
	contact     wms.Contact
	geoid       string
	access      accessFlags
	ion         ionFlags
}

func newServeCommand(a *app) *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the datasets of the data folder over HTTP",
		Long: "Serve answers terrain tiles, the catalogue and the viewer. Datasets that appear in the folder, are replaced or removed\n" +
			"are picked up while it runs. It makes no outbound connections. SIGTERM or Ctrl-C ends it after the requests under way.\n\n" +
			"Whoever reaches the server may read what it has, unless --auth asks for tokens: terrane token makes them.",
		Example: "  terrane serve\n  terrane serve --data /srv/terrain --listen :80 --base-url https://maps.example.org/terrane/",
		Args:    usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := f.options(c.Context(), a)
			if err != nil {
				return usageError(c, err)
			}
			return a.serve(c.Context(), f.listen, o)
		},
	}
	f.register(c)
	return c
}

// register declares the flags.
func (f *serveFlags) register(c *cobra.Command) {
	s := c.Flags()
	s.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address and port to listen on; port 0 takes a free one")
	s.StringVar(&f.baseURL, "base-url", "", "URL under which clients see this server, for example behind a proxy")
	s.StringSliceVar(&f.cors, "cors", []string{"*"}, "origins whose pages may read the answers")
	s.StringSliceVar(&f.proxies, "trusted-proxy", nil, "addresses or networks whose X-Forwarded-* and Forwarded headers count")
	s.StringVar(&f.tlsCert, "tls-cert", "", "PEM file of the certificate and its chain: answer HTTPS")
	s.StringVar(&f.tlsKey, "tls-key", "", "PEM file of its key; both are read again when they change")
	s.StringVar(&f.title, "service-title", "Terrane", "title that WMS and WMTS say of the service")
	s.StringVar(&f.contact.Organization, "contact-organization", "", "who runs the service, as WMS says it")
	s.StringVar(&f.contact.Email, "contact-email", "", "where to write to, as WMS says it")
	s.StringVar(&f.contact.Phone, "contact-phone", "", "where to call, as WMS says it")
	s.StringVar(&f.geoid, "geoid", "auto", geoidUsage)
	s.BoolVar(&f.accessLog, "access-log", false, "write one JSON line a request to stderr")
	s.Int64Var(&f.cacheMB, "cache", 64, "megabytes of memory for ready answers, 0 for none")
	s.IntVar(&f.connections, "max-connections", 4096, "connections open at a time; more wait")
	f.access.register(c)
	f.ion.register(c)
}

// options turns the flags into the server's options.
func (f *serveFlags) options(ctx context.Context, a *app) (server.Options, error) {
	o := server.Options{CORS: f.cors, Log: a.log(), Build: build(), Pages: web.Pages(), CacheBytes: f.cacheMB << 20, Registry: newRegistry(), Title: f.title, Contact: f.contact}
	if f.cacheMB == 0 {
		o.CacheBytes = -1
	}
	if f.cacheMB < 0 || f.connections < 1 {
		return o, errors.New("--cache and --max-connections must be positive")
	}
	o.Limits.Connections = f.connections
	if f.accessLog {
		o.AccessLog = slog.New(slog.NewJSONHandler(a.stderr, nil))
	}
	var err error
	if o.BaseURL, err = parseBaseURL(f.baseURL); err != nil {
		return o, err
	}
	if o.TrustedProxies, err = parseNetworks(f.proxies); err != nil {
		return o, err
	}
	if o.TLS, err = loadTLS(f.tlsCert, f.tlsKey, o.Log); err != nil {
		return o, err
	}
	if o.Sea, err = openSea(ctx, f.geoid); err != nil {
		return o, err
	}
	if o.Ion, err = f.ion.choices(); err != nil {
		return o, err
	}
	if err = f.access.apply(a, &o); err != nil {
		return o, err
	}
	if o.Cesium, err = web.Cesium(); err != nil && !errors.Is(err, web.ErrNoCesium) {
		return o, err
	}
	return o, nil
}

// parseBaseURL reads --base-url: an http or https URL, or a path; nil if it is empty.
func parseBaseURL(s string) (*url.URL, error) {
	if s == "" {
		return nil, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.RawQuery != "" || u.Fragment != "" || u.User != nil ||
		(u.Host == "") != (u.Scheme == "") || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" || u.Host == "" && !strings.HasPrefix(s, "/") {
		return nil, remedy.New("--base-url", fmt.Errorf("%q is not a base URL", s), "https://maps.example.org/terrane/")
	}
	return u, nil
}

// parseNetworks reads addresses and networks in CIDR form.
func parseNetworks(list []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			var one netip.Addr
			if one, err = netip.ParseAddr(s); err != nil {
				return nil, remedy.New("--trusted-proxy", fmt.Errorf("%q is no address or network", s), "10.0.0.0/8 or 192.0.2.7")
			}
			p = netip.PrefixFrom(one, one.BitLen())
		}
		networks = append(networks, p)
	}
	return networks, nil
}

// serve opens the data folder and answers requests until ctx ends.
func (a *app) serve(ctx context.Context, address string, o server.Options) error {
	folder, err := a.openFolder(ctx)
	if err != nil {
		return err
	}
	defer folder.Close()
	l, err := net.Listen("tcp", address)
	if err != nil {
		return remedy.New(address, err, "another address or port with --listen; port 0 takes a free one")
	}
	all, problems := folder.All(ctx)
	a.warn(problems)
	if err := a.announce(publicURL(l.Addr(), o), all, o.Cesium != nil); err != nil {
		l.Close()
		return err
	}
	a.sayIon(publicURL(l.Addr(), o), all, o.Ion)
	a.sayWho(l.Addr(), o)
	if o.Access != nil {
		o.Admin = newAdmin(a, folder)
	}
	names, err := a.openPlaces(ctx, &o)
	if err != nil {
		l.Close()
		return err
	}
	defer names.Close()
	watch, stop := context.WithCancel(ctx)
	defer stop()
	go newLookout(a.data, problems).follow(watch, folder, o.Log)
	return server.New(catalog{folder}, o).Serve(ctx, l)
}

// publicURL is where a user on this machine, or behind the proxy, finds the server; no slash at the end.
func publicURL(listening net.Addr, o server.Options) string {
	host, port, _ := net.SplitHostPort(listening.String()) // a listener's own address splits
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}
	if o.TLS != nil {
		u.Scheme = "https"
	}
	if base := o.BaseURL; base != nil {
		u.Scheme, u.Host, u.Path = orElse(base.Scheme, u.Scheme), orElse(base.Host, u.Host), base.Path
	}
	return strings.TrimSuffix(u.String(), "/")
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// kindsText counts the datasets, kinds that there are.
func kindsText(number map[tilestore.Kind]int) string {
	var parts []string
	for _, k := range []tilestore.Kind{tilestore.Terrain, tilestore.Imagery} {
		if n := number[k]; n > 0 {
			parts = append(parts, count(n, string(k)+" dataset"))
		}
	}
	if len(parts) == 0 {
		return "no datasets yet"
	}
	return strings.Join(parts, ", ")
}

// announce prints where the server is and what it has.
func (a *app) announce(base string, all []tilestore.Info, viewer bool) error {
	number := map[tilestore.Kind]int{}
	for _, i := range all {
		number[i.Kind]++
	}
	if a.json {
		return a.printJSON(map[string]any{"url": base, "datasets": base + "/datasets", "terrain": number[tilestore.Terrain], "imagery": number[tilestore.Imagery], "viewer": viewer})
	}
	if a.quiet {
		return nil
	}
	fmt.Fprintf(a.stdout, "listening  %-40s  %s; this program makes no outbound connections\n", base, kindsText(number))
	if viewer {
		fmt.Fprintf(a.stdout, "viewer     %s/viewer\n", base)
	} else {
		fmt.Fprintln(a.stdout, "viewer     none: this build has no CesiumJS (scripts/setup fetches it)")
	}
	fmt.Fprintf(a.stdout, "catalogue  %-40s  JSON; %s/ for people\n", base+"/datasets", base)
	for n, i := range all {
		if n == 10 {
			fmt.Fprintf(a.stdout, "           and %d more: terrane list\n", len(all)-n)
			break
		}
		if i.Kind == tilestore.Terrain {
			fmt.Fprintf(a.stdout, "terrain    %-40s  Cesium, Unreal\n", base+"/terrain/"+i.Name+"/")
		} else {
			fmt.Fprintf(a.stdout, "imagery    %-40s  XYZ as TileJSON\n", base+"/imagery/"+i.Name+"/tilejson.json")
		}
	}
	if len(all) > 0 {
		fmt.Fprintf(a.stdout, "maps       %-40s  WMS; WMTS at %s/wmts: QGIS, OpenLayers, ArcGIS; terrain as hillshade and more\n", base+"/wms", base)
	}
	return nil
}
