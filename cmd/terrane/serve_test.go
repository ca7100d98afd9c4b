package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// buildProgram makes the program as users get it.
func buildProgram(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terrane")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// serve starts the program and returns it with the address that it prints.
func serve(t testing.TB, program string, args ...string) (*exec.Cmd, string) {
	t.Helper()
	c := exec.Command(program, append([]string{"serve", "--json", "--listen", "127.0.0.1:0"}, args...)...)
	c.Stderr = os.Stderr
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	var said struct{ URL string }
	if err := json.NewDecoder(bufio.NewReader(stdout)).Decode(&said); err != nil {
		t.Fatal(err)
	}
	return c, said.URL
}

func TestTheProgramServesAndStops(t *testing.T) {
	program := buildProgram(t)
	c, base := serve(t, program, "--data", publish(t, "alps"))
	for path, want := range map[string]string{
		"/terrain/alps/layer.json":    `"format":"quantized-mesh-1.0"`,
		"/terrain/alps/0/1/0.terrain": "a mesh",
		"/datasets":                   base + "/terrain/alps/",
		"/version":                    `"version":"dev"`,
		"/":                           "<html",
	} {
		r, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d without %s", path, r.StatusCode, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	begin := time.Now()
	c.Process.Signal(syscall.SIGTERM)
	if err := c.Wait(); err != nil || time.Since(begin) > 10*time.Second {
		t.Errorf("ended with %v after %v", err, time.Since(begin))
	}
}
