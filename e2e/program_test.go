//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the built terrane; TestMain makes it.
var program string

// programVariable hands it on to the tests that run without a network.
const programVariable = "TERRANE_E2E_PROGRAM"

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run builds the program and runs the tests in a network namespace that has nothing but the loopback: whatever works there needs no other host.
func run(m *testing.M) int {
	if program = os.Getenv(programVariable); program != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "terrane-e2e-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "terrane")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", program, "../cmd/terrane")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return 1
	}
	alone := aloneCommand("true")
	if out, err := alone.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "e2e: this machine gives no network namespace, so the tests could reach others: %v %s\n", err, out)
		return m.Run()
	}
	c := aloneCommand(os.Args...)
	c.Env = append(os.Environ(), programVariable+"="+program)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := c.Run(); err != nil && c.ProcessState == nil {
		panic(err)
	}
	return c.ProcessState.ExitCode()
}

// aloneCommand runs a program where only the loopback is.
func aloneCommand(line ...string) *exec.Cmd {
	args := []string{"--net", "--", "sh", "-c", `ip link set lo up && exec "$@"`, "sh"}
	if os.Getuid() != 0 {
		args = append([]string{"--map-root-user"}, args...)
	}
	return exec.Command("unshare", append(args, line...)...)
}

// ingest makes a terrain dataset in a new data folder and returns the folder. Heights are taken as they are.
func ingest(t *testing.T, name, dem string) string {
	t.Helper()
	data := t.TempDir()
	c := exec.Command(program, "ingest", "terrain", "--data", data, "--name", name, "--vertical", "ellipsoid", "--progress", "none", dem)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("ingest: %v\n%s", err, out)
	}
	return data
}

// running is a terrane that answers HTTP.
type running struct {
	url string // with a slash at the end
	log *bytes.Buffer
}

var listening = regexp.MustCompile(`^listening\s+(http://\S+)`)

// start runs a command of terrane that serves, on a free port, and waits until it says where. When the test ends the program is stopped, must
// stop in order, and must have had nothing to complain about.
func start(t *testing.T, args ...string) running {
	t.Helper()
	c := exec.Command(program, append(args, "--listen", "127.0.0.1:0")...)
	r := running{log: new(bytes.Buffer)}
	c.Stderr = r.log
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for r.url == "" && lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			r.url = m[1] + "/"
		}
	}
	var rest sync.WaitGroup
	rest.Go(func() { io.Copy(io.Discard, out) })
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		rest.Wait()
		if err := c.Wait(); err != nil && c.ProcessState.ExitCode() != 130 {
			t.Errorf("terrane %s ended with %v", args[0], err)
		}
		r.expectCleanLog(t)
	})
	if r.url == "" {
		t.Fatalf("terrane %s did not say where it listens", strings.Join(args, " "))
	}
	return r
}

// expectCleanLog fails the test for every line that is a warning or an error.
func (r running) expectCleanLog(t *testing.T) {
	t.Helper()
	for line := range strings.Lines(r.log.String()) {
		if strings.HasPrefix(line, "terrane:") || strings.Contains(line, "level=") {
			t.Errorf("unexpected line in the log: %s", line)
		}
	}
}

// leaf asks the catalogue for a dataset's deepest level.
func (r running) leaf(t *testing.T, name string) uint8 {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+"datasets/"+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var d struct{ Levels [2]uint8 }
	if err := json.NewDecoder(answer.Body).Decode(&d); err != nil {
		t.Fatal(err)
	}
	return d.Levels[1]
}
