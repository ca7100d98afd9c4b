package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/internal/snippet"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

func TestSnippetPrintsWhatTheServerShows(t *testing.T) {
	dir := publish(t, "alps")
	folder, err := mbtiles.OpenFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	s := httptest.NewServer(server.New(catalog{folder}, server.Options{}))
	defer s.Close()
	answer, err := http.Get(s.URL + "/datasets/alps")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	var shown server.Summary
	if err := json.Unmarshal(body, &shown); err != nil || len(shown.Snippets) < 4 {
		t.Fatalf("%v: %s", err, body)
	}
	for client, want := range shown.Snippets {
		code, out, talk := run(t, "snippet", "alps", "--data", dir, "--for", client, "--base-url", s.URL+"/")
		if code != exitDone || out != want+"\n" {
			t.Errorf("%s: exit %d %s\n%s\nwant\n%s", client, code, talk, out, want)
		}
	}
}

func TestSnippetOfEachClientNamesTheServer(t *testing.T) {
	dir := publish(t, "alps")
	for _, c := range []struct {
		name, args string
		code       int
		says       string
	}{
		{"CesiumJS is what is meant", "alps", exitDone, `fromUrl("http://127.0.0.1:8080/terrain/alps/"`},
		{"a server below a path", "alps --base-url https://maps.example/globe/", exitDone, `"https://maps.example/globe/terrain/alps/"`},
		{"ion, with a slash at the end", "alps --for ion --base-url https://maps.example/globe", exitDone, `defaultServer = "https://maps.example/globe/"`},
		{"one version", "alps@1 --for unreal", exitDone, "/terrain/alps@1/layer.json"},
		{"old CesiumJS", "alps --for cesium-1.48", exitDone, "new Cesium.CesiumTerrainProvider"},
		{"a client in capitals", "alps --for QGIS", exitDone, "Quantized Mesh"},
		{"an unknown client", "alps --for netscape", exitUsage, "try: cesium, ion, "},
		{"a client that cannot show terrain alone", "alps --for leaflet", exitFailed, "try: terrane snippet alps --list"},
		{"no name", "", exitUsage, "try: terrane snippet --help"},
		{"no such dataset", "andes", exitFailed, "andes"},
		{"a path, as a server behind a proxy has it", "alps --base-url /globe", exitDone, `"http://127.0.0.1:8080/globe/terrain/alps/"`},
		{"a base URL that is none", "alps --base-url ftp://a", exitUsage, "https://maps.example.org/terrane/"},
		{"the clients", "--list", exitDone, "maplibre"},
		{"the clients of a dataset", "alps --list", exitDone, "unreal"},
	} {
		code, out, talk := run(t, append([]string{"snippet", "--data", dir}, strings.Fields(c.args)...)...)
		if code != c.code || !strings.Contains(out+talk, c.says) {
			t.Errorf("%s: exit %d, want %d and %q:\n%s%s", c.name, code, c.code, c.says, out, talk)
		}
	}
}

func TestSnippetAsJSONHasTheCode(t *testing.T) {
	dir := publish(t, "alps")
	var one snippetOf
	if _, out, _ := run(t, "snippet", "alps", "--data", dir, "--for", "curl", "--json"); json.Unmarshal([]byte(out), &one) != nil ||
		one.Client != "curl" || !strings.HasPrefix(one.Code, "curl ") {
		t.Errorf("got %+v", one)
	}
	var all []snippetOf
	if _, out, _ := run(t, "snippet", "--list", "--json"); json.Unmarshal([]byte(out), &all) != nil || len(all) != len(snippet.Clients()) {
		t.Errorf("got %+v", all)
	}
	if _, out, _ := run(t, "snippet", "alps", "--data", dir, "--list", "--json"); json.Unmarshal([]byte(out), &all) != nil ||
		slices.ContainsFunc(all, func(s snippetOf) bool { return s.Code == "" || s.Client == "leaflet" }) {
		t.Errorf("got %+v", all)
	}
}

func TestNamesAreCompleted(t *testing.T) {
	dir := publish(t, "alps")
	if _, out, _ := run(t, "__complete", "--data", dir, "snippet", ""); !strings.HasPrefix(out, "alps\n") {
		t.Errorf("datasets: %q", out)
	}
	if _, out, _ := run(t, "__complete", "snippet", "alps", "--for", ""); !strings.Contains(out, "ion\n") || !strings.Contains(out, "unreal\n") {
		t.Errorf("clients: %q", out)
	}
}
