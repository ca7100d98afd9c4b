package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	connections = 32
	requests    = 40_000
)

// serveFigures prints the server's CPU time per tile, beside nginx with the same tiles as files.
func serveFigures(program, dir string) error {
	data := filepath.Join(dir, "N42E001")
	if _, err := os.Stat(data); err != nil {
		return nil // left out above
	}
	url, pid, stop, err := serve(program, data)
	if err != nil {
		return err
	}
	defer stop()
	base := url + "/terrain/bench/"
	tiles, err := deepTiles(base)
	if err != nil {
		return err
	}
	ours, err := cpuPerAnswer(pid, base, tiles, requests)
	if err != nil {
		return err
	}
	fmt.Printf("serve: %.1f us of CPU per tile, %d requests, %d connections\n", ours, requests, connections)
	return nginxFigures(dir, base, tiles, ours)
}

// serve starts the program on a free port and returns its URL and process.
func serve(program, data string) (url string, pid int, stop func(), err error) {
	c := exec.Command(program, "serve", "--data", data, "--listen", "127.0.0.1:0", "--json")
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return "", 0, nil, err
	}
	stop = func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
	}
	var said struct{ URL string }
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&said); err != nil {
		stop()
		return "", 0, nil, fmt.Errorf("serve: %w", err)
	}
	return said.URL, c.Process.Pid, stop, nil
}

// deepTiles lists up to 500 tiles of the deepest level out of layer.json.
func deepTiles(base string) ([]string, error) {
	answer, err := http.Get(base + "layer.json")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var layer struct {
		Available [][]struct{ StartX, StartY, EndX, EndY int }
	}
	if err := json.NewDecoder(answer.Body).Decode(&layer); err != nil {
		return nil, err
	}
	var list []string
	z := len(layer.Available) - 1
	for _, r := range layer.Available[z] {
		for y := r.StartY; y <= r.EndY; y++ {
			for x := r.StartX; x <= r.EndX && len(list) < 500; x++ {
				list = append(list, fmt.Sprintf("%d/%d/%d.terrain", z, x, y))
			}
		}
	}
	return list, nil
}

// cpuPerAnswer asks n times for tiles over many connections and returns the microseconds of CPU that process pid used for each.
func cpuPerAnswer(pid int, base string, tiles []string, n int) (float64, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}}
	ask := func(n int) error {
		var group sync.WaitGroup
		failed := make(chan error, connections)
		for worker := range connections {
			group.Go(func() {
				for i := worker; i < n; i += connections {
					if _, err := get(client, base+tiles[i%len(tiles)]); err != nil {
						failed <- err
						return
					}
				}
			})
		}
		group.Wait()
		close(failed)
		return <-failed
	}
	if err := ask(len(tiles)); err != nil { // warms up
		return 0, err
	}
	before, err := cpuOf(pid)
	if err != nil {
		return 0, err
	}
	if err := ask(n); err != nil {
		return 0, err
	}
	after, err := cpuOf(pid)
	return float64((after-before)/time.Microsecond) / float64(n), err
}

func get(client *http.Client, url string) ([]byte, error) {
	q, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	q.Header.Set("Accept-Encoding", "gzip")
	q.Header.Set("Accept", "application/vnd.quantized-mesh;extensions=octvertexnormals,application/octet-stream;q=0.9,*/*;q=0.01")
	answer, err := client.Do(q)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", url, answer.Status)
	}
	return body, err
}

// cpuOf reads a process's user and system time: fields 14 and 15 of /proc/PID/stat, in hundredths of a second.
func cpuOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, err
}

const nginxConf = `daemon off; master_process off; pid %[1]s/nginx.pid; error_log stderr crit;
events { worker_connections 256; }
http { access_log off; client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
  keepalive_requests 1000000; open_file_cache max=1000; sendfile on;
  server { listen 127.0.0.1:%[2]d; root %[1]s/www; add_header Content-Encoding gzip; } }
`

// nginxFigures measures nginx, one process, with the same bytes as files.
func nginxFigures(dir, from string, tiles []string, ours float64) error {
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx = "/usr/sbin/nginx"
	}
	const port = 18093
	for _, t := range tiles {
		body, err := get(http.DefaultClient, from+t)
		if err != nil {
			return err
		}
		file := filepath.Join(dir, "www", t)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, body, 0o644); err != nil {
			return err
		}
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, dir, port), 0o644); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	c := exec.Command(nginx, "-c", conf, "-e", "stderr")
	if err := c.Start(); err != nil {
		fmt.Println("nginx: left out,", err)
		return nil
	}
	defer c.Wait()
	defer c.Process.Signal(syscall.SIGTERM)
	time.Sleep(500 * time.Millisecond) // nginx does not say when it listens
	theirs, err := cpuPerAnswer(c.Process.Pid, fmt.Sprintf("http://127.0.0.1:%d/", port), tiles, requests)
	if err != nil {
		return fmt.Errorf("nginx: %w", err)
	}
	fmt.Printf("nginx: %.1f us of CPU per file; ratio %.1f\n", theirs, ours/theirs)
	return nil
}
