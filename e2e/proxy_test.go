//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const proxyPrefix = "/maps/globe"

// TestEveryURLHoldsBehindNginx puts a real nginx with TLS and a path prefix before the program, and fetches through it every URL that any document names.
func TestEveryURLHoldsBehindNginx(t *testing.T) {
	nginx := tool(t, "nginx")
	data := ingestPictures(t)
	for _, c := range []struct {
		name     string
		flags    []string // of serve; $public is where clients see it
		location string   // of nginx; $backend is where the program listens
	}{
		{"X-Forwarded headers of a trusted proxy", []string{"--trusted-proxy", "127.0.0.1"}, `
			proxy_pass $backend/;
			proxy_set_header X-Forwarded-Proto $scheme;
			proxy_set_header X-Forwarded-Host $http_host;
			proxy_set_header X-Forwarded-Prefix ` + proxyPrefix + `;`},
		{"Forwarded, and the prefix of --base-url", []string{"--trusted-proxy", "127.0.0.0/8", "--base-url", proxyPrefix}, `
			proxy_pass $backend;
			proxy_set_header Forwarded 'for=$remote_addr;proto=$scheme;host="$http_host"';`},
		{"--base-url, the prefix left on requests", []string{"--base-url", "$public"}, `proxy_pass $backend;`},
		{"--base-url, the prefix taken off requests", []string{"--base-url", "$public"}, `proxy_pass $backend/;`},
	} {
		t.Run(c.name, func(t *testing.T) {
			port := freePort(t)
			public := fmt.Sprintf("https://localhost:%d%s", port, proxyPrefix)
			flags := []string{"--data", data}
			for _, f := range c.flags {
				flags = append(flags, strings.ReplaceAll(f, "$public", public+"/"))
			}
			backend := serveAt(t, freePort(t), flags...)
			client := runNginx(t, nginx, port, strings.ReplaceAll(c.location, "$backend", backend))
			w := walk{t: t, client: client, public: public, seen: map[string]bool{}}
			w.documents()
			if len(w.seen) < 60 {
				t.Errorf("only %d URLs were found: %v", len(w.seen), w.seen)
			}
			t.Logf("%d URLs fetched", len(w.seen))
		})
	}
}

// serveAt runs "terrane serve" at a port: with --base-url it announces that, and not where it listens. It ends with the test, in order and without complaints.
func serveAt(t *testing.T, port int, flags ...string) (backend string) {
	t.Helper()
	address := fmt.Sprintf("127.0.0.1:%d", port)
	c := exec.Command(program, append([]string{"serve", "--listen", address}, flags...)...)
	r := running{url: "http://" + address + "/", log: new(bytes.Buffer)}
	c.Stderr = r.log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil && c.ProcessState.ExitCode() != 130 {
			t.Errorf("terrane serve ended with %v", err)
		}
		r.expectCleanLog(t)
	})
	waitFor(t, address)
	return "http://" + address
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// certificate writes a self-signed one for localhost into dir, and returns the pool that trusts it.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	write(t, dir, "cert.pem", public)
	write(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(public)
	return pool
}

// runNginx starts nginx with TLS at a port of this machine, in a folder of its own, and returns a client that trusts it. It ends with the test.
func runNginx(t *testing.T, nginx string, port int, location string) *http.Client {
	t.Helper()
	return startNginx(t, nginx, port, fmt.Sprintf(`server {
		listen 127.0.0.1:%d ssl;
		server_name localhost;
		ssl_certificate cert.pem;
		ssl_certificate_key key.pem;
		location %s/ {%s
		}
	}`, port, proxyPrefix, location))
}

// startNginx is runNginx with what is to stand in the http block; cert.pem and key.pem lie beside the configuration.
func startNginx(t *testing.T, nginx string, port int, servers string) *http.Client {
	t.Helper()
	dir := t.TempDir()
	pool := certificate(t, dir)
	temp := ""
	for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += fmt.Sprintf("\t%s_temp_path %s;\n", what, filepath.Join(dir, what))
	}
	conf := write(t, dir, "nginx.conf", fmt.Appendf(nil, "daemon off;\nworker_processes 1;\npid %[1]s/nginx.pid;\nerror_log %[1]s/error.log;\n"+
		"events {}\nhttp {\n\taccess_log off;\n%[2]s%[3]s\n}\n", dir, temp, servers))
	return behind(t, port, pool, syscall.SIGQUIT, exec.Command(nginx, "-p", dir, "-c", conf, "-e", filepath.Join(dir, "error.log")))
}

// behind starts a proxy, waits for its port, and returns a client that trusts it. It ends with the test.
func behind(t *testing.T, port int, pool *x509.CertPool, end syscall.Signal, proxy *exec.Cmd) *http.Client {
	t.Helper()
	var said bytes.Buffer
	proxy.Stderr = &said
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		proxy.Process.Signal(end)
		if err := proxy.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", proxy.Path, err, &said)
		}
	})
	waitFor(t, fmt.Sprintf("127.0.0.1:%d", port))
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

func waitFor(t *testing.T, address string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nothing listens at %s", address)
		}
	}
}

// walk reads documents and fetches what they name.
type walk struct {
	t      *testing.T
	client *http.Client
	public string
	seen   map[string]bool
}

func (w walk) get(address string) (kind string, body []byte) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	a, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Body.Close()
	body, err = io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK {
		w.t.Errorf("%s: %d, %v: %.300s", address, a.StatusCode, err, body)
	}
	if final := a.Request.URL.String(); !strings.HasPrefix(final, w.public+"/") {
		w.t.Errorf("%s leads away to %s", address, final)
	}
	kind, _, _ = strings.Cut(a.Header.Get("Content-Type"), ";")
	return kind, body
}

// documents reads all that name URLs, and follows each.
func (w walk) documents() {
	info := "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=slope&QUERY_LAYERS=slope&STYLES=&CRS=CRS:84&BBOX=10,47,11,48&WIDTH=9&HEIGHT=9&I=4&J=4&INFO_FORMAT="
	for path, kind := range map[string]string{
		"/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.3.0": "text/xml", "/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.1.1": "application/vnd.ogc.wms_xml",
		"/wmts?SERVICE=WMTS&REQUEST=GetCapabilities": "application/xml", "/wmts/1.0.0/WMTSCapabilities.xml": "application/xml", "/tms/": "text/xml",
		"/tms/tint/tilemapresource.xml": "text/xml", "/tms/slope/tilemapresource.xml": "text/xml", "/tms/tint@1/tilemapresource.xml": "text/xml",
		"/imagery/tint/tilejson.json": "application/json", "/imagery/tint@1/tilejson@2x.json": "application/json", "/imagery/slope/tilejson.json?style=slope": "application/json",
		"/datasets": "application/json", "/datasets/tint": "application/json", "/datasets/slope": "application/json", info + "application/vnd.ogc.gml": "application/vnd.ogc.gml",
	} {
		got, body := w.get(w.public + path)
		if got != kind {
			w.t.Errorf("%s is %s, want %s", path, got, kind)
		}
		urls, err := urlsOf(kind, body)
		if err != nil || len(urls) == 0 {
			w.t.Errorf("%s: %d URLs, %v", path, len(urls), err)
		}
		for _, u := range urls {
			w.follow(path, u, body)
		}
		for _, u := range inCode.FindAllString(string(body), -1) {
			if strings.HasSuffix(kind, "json") && !strings.HasPrefix(u, w.public) {
				w.t.Errorf("%s has %s in its code, which is not below %s", path, u, w.public)
			}
		}
	}
}

// inCode finds URLs in the snippets of a dataset's JSON, which are run elsewhere, in a browser.
var inCode = regexp.MustCompile(`https?://[^\s"'\\\\]+`)

// urlsOf lists the URLs in a document, those of namespaces and schemas by others left out.
func urlsOf(kind string, document []byte) ([]string, error) {
	var all []string
	take := func(text string) {
		for _, word := range strings.Fields(text) {
			if strings.Contains(word, "://") && !strings.Contains(word, "www.opengis.net/") && !strings.Contains(word, "schemas.opengis.net/") && !strings.Contains(word, "www.w3.org/") {
				all = append(all, word)
			}
		}
	}
	if strings.HasSuffix(kind, "json") {
		var v any
		if err := json.Unmarshal(document, &v); err != nil {
			return nil, err
		}
		leaves(v, take)
		return all, nil
	}
	for d := xml.NewDecoder(bytes.NewReader(document)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		switch token := token.(type) {
		case nil:
			return all, err
		case xml.StartElement:
			for _, a := range token.Attr {
				take(a.Value)
			}
		case xml.CharData:
			take(string(token))
		}
	}
}

// leaves hands every text in decoded JSON to take.
func leaves(v any, take func(string)) {
	switch v := v.(type) {
	case string:
		take(v)
	case []any:
		for _, e := range v {
			leaves(e, take)
		}
	case map[string]any:
		for name, e := range v {
			if name != "snippets" { // code, see inCode
				leaves(e, take)
			}
		}
	}
}

// follow fetches a URL of a document, completed as a client does, and checks that it is what it should be.
func (w walk) follow(where, address string, document []byte) {
	if !strings.HasPrefix(address, w.public+"/") {
		w.t.Errorf("%s names %s, which is not below %s", where, address, w.public)
		return
	}
	if w.seen[address] {
		return
	}
	w.seen[address] = true
	path := strings.TrimPrefix(address, w.public)
	want := "application/json"
	switch {
	case strings.Contains(path, "{"):
		path = strings.NewReplacer("{style}", "default", "{TileMatrixSet}", "WebMercatorQuad", "{TileMatrix}", "0", "{TileRow}", "0", "{TileCol}", "0", "{I}", "9", "{J}", "9",
			"{z}", "0", "{x}", "0", "{y}", "0").Replace(path)
		file, _, _ := strings.Cut(path, "?")
		want = map[string]string{".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".json": "application/json", ".txt": "text/plain", ".html": "text/html"}[filepath.Ext(file)]
	case strings.Contains(path, "GetLegendGraphic"):
		want = "image/png"
	case path == "/wms" || path == "/wms?":
		path, want = "/wms?SERVICE=WMS&REQUEST=GetCapabilities", "text/xml"
	case path == "/wmts?":
		path, want = "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities", "application/xml"
	case strings.HasPrefix(path, "/wms?"):
		want = "text/xml" // the schema of our GML
	case strings.HasSuffix(path, "WMTSCapabilities.xml"):
		want = "application/xml"
	case path == "/tms/" || strings.HasSuffix(path, "tilemapresource.xml"):
		want = "text/xml"
	case strings.HasPrefix(path, "/tms/"):
		path, want = path+w.tileOf(document, path), "image/png"
	case path == "/" || strings.HasPrefix(path, "/viewer"):
		want = "text/html"
	case strings.HasSuffix(path, "/metadata.xml"):
		want = "text/xml"
	case strings.HasSuffix(path, "/thumbnail.png"):
		want = "image/png"
	case strings.HasPrefix(path, "/heightmap/"):
		path += "layer.json"
	case strings.HasPrefix(path, "/height/"):
		path = "/height/slope?lon=10&lat=49&" + strings.TrimPrefix(strings.TrimPrefix(path, "/height/slope"), "?")
	case strings.HasPrefix(path, "/profile/"):
		path += "?line=10,49;10.1,49"
	}
	if kind, body := w.get(w.public + path); kind != want || len(body) == 0 {
		w.t.Errorf("%s names %s: %d bytes of %s, want %s", where, address, len(body), kind, want)
	}
}

// tileOf is the address of the south-west tile of a level in tilemapresource.xml, below the level's own.
func (w walk) tileOf(document []byte, level string) string {
	var doc struct {
		Box struct {
			West  float64 `xml:"minx,attr"`
			South float64 `xml:"miny,attr"`
		} `xml:"BoundingBox"`
		Origin struct {
			X float64 `xml:"x,attr"`
			Y float64 `xml:"y,attr"`
		}
		Sets []struct {
			Href  string  `xml:"href,attr"`
			Units float64 `xml:"units-per-pixel,attr"`
		} `xml:"TileSets>TileSet"`
	}
	if err := xml.Unmarshal(document, &doc); err != nil {
		w.t.Error(err)
	}
	for _, s := range doc.Sets {
		if strings.HasSuffix(s.Href, level) {
			side := s.Units * 256
			return fmt.Sprintf("/%.0f/%.0f.png", math.Floor((doc.Box.West-doc.Origin.X)/side), math.Floor((doc.Box.South-doc.Origin.Y)/side))
		}
	}
	w.t.Errorf("no level %s", level)
	return ""
}
