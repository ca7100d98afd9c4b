package server

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
)

func TestCesiumFilesGoOutAsTheyAreStored(t *testing.T) {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	script := []byte(strings.Repeat("const a = 1;\n", 1000))
	f, _ := z.Create("Cesium.js")
	f.Write(script)
	f, _ = z.CreateHeader(&zip.FileHeader{Name: "Assets/a.png", Method: zip.Store})
	f.Write([]byte("\x89PNG"))
	z.Close()
	r, err := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
	if err != nil {
		t.Fatal(err)
	}
	s := New(newShelf(), Options{Cesium: r})

	whole := ask(s, "GET", "/cesium/Cesium.js", "Accept-Encoding: gzip")
	if got := gunzip(t, bodyOf(t, whole)); !bytes.Equal(got, script) || whole.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("gzipped script differs, Content-Encoding %q", whole.Header.Get("Content-Encoding"))
	}
	plain := ask(s, "GET", "/cesium/Cesium.js")
	if got := bodyOf(t, plain); !bytes.Equal(got, script) || plain.Header.Get("Content-Encoding") != "" {
		t.Error("plain script differs")
	}
	if whole.Header.Get("ETag") == plain.Header.Get("ETag") || !strings.HasPrefix(plain.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("headers %v", plain.Header)
	}
	if again := ask(s, "GET", "/cesium/Cesium.js", "If-None-Match: "+plain.Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("its own validator: %d", again.StatusCode)
	}
	picture := ask(s, "GET", "/cesium/Assets/a.png", "Accept-Encoding: gzip")
	if got := bodyOf(t, picture); string(got) != "\x89PNG" || picture.Header.Get("Content-Encoding") != "" {
		t.Errorf("stored picture: %q %v", got, picture.Header)
	}
	for _, path := range []string{"/cesium/", "/cesium/none.js", "/cesium/../Cesium.js", "/cesium/Assets/"} {
		if got := ask(s, "GET", path).StatusCode; got != 404 {
			t.Errorf("%s: %d", path, got)
		}
	}
}
