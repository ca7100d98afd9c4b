package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

const (
	benchLevels      = 6  // 2 730 tiles
	benchConnections = 32 // keep-alive
	ticksPerSecond   = 100
)

// BenchmarkTileAnswer measures the server's CPU time an answer of a 3 KB tile over real HTTP, the built program beside nginx on the same bytes as
// static files. CPU time of the processes is read from /proc, so the load itself does not count.
func BenchmarkTileAnswer(b *testing.B) {
	dir, files := benchTiles(b)
	program := buildProgram(b)
	cost := map[string]float64{}
	for _, s := range []struct {
		name  string
		start func(*testing.B) (pid int, base string)
	}{
		{"nginx", func(b *testing.B) (int, string) { return startNginx(b, files) }},
		{"terrane", func(b *testing.B) (int, string) { return startTerrane(b, program, dir) }},
		{"terrane without cache", func(b *testing.B) (int, string) { return startTerrane(b, program, dir, "--cache", "0") }},
	} {
		b.Run(s.name, func(b *testing.B) {
			pid, base := s.start(b)
			load(b, base, 4000) // warm
			before := cpu(b, pid)
			b.ResetTimer()
			load(b, base, b.N)
			b.StopTimer()
			if b.N >= 1000 { // fewer are below the clock's resolution
				cost[s.name] = (cpu(b, pid) - before).Seconds() / float64(b.N) * 1e6
				b.ReportMetric(cost[s.name], "cpu-us/answer")
			}
		})
	}
	for _, name := range []string{"terrane", "terrane without cache"} {
		if cost["nginx"] > 0 {
			b.Logf("%s: %.1f us of CPU an answer, nginx %.1f, ratio %.2f", name, cost[name], cost["nginx"], cost[name]/cost["nginx"])
		}
	}
}

// BenchmarkStartWith1000Datasets measures the time from the start of the program to the first tile.
func BenchmarkStartWith1000Datasets(b *testing.B) {
	dir := publish(b, "alps")
	one, err := os.ReadFile(filepath.Join(dir, "alps@1.mbtiles"))
	if err != nil {
		b.Fatal(err)
	}
	for i := range 999 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("copy%d@1.mbtiles", i)), one, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	program := buildProgram(b)
	for b.Loop() {
		c, base := serve(b, program, "--data", dir)
		r, err := http.Get(base + "/terrain/alps/0/0/0.terrain")
		if err != nil || r.StatusCode != 200 {
			b.Fatal(err, r)
		}
		r.Body.Close()
		c.Process.Kill()
		c.Wait()
	}
}

// benchTiles makes the same tiles twice: a data folder, and a folder of gzipped files.
func benchTiles(b *testing.B) (data, files string) {
	data, files = b.TempDir(), b.TempDir()
	w, err := mbtiles.Create(b.Context(), data, "bench", mbtiles.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	noise := rand.NewChaCha8([32]byte{1})
	for z := range uint8(benchLevels) {
		columns, rows := tilegrid.Geodetic.Size(z)
		for c := range (tilegrid.Range{Z: z, MaxX: columns - 1, MaxY: rows - 1}).All() {
			mesh := make([]byte, 3000)
			noise.Read(mesh)
			member := gzrun.Pack([]gzrun.Run{{ID: 0, Data: mesh}})
			path := filepath.Join(files, "terrain/bench", c.String()+".terrain")
			if err := w.Put(b.Context(), c, member); err != nil {
				b.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(path, member, 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := w.Commit(b.Context(), tilestore.Info{Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh}); err != nil {
		b.Fatal(err)
	}
	os.Chmod(filepath.Dir(files), 0o755) // nginx's workers may be another user
	return data, files
}

func startTerrane(b *testing.B, program, dir string, args ...string) (pid int, base string) {
	c, base := serve(b, program, append([]string{"--data", dir}, args...)...)
	return c.Process.Pid, base
}

const nginxConfig = `daemon off; master_process off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/log;
events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; keepalive_timeout 60;
  open_file_cache max=10000 inactive=60s;
  client_body_temp_path %[1]s/1; proxy_temp_path %[1]s/2; fastcgi_temp_path %[1]s/3; uwsgi_temp_path %[1]s/4; scgi_temp_path %[1]s/5;
  server { listen 127.0.0.1:%[2]d; root %[3]s; default_type application/vnd.quantized-mesh;
    add_header Content-Encoding gzip; add_header Access-Control-Allow-Origin *; } }
`

func startNginx(b *testing.B, files string) (pid int, base string) {
	b.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		b.Skip("no nginx here: nothing to compare with")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir := b.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, nginxConfig, dir, port, files), 0o644); err != nil {
		b.Fatal(err)
	}
	c := exec.Command(program, "-c", config, "-p", dir)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Process.Kill(); c.Wait() })
	base = fmt.Sprintf("http://127.0.0.1:%d", port)
	for range 100 {
		if r, err := http.Get(base + "/terrain/bench/0/0/0.terrain"); err == nil {
			r.Body.Close()
			return c.Process.Pid, base
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.Fatal("nginx does not answer")
	return 0, ""
}

// load asks for n tiles at random over the connections and reads every answer.
func load(b *testing.B, base string, n int) {
	b.Helper()
	u, err := url.Parse(base)
	if err != nil {
		b.Fatal(err)
	}
	var clients sync.WaitGroup
	for k := range benchConnections {
		clients.Go(func() {
			if err := fetch(u.Host, rand.New(rand.NewPCG(1, uint64(k))), (n+k)/benchConnections); err != nil {
				b.Error(err)
			}
		})
	}
	clients.Wait()
}

// fetch asks for n tiles over one connection.
func fetch(host string, random *rand.Rand, n int) error {
	c, err := net.Dial("tcp", host)
	if err != nil {
		return err
	}
	defer c.Close()
	answers := bufio.NewReaderSize(c, 16<<10)
	for range n {
		z := uint8(random.IntN(benchLevels))
		columns, rows := tilegrid.Geodetic.Size(z)
		_, err := fmt.Fprintf(c, "GET /terrain/bench/%d/%d/%d.terrain?v=1.0.0 HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: gzip, deflate, br\r\n"+
			"Accept: application/vnd.quantized-mesh;extensions=octvertexnormals,application/octet-stream;q=0.9,*/*;q=0.01\r\n"+
			"User-Agent: Mozilla/5.0\r\nReferer: http://%s/viewer\r\n\r\n", z, random.Uint32N(columns), random.Uint32N(rows), host, host)
		if err != nil {
			return err
		}
		if err := readAnswer(answers); err != nil {
			return err
		}
	}
	return nil
}

func readAnswer(from *bufio.Reader) error {
	r, err := http.ReadResponse(from, nil)
	if err != nil {
		return err
	}
	size, err := io.Copy(io.Discard, r.Body)
	if err != nil || r.StatusCode != 200 || size < 3000 {
		return fmt.Errorf("status %d, %d bytes, %w", r.StatusCode, size, err)
	}
	return nil
}

// cpu returns the processor time that a process has used, from /proc (see proc(5), fields utime and stime).
func cpu(b *testing.B, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Skip("no /proc here: CPU time cannot be read")
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticksPerSecond
}
