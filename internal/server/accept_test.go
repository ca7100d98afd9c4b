package server

import (
	"net/http"
	"testing"
)

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		header string
		want   bool
	}{
		{`"a"`, true}, {`W/"a"`, true}, {`"b", "a"`, true}, {`*`, true}, {`"b"`, false}, {``, false}, {`a`, false}, {`"b",,W/"a"`, true},
	} {
		if got := matches([]string{c.header}, `"a"`); got != c.want {
			t.Errorf("%s: %v", c.header, got)
		}
	}
}

func TestWeight(t *testing.T) {
	for parameters, want := range map[string]float64{
		"": 1, "q=0.5": .5, " q=0": 0, "level=1;q=0.1": .1, "q=": 0, "q=x": 0, "q=-1": 0, "q=2": 0, "q=NaN": 0, "q=Inf": 0, "Q=1": 1,
	} {
		if got := weight(parameters); got != want {
			t.Errorf("%q: %v, want %v", parameters, got, want)
		}
	}
}

// FuzzAccept: whatever a client sends, the mesh is sent, and nothing that we do not know.
func FuzzAccept(f *testing.F) {
	f.Add("application/vnd.quantized-mesh;extensions=octvertexnormals-watermask-metadata,*/*;q=0.01", "gzip;q=0, *", "extensions=watermask")
	f.Add(";;;,,,=", ",;q=,", "extensions=%zz&extensions")
	f.Fuzz(func(t *testing.T, accept, encoding, query string) {
		r := &http.Request{Header: http.Header{"Accept": {accept}, "Accept-Encoding": {encoding}}, URL: urlWithQuery(query)}
		if set := runsAsked(r); set&meshRun == 0 || set&^(meshRun|normalRun|waterRun) != 0 {
			t.Fatalf("runs %b", set)
		}
		acceptsGzip(r)
		matches([]string{accept, encoding}, `"x"`)
	})
}
