package picture

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// TestErrorsKeepNoMemory goes through the ways out of the C code that an error takes. Each would keep 20 kB and more.
func TestErrorsKeepNoMemory(t *testing.T) {
	if _, err := os.Stat("/proc/self/statm"); err != nil {
		t.Skip("no /proc/self/statm: resident memory is not known here")
	}
	data, err := named(nameJPEG).Encode(photo(64, 64), 0)
	if err != nil {
		t.Fatal(err)
	}
	progressive := encoded(t)["progressive.jpg"]
	webp, err := named(nameWebP).Encode(photo(64, 64), 0)
	if err != nil {
		t.Fatal(err)
	}
	round := func() {
		for _, cut := range [][]byte{data[:len(data)/2], data[:100], progressive[:len(progressive)-9], webp[:len(webp)-9]} {
			if _, err := Decode(cut, testPixels); err == nil {
				t.Fatal("half a picture was read")
			}
		}
	}
	for range 200 {
		round()
	}
	before := resident(t)
	for range 3000 {
		round()
	}
	runtime.GC()
	if grown := resident(t) - before; grown > 24<<20 {
		t.Errorf("12000 errors keep %d MB", grown>>20)
	}
}

// resident is the process's memory in bytes.
func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
