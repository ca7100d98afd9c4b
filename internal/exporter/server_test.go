package exporter

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// runNginx serves folders with the configuration that lies in each, below its name. It ends with the test.
func runNginx(t *testing.T, folders map[string]string) (url string) {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("no nginx: the configuration of static exports is not tested with it")
	}
	address := freeAddress(t)
	dir := t.TempDir()
	var conf bytes.Buffer
	if os.Geteuid() == 0 {
		conf.WriteString("user root;\n") // the folders of a test are its user's alone
	}
	fmt.Fprintf(&conf, "daemon off;\nworker_processes 1;\npid %[1]s/nginx.pid;\nerror_log %[1]s/error.log;\nevents {}\nhttp {\naccess_log off;\ngzip on;\ngzip_types *;\n", dir)
	for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&conf, "%s_temp_path %s;\n", what, filepath.Join(dir, what))
	}
	fmt.Fprintf(&conf, "server {\nlisten %s;\n", address)
	for name, folder := range folders {
		fmt.Fprintf(&conf, "location /%[1]s/ {\nalias %[2]s/;\ninclude %[2]s/nginx.conf;\n}\n", name, folder)
	}
	conf.WriteString("}\n}\n")
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, conf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	await(t, address, exec.Command(nginx, "-p", dir, "-c", path, "-e", filepath.Join(dir, "error.log")))
	return "http://" + address
}

// runApache is runNginx with Apache, which allows the folders what their .htaccess says that it asks for.
func runApache(t *testing.T, folders map[string]string) (url string) {
	t.Helper()
	apache, err := exec.LookPath("apache2")
	if err != nil {
		t.Skip("no apache2: the configuration of static exports is not tested with it")
	}
	address, dir := freeAddress(t), t.TempDir()
	var conf bytes.Buffer
	fmt.Fprintf(&conf, "ServerName localhost\nListen %[1]s\nServerRoot %[2]s\nDocumentRoot %[2]s\nPidFile %[2]s/pid\nErrorLog %[2]s/error.log\nMutex file:%[2]s\n", address, dir)
	for _, what := range []string{"mpm_event", "authz_core", "alias", "mime", "headers", "dir", "rewrite"} {
		fmt.Fprintf(&conf, "LoadModule %[1]s_module /usr/lib/apache2/modules/mod_%[1]s.so\n", what)
	}
	conf.WriteString("TypesConfig /dev/null\n")
	for name, folder := range folders {
		fmt.Fprintf(&conf, "Alias /%s %s\n<Directory %s>\nAllowOverride FileInfo\nRequire all granted\n</Directory>\n", name, folder, folder)
	}
	if os.Geteuid() == 0 { // its workers are somebody else then, who has to reach the folders of the test
		conf.WriteString("User www-data\nGroup www-data\n")
		for _, at := range append(slices.Collect(maps.Values(folders)), dir) {
			for ; at != filepath.Clean(os.TempDir()) && at != "/"; at = filepath.Dir(at) {
				if err := os.Chmod(at, 0o755); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	path := filepath.Join(dir, "apache.conf")
	if err := os.WriteFile(path, conf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if log, _ := os.ReadFile(filepath.Join(dir, "error.log")); t.Failed() {
			t.Logf("%s", log)
		}
	})
	await(t, address, exec.Command(apache, "-f", path, "-DFOREGROUND"))
	return "http://" + address
}

// freeAddress is one of this machine at which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// await starts a server and waits until it listens. It ends with the test.
func await(t *testing.T, address string, c *exec.Cmd) {
	t.Helper()
	var said bytes.Buffer
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		var ended *exec.ExitError
		if err := c.Wait(); err != nil && !(errors.As(err, &ended) && !ended.Exited()) { // Apache ends by the signal itself
			t.Errorf("%s: %v\n%s", c.Path, err, &said)
		}
	})
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("%s does not listen: %s", c.Path, &said)
}

// ask requests a page as a browser on another host does, and returns the answer with its body as it came over the wire.
func ask(t *testing.T, method, url string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/vnd.quantized-mesh,application/octet-stream;q=0.9,*/*;q=0.01")
	r.Header.Set("Accept-Encoding", "gzip") // set by hand: Go does not inflate
	r.Header.Set("Origin", "https://elsewhere.example")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, b
}

func TestServersServeAFolderAsClientsNeedIt(t *testing.T) {
	t.Run("nginx", func(t *testing.T) { servesAFolder(t, runNginx) })
	t.Run("Apache", func(t *testing.T) { servesAFolder(t, runApache) })
}

// servesAFolder asks for what breaks CesiumJS if it is wrong.
func servesAFolder(t *testing.T, run func(*testing.T, map[string]string) string) {
	t.Helper()
	dir := t.TempDir()
	ground, _ := publish(t, t.TempDir(), meshes(t, 20), terrainInfo)
	maps, _ := publish(t, t.TempDir(), pictures(t, 1), pictureInfo)
	folders := map[string]string{"alps": filepath.Join(dir, "ground"), "ortho": filepath.Join(dir, "maps")}
	if _, err := Folder(t.Context(), ground, folders["alps"], Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Folder(t.Context(), maps, folders["ortho"], Options{URL: "https://maps.example/ortho"}); err != nil {
		t.Fatal(err)
	}
	url := run(t, folders)
	expect := func(path string, status int, mime, encoding string) []byte {
		t.Helper()
		answer, body := ask(t, http.MethodGet, url+path)
		h := answer.Header
		if answer.StatusCode != status || mime != "" && h.Get("Content-Type") != mime || len(h.Values("Content-Encoding")) > 1 ||
			h.Get("Content-Encoding") != encoding || h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %s %v", path, answer.Status, h)
		}
		return body
	}
	answer, body := ask(t, http.MethodGet, url+"/alps/layer.json")
	if answer.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzrun.Inflate(body)
	}
	layer, err := terrain.ParseLayer(body)
	if err != nil || answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "application/json" || answer.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("layer.json: %s %v %v", answer.Status, answer.Header, err)
	}
	if len(layer.Available) != 2 || len(layer.Available[0]) != 1 || layer.Scheme != "tms" || layer.MetadataAvailability != 0 {
		t.Errorf("layer.json: %+v", layer)
	}
	for z := range uint8(2) {
		for c := range (tilegrid.Range{Z: z, MaxX: 2<<z - 1, MaxY: 1<<z - 1}).All() {
			body := expect("/alps/"+c.String()+".terrain?v="+layer.Version, 200, "application/vnd.quantized-mesh", "gzip")
			if _, err := terrain.Decode(bytes.NewReader(body)); err != nil {
				t.Errorf("%s: %v", c, err)
			}
		}
	}
	for _, path := range []string{"/alps/9/0/0.terrain", "/alps/", "/ortho/1/9/9.png"} {
		answer, _ := ask(t, http.MethodGet, url+path)
		if answer.StatusCode != 404 && answer.StatusCode != 403 || answer.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %s %v", path, answer.Status, answer.Header)
		}
	}
	if answer, body := ask(t, http.MethodGet, url+"/alps/9/0/0.terrain"); answer.Header.Get("Content-Encoding") == "gzip" && !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		t.Error("a plain 404 is said to be gzip")
	}
	if answer, _ := ask(t, http.MethodOptions, url+"/alps/layer.json"); answer.StatusCode/100 != 2 || answer.Header.Get("Access-Control-Allow-Methods") == "" {
		t.Errorf("OPTIONS: %s", answer.Status)
	}
	answer, body = ask(t, http.MethodGet, url+"/ortho/1/0/1.png")
	if answer.Header.Get("Content-Encoding") == "gzip" { // as "gzip_types *" has it
		body, _ = gzrun.Inflate(body)
	}
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "image/png" || !bytes.HasPrefix(body, []byte("\x89PNG")) {
		t.Errorf("a picture: %s %v", answer.Status, answer.Header)
	}
}

func TestTheDocumentsOfAFolderReferToItsTiles(t *testing.T) {
	tree := filepath.Join(t.TempDir(), "maps")
	maps, _ := publish(t, t.TempDir(), pictures(t, 1), pictureInfo)
	if _, err := Folder(t.Context(), maps, tree, Options{URL: "https://maps.example/ortho"}); err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(tree, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var j struct {
		Scheme   string
		Tiles    []string
		TileSize int
	}
	if err := json.Unmarshal(read("tilejson.json"), &j); err != nil || j.Scheme != "tms" || j.Tiles[0] != "https://maps.example/ortho/{z}/{x}/{y}.png" || j.TileSize != 256 {
		t.Errorf("tilejson.json: %+v, %v", j, err)
	}
	if text := string(read("tilemapresource.xml")); !strings.Contains(text, `<TileSet href="1"`) || !strings.Contains(text, `profile="global-mercator"`) {
		t.Errorf("tilemapresource.xml:\n%s", text)
	}
	ground, _ := publish(t, t.TempDir(), meshes(t, 20), terrainInfo)
	tree = filepath.Join(t.TempDir(), "ground")
	if _, err := Folder(t.Context(), ground, tree, Options{}); err != nil {
		t.Fatal(err)
	}
	var config struct {
		Locations []struct {
			Path string `xml:"path,attr"`
		} `xml:"location"`
	}
	if err := xml.Unmarshal(read("web.config"), &config); err != nil || len(config.Locations) != 2 || config.Locations[1].Path != "1" {
		t.Errorf("web.config: %+v, %v", config, err)
	}
	if text := string(read(".htaccess")); !strings.Contains(text, "AddEncoding gzip .terrain") {
		t.Errorf(".htaccess:\n%s", text)
	}
}
