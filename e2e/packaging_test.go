//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
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
		nginx, port := tool(t, "nginx"), freePort(t)
		client := startNginx(t, nginx, port, shipped(t, "nginx.conf", "127.0.0.1:8080", inner, "443 ssl", fmt.Sprintf("127.0.0.1:%d ssl", port),
			"maps.example.org", "localhost", "/etc/nginx/tls/", ""))
		w := walk{t: t, client: client, public: fmt.Sprintf("https://localhost:%d%s", port, proxyPrefix), seen: map[string]bool{}}
		w.documents()
		w.get(w.public)
	})
	t.Run("Caddy", func(t *testing.T) {
		caddy, port, dir := tool(t, "caddy"), freePort(t), t.TempDir()
		pool := certificate(t, dir)
		conf := write(t, dir, "Caddyfile", []byte("{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"+
			shipped(t, "Caddyfile", "127.0.0.1:8080", inner, "maps.example.org {", fmt.Sprintf("https://localhost:%d {\n\tbind 127.0.0.1", port), "/etc/caddy/", dir+"/")))
		run := exec.Command(caddy, "run", "--config", conf, "--adapter", "caddyfile")
		run.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		w := walk{t: t, client: behind(t, port, pool, syscall.SIGTERM, run), public: fmt.Sprintf("https://localhost:%d%s", port, proxyPrefix), seen: map[string]bool{}}
		w.documents()
		w.get(w.public)
	})
}
