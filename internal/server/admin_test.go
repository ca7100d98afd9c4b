package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/terrane/terrane/tilestore"
)

// clerk is an Admin that notes what it is asked for.
type clerk struct {
	asked string
	err   error
}

func (c *clerk) Publish(_ context.Context, name string, body io.Reader, size int64) (int, error) {
	b, err := io.ReadAll(body)
	c.asked = fmt.Sprintf("publish %s %d %d", name, len(b), size)
	return 2, errors.Join(err, c.err)
}

func (c *clerk) Remove(_ context.Context, ref string) ([]int, error) {
	c.asked = "remove " + ref
	return []int{2, 1}, c.err
}

func (c *clerk) Use(_ context.Context, ref string) (int, error) {
	c.asked = "use " + ref
	return 1, c.err
}

func TestAdministrationIsCheckedBeforeItIsDone(t *testing.T) {
	gate, b := newBearers(t)
	for _, c := range []struct {
		token, method, path, body string
		status                    int
		asked                     string
	}{
		{b.admin, "PUT", "/admin/datasets/alps", "bytes", 201, "publish alps 5 5"},
		{b.slopeAdmin, "PUT", "/admin/datasets/slope", "bytes", 201, "publish slope 5 5"},
		{b.slopeAdmin, "PUT", "/admin/datasets/alps", "bytes", 403, ""},
		{b.every, "PUT", "/admin/datasets/alps", "bytes", 403, ""},
		{"", "PUT", "/admin/datasets/alps", "bytes", 401, ""},
		{b.admin, "PUT", "/admin/datasets/alps", strings.Repeat("x", 101), 413, ""},
		{b.admin, "PUT", "/admin/datasets/alps@2", "bytes", 400, ""},
		{b.admin, "PUT", "/admin/datasets/", "bytes", 400, ""},
		{b.admin, "PUT", "/admin/datasets/..%2f..%2fetc%2fpasswd", "bytes", 400, ""},
		{b.admin, "PUT", "/admin/datasets/../../etc/passwd", "bytes", 400, ""},
		{b.admin, "PUT", "/admin/datasets/a%00b", "bytes", 400, ""},
		{b.admin, "PUT", "/admin/datasets/.hidden", "bytes", 400, ""},
		{b.admin, "PUT", "/admin/datasets/" + strings.Repeat("a", 64), "bytes", 400, ""},
		{b.admin, "DELETE", "/admin/datasets/alps", "", 200, "remove alps"},
		{b.admin, "DELETE", "/admin/datasets/alps@2", "", 200, "remove alps@2"},
		{b.slopeAdmin, "DELETE", "/admin/datasets/slope@2", "", 200, "remove slope@2"},
		{b.slopeAdmin, "DELETE", "/admin/datasets/alps@2", "", 403, ""},
		{b.admin, "DELETE", "/admin/datasets/*", "", 400, ""},
		{b.admin, "DELETE", "/admin/datasets/alps@x", "", 400, ""},
		{b.admin, "DELETE", "/admin/datasets/..", "", 400, ""},
		{b.admin, "POST", "/admin/datasets/alps/use?version=2", "", 200, "use alps@2"},
		{b.admin, "POST", "/admin/datasets/alps/use", "", 200, "use alps"},
		{b.admin, "POST", "/admin/datasets/alps/use?version=../x", "", 400, ""},
		{b.admin, "POST", "/admin/datasets/alps@2/use", "", 400, ""},
		{b.admin, "POST", "/admin/datasets/alps", "", 404, ""},
		{b.slopeAdmin, "POST", "/admin/datasets/alps/use?version=2", "", 403, ""},
		{b.admin, "POST", "/admin/reload", "", 200, ""},
		{b.every, "POST", "/admin/reload", "", 403, ""},
		{b.admin, "GET", "/admin/datasets/alps", "", 405, ""},
	} {
		did := new(clerk)
		s := New(newShelf(), Options{Access: gate, Admin: did, UploadBytes: 100, Limits: Limits{BodyBytes: 10}})
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var body struct{ Status int }
		err := json.Unmarshal(w.Body.Bytes(), &body)
		if err != nil || w.Code != c.status || did.asked != c.asked || w.Code >= 400 && body.Status != w.Code {
			t.Errorf("%s %s: %d, want %d; asked %q, want %q; %s", c.method, c.path, w.Code, c.status, did.asked, c.asked, w.Body)
		}
	}
}

func TestUploadsOfUnknownLengthAreBoundedToo(t *testing.T) {
	gate, b := newBearers(t)
	s := New(newShelf(), Options{Access: gate, Admin: new(clerk), UploadBytes: 100})
	for size, want := range map[int]int{100: 201, 101: 413} {
		r := httptest.NewRequest("PUT", "/admin/datasets/alps", io.MultiReader(strings.NewReader(strings.Repeat("x", size))))
		r.ContentLength = -1
		r.Header.Set("Authorization", "Bearer "+b.admin)
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%d bytes: %d, want %d", size, w.Code, want)
		}
	}
	off := New(newShelf(), Options{Access: gate, Admin: new(clerk)})
	got := ask(off, "PUT", "/admin/datasets/alps", bearer(b.admin))
	if body := string(bodyOf(t, got)); got.StatusCode != 403 || !strings.Contains(body, "--max-upload") {
		t.Errorf("switched off: %d", got.StatusCode)
	}
}

func TestAClientHearsOfAnAdminOnlyWhatItMay(t *testing.T) {
	gate, b := newBearers(t)
	for _, c := range []struct {
		err    error
		status int
		text   string
	}{
		{&Refusal{Status: 422, Text: "not good", Err: errors.New("/srv/secret: broken")}, 422, "not good"},
		{&Refusal{Status: 503, Text: "full", Err: tilestore.ErrFull}, 503, "full"},
		{fmt.Errorf("open /srv/secret: %w", tilestore.ErrNoDataset), 404, "no such dataset"},
		{errors.New("/srv/secret: disk I/O error"), 503, "temporarily not available"},
	} {
		s := New(newShelf(), Options{Access: gate, Admin: &clerk{err: c.err}, UploadBytes: 100})
		for _, method := range []string{"PUT", "DELETE"} {
			got := ask(s, method, "/admin/datasets/alps", bearer(b.admin))
			body := string(bodyOf(t, got))
			retry := got.Header.Get("Retry-After") != ""
			if got.StatusCode != c.status || !strings.Contains(body, c.text) || strings.Contains(body, "secret") || (c.status == 503) != retry {
				t.Errorf("%s, %v: %d %s", method, c.err, got.StatusCode, body)
			}
		}
	}
}

func TestAnUploadThatDripsIsEnded(t *testing.T) {
	s := New(newShelf(), Options{})
	for name, c := range map[string]struct {
		since time.Duration
		read  int64
		want  error
	}{
		"it has just begun":     {0, 0, nil},
		"slow in its minute":    {50 * time.Second, 1, nil},
		"slow after it":         {2 * time.Minute, 60*uploadRate - 1, errSlow},
		"quick enough after it": {2 * time.Minute, 61 * uploadRate, nil},
	} {
		p := newPatient(s.echo.NewContext(httptest.NewRequest("PUT", "/", strings.NewReader("x")), httptest.NewRecorder()), Limits{})
		p.began, p.read = time.Now().Add(-c.since), c.read
		if _, err := p.Read(make([]byte, 1)); !errors.Is(err, c.want) || !errors.Is(p.failed, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAnAdministratorIsToldOfTheirDatasetsOnly(t *testing.T) {
	s, b := newGuarded(t, Options{Admin: new(clerk)})
	for token, want := range map[string]string{b.slopeAdmin: `{"datasets":1}`, b.admin: `{"datasets":6,"tokens":7}`} {
		if body := bodyOf(t, ask(s, "POST", "/admin/reload", bearer(token))); strings.TrimSpace(string(body)) != want {
			t.Errorf("%s, want %s", body, want)
		}
	}
}
