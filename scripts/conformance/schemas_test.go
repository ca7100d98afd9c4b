package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/fstest"
)

func TestProxyAnswersFromTheFolderOnly(t *testing.T) {
	server := httptest.NewServer(schemas{fstest.MapFS{
		"ogc/wms/1.3.0/capabilities_1_3_0.xsd": {Data: []byte("wms")},
		"w3c/1999/xlink.xsd":                   {Data: []byte("xlink")},
		"secret":                               {Data: []byte("secret")},
	}})
	defer server.Close()
	proxy, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
	for _, c := range []struct {
		url, want string
		status    int
	}{
		{"http://schemas.opengis.net/wms/1.3.0/capabilities_1_3_0.xsd", "wms", 200},
		{"http://www.w3.org/1999/xlink.xsd", "xlink", 200},
		{"http://schemas.opengis.net/wms/1.3.0/", "", 404},
		{"http://schemas.opengis.net/../secret", "", 404},
		{"http://example.org/secret", "", 404},
	} {
		resp, err := client.Get(c.url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != c.status || c.status == 200 && string(body) != c.want {
			t.Errorf("%s: got %d %q, want %d %q", c.url, resp.StatusCode, body, c.status, c.want)
		}
	}
}
