//go:build e2e

package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

func TestInspectorsModulesInNode(t *testing.T) {
	out, err := exec.Command("node", "--test", "inspect.test.mjs").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestInspectorTakesATileApartAndComparesItsSeams(t *testing.T) {
	data := ingest(t, "ontario", sharedFile(t, "data/dem/n43.dt0"))
	terrane(t, "flatten", "--data", data, "--height", "300", "--progress", "none", "ontario",
		keepFile(t, "site.geojson", `{"type":"Polygon","coordinates":[[[-79.6,43.6],[-79.4,43.6],[-79.4,43.8],[-79.6,43.8],[-79.6,43.6]]]}`))
	layMagenta(t, data, "plot", -79.8, 43.8, 0.6)
	server := start(t, "serve", "--data", data)
	seams := step{"do": "see", "selector": "#found[aria-busy=false] #seam-rows td.good, #found[aria-busy=false] #seam-rows td.bad"}
	facts := step{"do": "see", "selector": "#found[aria-busy=false] #facts dd"}
	r := visit(t, server.url,
		step{"do": "open", "path": "inspect#dataset=ontario&tile=9/285/380", "size": []int{1280, 900}},
		seams,
		facts,
		step{"do": "count", "selector": "#faults"},
		step{"do": "shot", "name": "inspect"},
		step{"do": "press", "selector": "#around button[aria-label^='East']", "key": "Enter"},
		step{"do": "until", "text": "tile=9/286/380"},
		step{"do": "press", "selector": "#around button[aria-label^='The north-western child']", "key": "Enter"},
		step{"do": "until", "text": "tile=10/572/761"},
		step{"do": "press", "selector": "#parent", "key": "Enter"},
		step{"do": "until", "text": "tile=9/286/380"},
		seams,
		step{"do": "press", "selector": "#oblique", "key": "ArrowLeft"},
		step{"do": "fill", "selector": "#z", "text": "25"},
		step{"do": "press", "selector": "#z", "key": "Enter"},
		step{"do": "see", "selector": "#absent-why"},
		step{"do": "fill", "selector": "#z", "text": "2"},
		step{"do": "press", "selector": "#z", "key": "Enter"},
		step{"do": "see", "selector": "#problem"},
		step{"do": "fill", "selector": "#z", "text": "7"},
		step{"do": "fill", "selector": "#lon", "text": "12"},
		step{"do": "fill", "selector": "#lat", "text": "-80"},
		step{"do": "press", "selector": "#there", "key": "Enter"},
		step{"do": "see", "selector": "#absent-why"},
		step{"do": "press", "selector": "#ancestor", "key": "Enter"},
		seams,
		step{"do": "open", "path": "inspect#dataset=ontario@1&tile=9/285/380", "size": []int{390, 844}, "dark": true},
		seams,
		step{"do": "overflow"},
		step{"do": "shot", "name": "inspect-phone"},
		step{"do": "open", "path": "inspect#dataset=plot", "size": []int{1000, 700}},
		step{"do": "appear", "selector": "#picture-image"},
		facts,
		step{"do": "shot", "name": "inspect-picture"},
	)
	for _, k := range []int{1, 11, 25, 27} {
		for _, widest := range strings.Split(texts(t, r[k]), "\n") {
			if widest != "0.0000 m" {
				t.Errorf("step %d: a seam is %s wide", k, widest)
			}
		}
	}
	for _, want := range []string{
		"/terrain/ontario/9/285/380.terrain", "as gzip", "vertices", "octvertexnormals (1)", "holds all vertices", "hides no vertex too early",
	} {
		if !strings.Contains(texts(t, r[2]), want) {
			t.Errorf("the facts do not say %q: %s", want, texts(t, r[2]))
		}
	}
	expect(t, "faults of our own tile", r[3], "0")
	for _, k := range []int{15, 23} {
		if why := texts(t, r[k]); !strings.Contains(why, "layer.json does not list it") {
			t.Errorf("step %d: of a tile that is not there the page says %q", k, why)
		}
	}
	if problem := texts(t, r[18]); !strings.Contains(problem, "Level 2 has 8 columns and 4 rows") {
		t.Errorf("of a tile beyond the grid the page says %q", problem)
	}
	expect(t, "pixels that stick out on a phone", r[28], "0")
	for _, want := range []string{"/imagery/plot/", "image/png", "256 x 256, 93.6 % transparent"} {
		if !strings.Contains(texts(t, r[32]), want) {
			t.Errorf("the facts of a picture do not say %q: %s", want, texts(t, r[32]))
		}
	}
	if share := magentaShare(t, "inspect-picture", 20, 84, 21, 86); share < 0.9 {
		t.Errorf("the little map shows the data on %.2f of its place", share)
	}
}
