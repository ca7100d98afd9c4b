//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shipped reads a file that is shipped beside the program, with what an operator would change in it changed.
func shipped(t *testing.T, name string, changes ...string) string {
	t.Helper()
	text, err := os.ReadFile("../packaging/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(string(text), changes[i]) {
			t.Fatalf("%s does not hold %q", name, changes[i])
		}
	}
	return strings.NewReplacer(changes...).Replace(string(text))
}

// TestShippedProxyConfigurationsHold fetches every URL that any document names through the proxies that the examples configure.
func TestShippedProxyConfigurationsHold(t *testing.T) {
	data := ingestPictures(t)
	backend := serveAt(t, freePort(t), "--data", data, "--trusted-proxy", "127.0.0.1")
	inner := strings.TrimPrefix(backend, "http://")
	t.Run("nginx", func(t *testing.T) {
		nginx, port, log := tool(t, "nginx"), freePort(t), filepath.Join(t.TempDir(), "access.log")
		client := startNginx(t, nginx, port, shipped(t, "nginx.conf", "127.0.0.1:8080", inner, "443 ssl", fmt.Sprintf("127.0.0.1:%d ssl", port),
			"maps.example.org", "localhost", "/etc/nginx/tls/", "", "/var/log/nginx/terrane.log", log))
		w := walk{t: t, client: client, public: fmt.Sprintf("https://localhost:%d%s", port, proxyPrefix), seen: map[string]bool{}}
		w.documents()
		w.get(w.public)
		expectNoToken(t, w, log)
		r, err := http.NewRequest(http.MethodPut, w.public+"/admin/datasets/x", bytes.NewReader(make([]byte, 3<<20)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") { // of the program, which was started without --auth
			t.Errorf("an upload of 3 MB does not pass: %d, %s", got.StatusCode, kind)
		}
	})
	t.Run("Caddy", func(t *testing.T) {
		caddy, port, dir := tool(t, "caddy"), freePort(t), t.TempDir()
		pool := certificate(t, dir)
		log := filepath.Join(dir, "access.log")
		conf := write(t, dir, "Caddyfile", []byte("{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"+
			shipped(t, "Caddyfile", "127.0.0.1:8080", inner, "maps.example.org {", fmt.Sprintf("https://localhost:%d {\n\tbind 127.0.0.1", port), "/etc/caddy/", dir+"/",
				"\tlog {\n", "\tlog {\n\t\toutput file "+log+"\n")))
		run := exec.Command(caddy, "run", "--config", conf, "--adapter", "caddyfile")
		run.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		w := walk{t: t, client: behind(t, port, pool, syscall.SIGTERM, run), public: fmt.Sprintf("https://localhost:%d%s", port, proxyPrefix), seen: map[string]bool{}}
		w.documents()
		w.get(w.public)
		expectNoToken(t, w, log)
	})
}

// expectNoToken asks with tokens, and reads the log of the proxy.
func expectNoToken(t *testing.T, w walk, log string) {
	t.Helper()
	for _, query := range []string{"?access_token=trn_secret", "?v=1&token=trn_secret"} {
		w.get(w.public + "/datasets" + query)
	}
	text := ""
	for end := time.Now().Add(5 * time.Second); !strings.Contains(text, "/datasets") && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		read, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		text = string(read)
	}
	if strings.Contains(text, "trn_secret") || !strings.Contains(text, "/datasets") {
		t.Errorf("the log of the proxy, which is to name addresses without tokens:\n%s", text[max(0, len(text)-2000):])
	}
}
