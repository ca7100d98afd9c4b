package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// outcome is what a run of the built program left behind.
type outcome struct {
	code           int
	stdout, stderr string
	cpu            time.Duration // user and system
	memory         int64         // peak of the resident set, bytes
}

// ended is the outcome of a run that has come to its end.
func ended(s *os.ProcessState, stdout, stderr string) outcome {
	o := outcome{code: s.ExitCode(), stdout: stdout, stderr: stderr, cpu: s.UserTime() + s.SystemTime()}
	if usage, ok := s.SysUsage().(*syscall.Rusage); ok {
		o.memory = usage.Maxrss << 10
	}
	return o
}

// patience is more than any run here needs: what takes longer hangs, and is killed.
const patience = 30 * time.Second

// invoke runs the program to its end, in a folder without terrane.yaml.
func invoke(t testing.TB, program string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	c.Stdout, c.Stderr, c.Dir = &stdout, &stderr, filepath.Dir(program)
	c.Env = append(os.Environ(), "TERRANE_CONFIG=")
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", args, err)
	}
	if ctx.Err() != nil {
		t.Errorf("%v took more than %v", args, patience)
	}
	return ended(c.ProcessState, stdout.String(), stderr.String())
}

// succeed is invoke for a run that has to end well.
func succeed(t testing.TB, program string, args ...string) outcome {
	t.Helper()
	o := invoke(t, program, args...)
	if o.code != exitDone {
		t.Fatalf("%v: exit %d\n%s", args, o.code, o.stderr)
	}
	return o
}

// sharedFile returns a file of the real test data, or skips the test where the data is absent.
func sharedFile(t testing.TB, name string) string {
	t.Helper()
	folder := os.Getenv("TERRANE_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared")
	}
	path, err := filepath.Abs(filepath.Join(folder, "data", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no real data: %s is absent; set TERRANE_SHARED", name)
	}
	return path
}

// copyShared copies a file of the real test data into a folder and returns where it is.
func copyShared(t testing.TB, name, folder string) string {
	t.Helper()
	data, err := os.ReadFile(sharedFile(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return write(t, filepath.Join(folder, filepath.Base(name)), data)
}

func write(t testing.TB, path string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// listing describes all files below a folder: name, size, time of change. A folder that is absent is empty.
func listing(t testing.TB, folder string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		i, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		b.WriteString(strings.Join([]string{name, i.Mode().String(), i.ModTime().Format(time.RFC3339Nano), sizeText(i.Size())}, " ") + "\n")
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return b.String()
}

// names lists what lies in a folder, hidden files too; nothing if it is absent.
func names(t testing.TB, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// running is a program that has been started; what it says is kept.
type running struct {
	command        *exec.Cmd
	stdout, stderr *lines
}

// lines collects what is written, for readers that look in meanwhile.
type lines struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// begin starts the program.
func begin(t testing.TB, program string, args ...string) *running {
	t.Helper()
	r := &running{exec.CommandContext(t.Context(), program, args...), &lines{}, &lines{}}
	r.command.Stdout, r.command.Stderr, r.command.Dir = r.stdout, r.stderr, filepath.Dir(program)
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

var tilingLine = regexp.MustCompile(`tiling +(\d+) %`)

// waitForTiling waits until the program has told that so many per cent are tiled.
func (r *running) waitForTiling(t testing.TB, percent int) {
	t.Helper()
	r.waitFor(t, fmt.Sprintf("%d %%", percent), func(said string) bool {
		for _, m := range tilingLine.FindAllStringSubmatch(said, -1) {
			if n, _ := strconv.Atoi(m[1]); n >= percent {
				return true
			}
		}
		return false
	})
}

// waitForText waits until the program has said something.
func (r *running) waitForText(t testing.TB, text string) {
	t.Helper()
	r.waitFor(t, text, func(said string) bool { return strings.Contains(said, text) })
}

func (r *running) waitFor(t testing.TB, what string, found func(said string) bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !found(r.stderr.String()); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.command.Process.Kill()
			t.Fatalf("no %q after %v:\n%s", what, patience, r.stderr)
		}
	}
}

// wait waits for the end.
func (r *running) wait(t testing.TB) outcome {
	t.Helper()
	var exit *exec.ExitError
	if err := r.command.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ended(r.command.ProcessState, r.stdout.String(), r.stderr.String())
}

// sameFile holds that two files are equal to the byte, and says where they begin to differ.
func sameFile(t testing.TB, want, got string) {
	t.Helper()
	a, err := os.ReadFile(want)
	b, err2 := os.ReadFile(got)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a, b) {
		return
	}
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	t.Errorf("%s has %d bytes, %s %d; they differ from byte %d on", want, len(a), got, len(b), at)
}

// status asks for a page and returns the code.
func status(t *testing.T, url string) int {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}
