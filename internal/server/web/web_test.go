package web

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

// elsewhere finds addresses of other hosts in what a browser loads. The namespace of SVG is a name, not an address.
var elsewhere = regexp.MustCompile(`(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}`)

func TestPagesNameNoOtherHost(t *testing.T) {
	files := 0
	err := fs.WalkDir(Pages(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := fs.ReadFile(Pages(), name)
		for _, address := range elsewhere.FindAllString(string(data), -1) {
			if !strings.HasSuffix(address, "//www.w3.org") {
				t.Errorf("%s names %s", name, address)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files, %v", files, err)
	}
}

func TestPagesHoldNoInlineScriptThatThePolicyWouldStop(t *testing.T) {
	inline := regexp.MustCompile(`<script(?:\s[^>]*)?>\s*[^<\s]|\son[a-z]+="|style="`)
	for _, name := range []string{"index.html", "viewer.html", "inspect.html"} {
		data, err := fs.ReadFile(Pages(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range inline.FindAllString(string(data), -1) {
			t.Errorf("%s: %q", name, found)
		}
	}
	if strings.Contains(Policy, "unsafe-eval'") && !strings.Contains(Policy, "wasm-unsafe-eval") || strings.Contains(Policy, "http") {
		t.Errorf("the policy lets others in: %s", Policy)
	}
}

func TestTheBundleIsCesiumOrSaysThatItIsNot(t *testing.T) {
	z, err := Cesium()
	if errors.Is(err, ErrNoCesium) {
		t.Skip("no CesiumJS in this build: scripts/setup packs it")
	}
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"index.js": false, "tilemapresource.xml": false}
	for _, f := range z.File {
		if _, ok := want[path.Base(f.Name)]; ok {
			want[path.Base(f.Name)] = true
		}
	}
	for name, there := range want {
		if !there {
			t.Errorf("no %s in the bundle", name)
		}
	}
}
