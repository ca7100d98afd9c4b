//go:build e2e

package e2e

import (
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// unroutable counts what programs of this network namespace tried to send to where no way leads: all but the loopback.
func unroutable(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/net/snmp")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if fields[0] != "Ip:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		for i, name := range names {
			if name == "OutNoRoutes" {
				n, err := strconv.Atoi(fields[i])
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
		}
	}
	t.Fatal("/proc/net/snmp has no OutNoRoutes")
	return 0
}

// TestNothingIsSentToAnotherHost ingests, serves and asks, in a network namespace without a way out, and counts what was meant for other hosts. Every
// other test of this package runs there as well; a browser is no witness, as it looks for its maker on its own.
func TestNothingIsSentToAnotherHost(t *testing.T) {
	if os.Getenv(programVariable) == "" {
		t.Skip("this machine gives no network namespace")
	}
	before := unroutable(t)
	if c, err := net.DialTimeout("tcp", "192.0.2.1:80", time.Second); err == nil {
		c.Close()
		t.Fatal("there is a way to other hosts")
	}
	from := unroutable(t)
	if from == before {
		t.Fatal("what is sent to other hosts is not counted")
	}
	data := t.TempDir()
	ingestInto(t, data, "terrain", "pyrenees", sharedFile(t, "data/dem/N42E001.hgt.zip"))
	ingestInto(t, data, "imagery", "aerial", sharedFile(t, "data/imagery/aerial_rgba_15cm_utm13n.tif"))
	server := start(t, "serve", "--data", data)
	for _, path := range []string{"", "viewer", "inspect", "datasets", "terrain/pyrenees/layer.json", "terrain/pyrenees/0/1/0.terrain", "height/pyrenees?lon=1.5&lat=42.5&vertical=msl",
		"imagery/aerial/tilejson.json", "tms/aerial/tilemapresource.xml", "wmts?service=WMTS&request=GetCapabilities", "v1/assets/1/endpoint", "v1/geocode/search?text=Andorra",
		"wms?service=WMS&version=1.3.0&request=GetMap&layers=aerial,pyrenees&styles=&crs=EPSG:25831&bbox=300000,4650000,400000,4750000&width=64&height=64&format=image/png"} {
		answer, err := http.Get(server.url + path)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %.200s", path, answer.StatusCode, body)
		}
		answer.Body.Close()
	}
	if tries := unroutable(t) - from; tries != 0 {
		t.Errorf("%d packets were meant for other hosts", tries)
	}
}
